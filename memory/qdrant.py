"""Memory in Qdrant, inside this process or on a server: BM25 always, dense vectors where an embedder is configured."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from pathlib import Path
from uuid import UUID

from journal.errors import InvalidInput, NotFound
from llm.embedders.embedder import Embedder
from memory.edge_points import EdgePoints
from memory.index import Index, known_sources
from memory.ingest import pipeline
from memory.ingest.loaders import Source
from memory.ingest.pipeline import Known
from memory.items import Document, Ingested, MemoryItem, Progress, Query, Recalled
from memory.points import ITEM, to_item
from memory.recall import check, recall
from memory.settings import MemorySettings
from memory.store import Payload, Points, matching
from memory.transfer import exported, imported
from memory.vectors import DenseVectors
from memory.words import Words, shortened

_MOST_ITEMS = 1000
_LAST_ID = UUID(int=(1 << 128) - 1)


async def open_memory(
    home: Path, settings: MemorySettings, embedder: Embedder | None, qdrant_url: str | None = None
) -> "QdrantMemory":
    """Memory on the server, or else in the folder ``memory`` of the home. Costs nothing: its first use connects to the server,
    or takes the folder's lock and raises ``MemoryBusy`` while another process owns it. Raises ``ConfigurationError``."""
    if qdrant_url is None:
        return QdrantMemory(EdgePoints(home / "memory"), settings, embedder)
    from memory.server_points import ServerPoints, connecting, shown

    points = ServerPoints(connecting(qdrant_url, settings), settings.collection, shown(qdrant_url))
    return QdrantMemory(points, settings, embedder)


class QdrantMemory:
    """The ``Memory`` over a store of points, which it owns."""

    def __init__(self, points: Points, settings: MemorySettings, embedder: Embedder | None = None) -> None:
        self._settings = settings
        self._words = Words()
        self._points = points
        self._dense = DenseVectors(embedder, points) if embedder else None
        self._index = Index(points, self._words, self._dense)
        self._catching_up: asyncio.Task[None] | None = None

    async def add(self, tenant: str, namespace: str, documents: Sequence[Document]) -> Ingested:
        result = await pipeline.add_documents(_Shelf(self._points, self._index, tenant, namespace), documents, self._settings)
        await self._points.sync()
        self._catch_up()
        return result

    async def add_path(
        self,
        tenant: str,
        namespace: str,
        path: Path,
        *,
        source: str | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Ingested:
        shelf = _Shelf(self._points, self._index, tenant, namespace)
        result = await pipeline.add_path(shelf, path, self._settings, source=source, on_progress=on_progress)
        await self._points.sync()
        self._catch_up()
        return result

    async def search(self, tenant: str, query: Query) -> list[Recalled]:
        check(query)
        if not query.text.strip() or query.namespaces == ():
            return []
        meaning = await self._dense.of_query(shortened(query.text)) if self._dense else {}
        found = await recall(self._points, self._words, tenant, query, meaning)
        self._catch_up()
        return found

    async def get(self, tenant: str, item_id: str) -> MemoryItem:
        uid, payload = await self._find(tenant, item_id)
        return to_item(uid, payload)

    async def forget(self, tenant: str, item_id: str) -> None:
        """Adding its source again unchanged does not bring the item back, unless it was the source's last one."""
        uid, _ = await self._find(tenant, item_id)
        await self._index.forget(uid)
        await self._points.sync()

    async def items(
        self,
        tenant: str,
        *,
        namespace: str | None = None,
        source: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> list[MemoryItem]:
        if not 1 <= limit <= _MOST_ITEMS:
            raise InvalidInput(f"The limit is {limit}; it must be from 1 to {_MOST_ITEMS}.")
        last = UUID(int=0) if after is None else _parse_id(after)
        if last is None:
            raise InvalidInput(f"{after!r} is no item id to go on from.")
        if last == _LAST_ID:
            return []
        where = matching(kind=ITEM, tenant=tenant, namespace=namespace, source=source)
        page, _ = await self._points.page(where, UUID(int=last.int + 1), limit)
        return [to_item(uid, payload) for uid, payload in page]

    def export(self, tenant: str, namespace: str | None = None) -> AsyncGenerator[str]:
        """The tenant's memory as lines of JSON, one for each source, always in the same order."""
        return exported(self._points, tenant, namespace)

    async def import_(self, tenant: str, lines: Iterable[str]) -> Ingested:
        """Store what ``export`` wrote, also that of another store. Raises ``InvalidInput`` for a line that cannot be read."""
        done = await imported(self._points, self._index, tenant, lines)
        await self._points.sync()
        self._catch_up()
        return done

    async def close(self) -> None:
        if self._catching_up:
            self._catching_up.cancel()
            await asyncio.gather(self._catching_up, return_exceptions=True)
        await self._points.close()
        if self._dense:
            await self._dense.aclose()

    async def _find(self, tenant: str, item_id: str) -> tuple[UUID, Payload]:
        uid = _parse_id(item_id)
        payload = (await self._points.get([uid])).get(uid) if uid else None
        if uid is None or payload is None or payload["tenant"] != tenant or payload["kind"] != ITEM:
            raise NotFound(f"There is no memory item {item_id!r}.")
        return uid, payload

    def _catch_up(self) -> None:
        """In the background: what lacks the embedder's vectors is found by its words until it has them."""
        idle = self._catching_up is None or self._catching_up.done()
        if idle and self._dense and self._dense.lacking and not self._dense.rests:
            self._catching_up = asyncio.create_task(self._index.catch_up(), name="memory catches up")


class _Shelf:
    """One tenant's namespace, as ingestion sees it."""

    def __init__(self, points: Points, index: Index, tenant: str, namespace: str) -> None:
        if not tenant or not namespace:
            raise InvalidInput("Memory needs a tenant and a namespace.")
        self._points = points
        self._index = index
        self._tenant = tenant
        self._namespace = namespace

    async def known(self, names: Sequence[str] | None = None) -> dict[str, Known]:
        return await known_sources(self._points, self._tenant, self._namespace, names)

    async def put(self, sources: Sequence[Source]) -> None:
        await self._index.put(self._tenant, self._namespace, sources)

    async def remove(self, names: Sequence[str]) -> None:
        await self._index.remove(self._tenant, self._namespace, names)


def _parse_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
