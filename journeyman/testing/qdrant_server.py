"""A stand-in for a Qdrant server: the part of its REST interface that memory uses, over ``qdrant-client``'s local mode.

It can be told to fail: ``refuses`` closes each connection without an answer, ``key`` is demanded of every request.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from qdrant_client import AsyncQdrantClient, models

_Answer = Callable[[AsyncQdrantClient, str, dict[str, Any]], Awaitable[Any]]


@dataclass
class QdrantServer:
    """What it has been asked, as method and path, and how it behaves from now on."""

    url: str = ""
    key: str | None = None
    refuses: bool = False
    refuses_after: int | None = None
    """So many requests are still answered, then ``refuses`` holds."""
    requests: list[str] = field(default_factory=list)
    store: AsyncQdrantClient = field(default_factory=lambda: AsyncQdrantClient(":memory:"))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path}")
        if self.refuses_after is not None:
            self.refuses_after -= 1
            self.refuses = self.refuses_after < 0
        if self.refuses:
            assert request.transport
            request.transport.close()
            return web.Response()
        if self.key is not None and request.headers.get("api-key") != self.key:
            return web.json_response({"status": {"error": "Invalid API key"}}, status=401)
        call, named = _route(request)
        body = await request.json() if request.can_read_body else {}
        try:
            result = await call(self.store, request.match_info["collection"], body | named)
        except (ValueError, KeyError) as error:
            status = 409 if "already exists" in str(error) else 400
            return web.json_response({"status": {"error": str(error)}}, status=status)
        return web.json_response({"result": _plain(result), "status": "ok", "time": 0.0})


@asynccontextmanager
async def qdrant_server() -> AsyncIterator[QdrantServer]:
    """Serve on a free loopback port for the block."""
    server = QdrantServer()
    app = web.Application(client_max_size=64_000_000)
    app.router.add_route("*", "/collections/{collection}", server.handle)
    app.router.add_route("*", "/collections/{collection}/{rest:.*}", server.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}"
    try:
        yield server
    finally:
        await runner.cleanup()
        await server.store.close()


def _route(request: web.Request) -> tuple[_Answer, dict[str, Any]]:
    rest = request.match_info.get("rest", "")
    if rest.startswith("vectors/"):
        return _ANSWERS[f"{request.method} vectors"], {"vector": rest.removeprefix("vectors/")}
    return _ANSWERS[f"{request.method} {rest}".strip()], {}


def _plain(thing: Any) -> Any:
    if isinstance(thing, BaseModel):
        return thing.model_dump(mode="json", exclude_none=True)
    return [_plain(one) for one in thing] if isinstance(thing, list) else thing


async def _exists(store: AsyncQdrantClient, name: str, body: dict[str, Any]) -> Any:
    return {"exists": await store.collection_exists(name)}


async def _create(store: AsyncQdrantClient, name: str, body: dict[str, Any]) -> Any:
    asked = models.CreateCollection.model_validate(body)
    return await store.create_collection(name, vectors_config=asked.vectors or {}, sparse_vectors_config=asked.sparse_vectors)


async def _index(store: AsyncQdrantClient, name: str, body: dict[str, Any]) -> Any:
    return {"operation_id": 0, "status": "completed"}  # local mode has no indexes


async def _add_vector(store: AsyncQdrantClient, name: str, body: dict[str, Any]) -> Any:
    config = models.DenseVectorNameConfig.model_validate({"dense": body["dense"]})
    return await store.create_vector_name(name, body["vector"], config)


async def _drop_vector(store: AsyncQdrantClient, name: str, body: dict[str, Any]) -> Any:
    return await store.delete_vector_name(name, body["vector"])


async def _upsert(store: AsyncQdrantClient, name: str, body: dict[str, Any]) -> Any:
    return await store.upsert(name, models.PointsList.model_validate(body).points)


async def _update_vectors(store: AsyncQdrantClient, name: str, body: dict[str, Any]) -> Any:
    return await store.update_vectors(name, models.UpdateVectors.model_validate(body).points)


async def _set_payload(store: AsyncQdrantClient, name: str, body: dict[str, Any]) -> Any:
    return await store.set_payload(name, body["payload"], body["points"])


async def _delete(store: AsyncQdrantClient, name: str, body: dict[str, Any]) -> Any:
    chosen: Any = models.FilterSelector if "filter" in body else models.PointIdsList
    return await store.delete(name, chosen.model_validate(body))


async def _retrieve(store: AsyncQdrantClient, name: str, body: dict[str, Any]) -> Any:
    return await store.retrieve(name, body["ids"], with_payload=True)


async def _scroll(store: AsyncQdrantClient, name: str, body: dict[str, Any]) -> Any:
    asked = models.ScrollRequest.model_validate(body)
    points, following = await store.scroll(name, asked.filter, limit=asked.limit or 10, offset=asked.offset)
    return {"points": _plain(points), "next_page_offset": following}


async def _query(store: AsyncQdrantClient, name: str, body: dict[str, Any]) -> Any:
    return await store.query_batch_points(name, models.QueryRequestBatch.model_validate(body).searches)


_ANSWERS: dict[str, _Answer] = {
    "GET exists": _exists,
    "PUT": _create,
    "PUT index": _index,
    "PUT vectors": _add_vector,
    "DELETE vectors": _drop_vector,
    "PUT points": _upsert,
    "PUT points/vectors": _update_vectors,
    "POST points/payload": _set_payload,
    "POST points/delete": _delete,
    "POST points": _retrieve,
    "POST points/scroll": _scroll,
    "POST points/query/batch": _query,
}
