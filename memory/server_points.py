"""The store on a Qdrant server, which any number of processes share."""

import asyncio
import itertools
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

from journal.errors import ConfigurationError, StorageError, StorageUnavailable
from memory.settings import QDRANT_KEY_VARIABLE, MemorySettings
from memory.store import INDEXED, OWN, WINDOW, Payload, Space, Vectors, Where

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient
    from qdrant_client.models import Filter

T = TypeVar("T")

_BATCH = 64
_TIMEOUT_SECONDS = 30
_KNOWN_SECONDS = 5.0
"""For so long what spaces there are is taken from memory: another process may have changed it."""
_WAITS = (0.1, 0.4, 1.5)
"""Seconds between attempts to write. All writes may be sent twice."""
_UNKNOWN, _TAKEN = 404, 409
_UNAUTHORIZED = (401, 403)
_BUSY = (429, 500, 502, 503, 504)

_ABOUT = uuid5(NAMESPACE_URL, "journeyman/about")
"""The point that tells what spaces there are."""

Connect = Callable[[], "AsyncQdrantClient"]


def connecting(url: str, settings: MemorySettings) -> Connect:
    """How to connect to the server at ``url``. Raises ``ConfigurationError`` for an impossible address or a missing key."""
    where = urlsplit(url)
    if where.scheme not in ("http", "https") or not where.hostname:
        raise ConfigurationError(f"qdrant_url is {url!r}.", hint="Set it to the server's address: http://host:6333.")
    variable = settings.qdrant_api_key_env
    key = os.environ.get(variable) or None
    if key is None and variable != QDRANT_KEY_VARIABLE:
        raise ConfigurationError(f"The variable {variable} holds no key for Qdrant.", hint=f"export {variable}=...")

    def connect() -> "AsyncQdrantClient":
        from qdrant_client import AsyncQdrantClient

        return AsyncQdrantClient(url, api_key=key, timeout=_TIMEOUT_SECONDS, check_compatibility=False)

    return connect


def shown(url: str) -> str:
    """The address without what may be secret in it."""
    return urlsplit(url).netloc.rpartition("@")[2]


