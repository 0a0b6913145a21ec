"""Memories over real folders, and an embedding server on loopback."""

import asyncio
import hashlib
import math
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from qdrant_client import AsyncQdrantClient

from llm.embedders.embedder import Embedder
from memory.items import Memory
from memory.qdrant import QdrantMemory, open_memory
from memory.server_points import ServerPoints
from memory.settings import MemorySettings

Open = Callable[..., Awaitable[Memory]]


@pytest.fixture
async def opened(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Open]:
    """Opens memories in one home, or by the server's backend, where a test asks for that; each is closed at the end."""
    server = getattr(request, "param", "embedded") == "server"
    memories: list[Memory] = []

    async def open_one(embedder: Embedder | None = None, **settings: Any) -> Memory:
        if server:
            memories.append(local_mode(tmp_path / "qdrant", MemorySettings(**settings), embedder))
        else:
            memories.append(await open_memory(tmp_path / "home", MemorySettings(**settings), embedder))
        return memories[-1]

    yield open_one
    for memory in memories:
        await memory.close()


@pytest.fixture
async def memory(opened: Open) -> Memory:
    return await opened()


def local_mode(folder: Path, settings: MemorySettings, embedder: Embedder | None) -> Memory:
    """The server's backend over the client's own local mode."""
    points = ServerPoints(lambda: AsyncQdrantClient(path=str(folder)), settings.collection, "local mode")
    return QdrantMemory(points, settings, embedder)


MEANINGS = {"ship": "vessel", "boat": "vessel", "vessel": "vessel", "price": "fee", "cost": "fee", "fee": "fee", "fees": "fee"}
"""Words that the server's vectors cannot tell apart."""


@dataclass
class EmbeddingServer:
    """Speaks ``/embeddings``; its vectors are bags of words in which synonyms fall together."""

    dimensions: int = 64
    status: int = 200
    requests: list[dict[str, Any]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    url: str = ""
    hold: asyncio.Event | None = None

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.requests.append(body)
        if self.hold:
            await self.hold.wait()
        if self.status != 200:
            return web.json_response({"error": {"message": "out of order"}}, status=self.status)
        self.texts += body["input"]
        data = [{"index": n, "embedding": self.embed(text)} for n, text in enumerate(body["input"])]
        return web.json_response({"object": "list", "data": data[::-1], "model": body["model"]})

    def embed(self, text: str) -> list[float]:
        vector = [0.0] * self.dimensions
        for word in re.findall(r"\w+", text.lower()):
            vector[int(hashlib.sha256(MEANINGS.get(word, word).encode()).hexdigest(), 16) % self.dimensions] += 1.0
        length = math.sqrt(sum(number * number for number in vector)) or 1.0
        return [number / length for number in vector]


@asynccontextmanager
async def embedding_server() -> AsyncIterator[EmbeddingServer]:
    server = EmbeddingServer()
    app = web.Application()
    app.router.add_post("/v1/embeddings", server.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}/v1"
    try:
        yield server
    finally:
        if server.hold:
            server.hold.set()
        await runner.cleanup()


@pytest.fixture
async def embeddings() -> AsyncIterator[EmbeddingServer]:
    async with embedding_server() as server:
        yield server
