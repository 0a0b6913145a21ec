"""The memory of a home behind the interface that tools know, reached as the command line reaches everything."""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from journal.errors import InvalidInput
from journeyman.client import Client
from journeyman.connection import connect
from memory.items import Document, Ingested, MemoryItem, Progress, Query, Recalled
from trust.labels import Label

if TYPE_CHECKING:
    from journeyman.settings import Settings


class MemoryOverHttp:
    """A ``Memory`` of the one tenant the client's key opens. It connects when it is first used."""

    def __init__(self, settings: "Settings") -> None:
        self._settings = settings
        self._open = AsyncExitStack()
        self._client: Client | None = None

    async def add(self, tenant: str, namespace: str, documents: Sequence[Document]) -> Ingested:
        """The server gives its own label: a text that comes over the API is untrusted and private."""
        client = await self._connected()
        done = [
            await client.remember(document.text, document.source, namespace=namespace, metadata=document.metadata)
            for document in documents
        ]
        counts = {name: sum(one[name] for one in done) for name in ("added", "unchanged", "removed", "items")}
        return Ingested(**counts)

    async def add_path(
        self,
        tenant: str,
        namespace: str,
        path: Path,
        *,
        source: str | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Ingested:
        client = await self._connected()
        if source is None:
            return Ingested(**await client.add_path(path, namespace, on_progress=on_progress))
        done = await client.upload(path, source=source, namespace=namespace)
        return Ingested(**{name: done[name] for name in ("added", "unchanged", "removed", "items")})

    async def search(self, tenant: str, query: Query) -> list[Recalled]:
        """Raises ``InvalidInput`` for more than one namespace, which the API does not know."""
        namespaces = query.namespaces or ()
        if len(namespaces) > 1:
            raise InvalidInput("Over the API memory is searched in one namespace or in all.")
        filters = {"source": query.source} if query.source else None
        client = await self._connected()
        page = await client.search(query.text, k=query.k, namespace=next(iter(namespaces), None), filters=filters)
        return [Recalled(_item(tenant, found), found["score"], found["why"]) for found in page["items"]]

    async def get(self, tenant: str, item_id: str) -> MemoryItem:
        client = await self._connected()
        return _item(tenant, await client.call("GET", f"/v1/memory/{item_id}"))

    async def forget(self, tenant: str, item_id: str) -> None:
        client = await self._connected()
        await client.forget(item_id)

    async def items(
        self,
        tenant: str,
        *,
        namespace: str | None = None,
        source: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> list[MemoryItem]:
        client = await self._connected()
        page = await client.items(namespace=namespace, source=source, after=after, limit=limit)
        return [_item(tenant, item) for item in page["items"]]

    async def close(self) -> None:
        await self._open.aclose()
        self._client = None

    async def _connected(self) -> Client:
        if self._client is None:
            self._client = await self._open.enter_async_context(connect(self._settings))
        return self._client


def _item(tenant: str, document: dict[str, Any]) -> MemoryItem:
    fields = {name: document[name] for name in ("id", "namespace", "text", "source", "position", "heading", "metadata")}
    return MemoryItem(
        tenant=tenant,
        label=Label.model_validate(document["label"]),
        created_at=datetime.fromisoformat(document["created_at"]),
        **fields,
    )