class ServerPoints:
    """``Points`` in one collection, which the first use makes where it is not there. ``address`` is for error messages."""

    shared = True

    def __init__(self, connect: Connect, collection: str, address: str) -> None:
        self._connect = connect
        self._name = collection
        self._address = address
        self._opening = asyncio.Lock()
        self._opened: AsyncQdrantClient | None = None
        self._closed = False
        self._spaces: tuple[Space, ...] = ()
        self._spaces_known_until = 0.0

    async def spaces(self) -> tuple[Space, ...]:
        if time.monotonic() >= self._spaces_known_until:
            about = (await self.get([_ABOUT])).get(_ABOUT, {"spaces": []})
            self._know(tuple(Space(**space) for space in about["spaces"]))
        return self._spaces

    async def add_space(self, space: Space) -> None:
        from qdrant_client import models as m

        stored = await self._fresh_spaces()
        if space in stored:
            return
        dense = m.DenseVectorConfig(size=space.dimensions, distance=m.Distance.COSINE)
        # First the room, then the note of it: after a crash between them the room is there already.
        await self._write(
            lambda q: q.create_vector_name(self._name, space.vector_name, m.DenseVectorNameConfig(dense=dense)), there=True
        )
        await self._note((*stored, space))

    async def drop_space(self, space: Space) -> None:
        await self._note(tuple(other for other in await self._fresh_spaces() if other != space))
        await self._write(lambda q: q.delete_vector_name(self._name, space.vector_name), gone=True)

    async def put(self, points: Iterable[tuple[UUID, Vectors, Payload]]) -> None:
        from qdrant_client import models as m

        for batch in _batches(points):
            records = [m.PointStruct(id=str(uid), vector=_vectors(named), payload=load) for uid, named, load in batch]
            await self._write(lambda q: q.upsert(self._name, records, wait=True))  # noqa: B023

    async def set_vectors(self, vectors: Iterable[tuple[UUID, Vectors]]) -> None:
        from qdrant_client import models as m

        for batch in _batches(vectors):
            there = await self.get([uid for uid, _ in batch])  # one that is gone would have the whole batch refused
            if found := [m.PointVectors(id=str(uid), vector=_vectors(named)) for uid, named in batch if uid in there]:
                await self._write(lambda q: q.update_vectors(self._name, found, wait=True), gone=True)

    async def set_payload(self, uid: UUID, payload: Payload) -> None:
        await self._write(lambda q: q.set_payload(self._name, payload, [str(uid)], wait=True), gone=True)

    async def delete(self, ids: Sequence[UUID]) -> None:
        from qdrant_client import models as m

        chosen = m.PointIdsList(points=[str(uid) for uid in ids])
        await self._write(lambda q: q.delete(self._name, chosen, wait=True))

    async def delete_matching(self, where: Where) -> None:
        from qdrant_client import models as m

        chosen = m.FilterSelector(filter=_filter(where))
        await self._write(lambda q: q.delete(self._name, chosen, wait=True))

    async def get(self, ids: Sequence[UUID]) -> dict[UUID, Payload]:
        records = await self._read(lambda q: q.retrieve(self._name, [str(uid) for uid in ids], with_payload=True))
        return {UUID(str(record.id)): record.payload or {} for record in records}

    async def page(self, where: Where, start: UUID | None, limit: int) -> tuple[list[tuple[UUID, Payload]], UUID | None]:
        offset = str(start) if start else None
        records, following = await self._read(
            lambda q: q.scroll(self._name, _filter(where), limit=limit, offset=offset, with_payload=True)
        )
        found = [(UUID(str(record.id)), record.payload or {}) for record in records]
        return found, UUID(str(following)) if following is not None else None

    async def search(
        self, vectors: Vectors, where: Where, *, limit: int, corpus: Where
    ) -> dict[str, list[tuple[UUID, float]]]:
        """A dense vector whose space another process has dropped meanwhile finds nothing."""
        try:
            return await self._search(vectors, where, limit, corpus)
        except StorageUnavailable:
            raise
        except StorageError:
            known = {OWN, WINDOW} | {space.vector_name for space in await self._fresh_spaces()}
            if vectors.keys() <= known:
                raise
        rest = {name: vector for name, vector in vectors.items() if name in known}
        return {name: [] for name in vectors} | (await self._search(rest, where, limit, corpus) if rest else {})

    async def sync(self) -> None:
        """The server has written what it has confirmed."""

    async def close(self) -> None:
        self._closed = True
        opened, self._opened = self._opened, None
        if opened:
            await opened.close()

    async def _search(self, vectors: Vectors, where: Where, limit: int, corpus: Where) -> dict[str, list[tuple[UUID, float]]]:
        from qdrant_client import models as m

        rarity = m.SearchParams(idf=m.IdfCorpusParams(corpus=_filter(corpus)))
        requests = [
            m.QueryRequest(
                query=query, using=name, filter=_filter(where), limit=limit, params=rarity if name in (OWN, WINDOW) else None
            )
            for name, query in _vectors(vectors).items()
        ]
        answers = await self._read(lambda q: q.query_batch_points(self._name, requests))
        return {
            name: [(UUID(str(point.id)), point.score) for point in answer.points]
            for name, answer in zip(vectors, answers, strict=True)
        }

    async def _fresh_spaces(self) -> tuple[Space, ...]:
        self._spaces_known_until = 0.0
        return await self.spaces()

    async def _note(self, spaces: tuple[Space, ...]) -> None:
        noted = [{"name": space.name, "dimensions": space.dimensions} for space in spaces]
        await self.put([(_ABOUT, {}, {"kind": "about", "spaces": noted})])
        self._know(spaces)

    def _know(self, spaces: tuple[Space, ...]) -> None:
        self._spaces = spaces
        self._spaces_known_until = time.monotonic() + _KNOWN_SECONDS

    async def _read(self, call: Callable[["AsyncQdrantClient"], Awaitable[T]]) -> T:
        return await self._attempt(call, await self._client())

    async def _write(
        self, call: Callable[["AsyncQdrantClient"], Awaitable[Any]], *, there: bool = False, gone: bool = False
    ) -> None:
        """Sends again what did not get through. ``there``, ``gone``: that it is so already is no error."""
        client = await self._client()
        for wait in (*_WAITS, None):
            try:
                await self._attempt(call, client)
                return
            except _Refused as error:
                if (there and error.exists) or (gone and error.status == _UNKNOWN):
                    return
                raise
            except StorageUnavailable:
                if wait is None:
                    raise
                await asyncio.sleep(wait)

    async def _client(self) -> "AsyncQdrantClient":
        async with self._opening:
            if self._closed:
                raise StorageError("The memory is closed.")
            if self._opened is None:
                client = await asyncio.to_thread(self._connect)
                try:
                    await self._prepare(client)
                except BaseException:
                    await client.close()
                    raise
                self._opened = client
            return self._opened

    async def _prepare(self, client: "AsyncQdrantClient") -> None:
        from qdrant_client import models as m

        if await self._attempt(lambda q: q.collection_exists(self._name), client):
            return
        sparse = {name: m.SparseVectorParams(modifier=m.Modifier.IDF) for name in (OWN, WINDOW)}
        try:
            await self._attempt(
                lambda q: q.create_collection(self._name, vectors_config={}, sparse_vectors_config=sparse), client
            )
        except _Refused as error:
            if not error.exists:
                raise
        for key in INDEXED:
            schema = m.KeywordIndexParams(type=m.KeywordIndexType.KEYWORD, is_tenant=key == "tenant")
            await self._attempt(lambda q: q.create_payload_index(self._name, key, schema, wait=True), client)  # noqa: B023

    async def _attempt(self, call: Callable[["AsyncQdrantClient"], Awaitable[T]], client: "AsyncQdrantClient") -> T:
        from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
        from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

        try:
            return await call(client)
        except UnexpectedResponse as error:
            raise self._refusal(error.status_code or 0, error.content) from None
        except (ResponseHandlingException, ResourceExhaustedResponse) as error:
            raise self._away(str(error) or type(error).__name__) from None
        except (ValueError, KeyError) as error:  # the local mode's refusals
            raise _Refused(f"The Qdrant server at {self._address} refused an operation: {error}.", 400) from error

    def _refusal(self, status: int, content: bytes) -> StorageError:
        said = content.decode("utf-8", "replace")[:300]
        if status in _BUSY:
            return self._away(f"HTTP {status}")
        if status in _UNAUTHORIZED:
            return _Refused(
                f"The Qdrant server at {self._address} does not accept the key.",
                status,
                hint="Name the variable that holds it as `qdrant_api_key_env` of [memory].",
            )
        return _Refused(f"The Qdrant server at {self._address} refused an operation: {said}.", status)

    def _away(self, why: str) -> StorageUnavailable:
        return StorageUnavailable(
            f"The Qdrant server at {self._address} does not answer: {why}.",
            hint="Start it, or check qdrant_url. What was stored before is kept; add the same again to go on.",
        )


class _Refused(StorageError):
    def __init__(self, message: str, status: int, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status

    @property
    def exists(self) -> bool:
        return self.status == _TAKEN or "already exists" in self.message


def _vectors(named: Vectors) -> dict[str, Any]:
    from qdrant_client import models as m

    return {
        name: list(vector)
        if isinstance(vector, Sequence)
        else m.SparseVector(indices=list(vector.indices), values=list(vector.values))
        for name, vector in named.items()
    }


def _filter(where: Where) -> "Filter":
    from qdrant_client import models as m

    def match(value: str | Sequence[str]) -> Any:
        return m.MatchValue(value=value) if isinstance(value, str) else m.MatchAny(any=list(value))

    like = [m.FieldCondition(key=key, match=match(value)) for key, value in where.fields.items()]
    unlike = [m.FieldCondition(key=key, match=m.MatchExcept(**{"except": [value]})) for key, value in where.unlike.items()]
    return m.Filter(must=[*like, *unlike])


def _batches(things: Iterable[T]) -> Iterator[list[T]]:
    remaining = iter(things)
    while batch := list(itertools.islice(remaining, _BATCH)):
        yield batch
