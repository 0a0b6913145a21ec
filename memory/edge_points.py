"""The store inside this process: a shard on disk and the one thread that works with it."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar
from uuid import UUID

from journal.errors import StorageError
from memory.shard import Shard
from memory.store import Payload, Space, Vectors, Where

P = ParamSpec("P")
T = TypeVar("T")


class EdgePoints:
    """Lets coroutines use the blocking shard, one call at a time. Making one costs nothing and locks nothing: the first use
    opens the shard, and raises ``MemoryBusy`` while another process owns the folder."""

    shared = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="memory")
        self._shard: Shard | None = None
        self._closed = False

    async def spaces(self) -> tuple[Space, ...]:
        return await self._run(lambda shard: shard.spaces)

    async def add_space(self, space: Space) -> None:
        await self._run(Shard.add_space, space)

    async def drop_space(self, space: Space) -> None:
        await self._run(Shard.drop_space, space)

    async def put(self, points: Iterable[tuple[UUID, Vectors, Payload]]) -> None:
        await self._run(Shard.put, points)

    async def set_vectors(self, vectors: Iterable[tuple[UUID, Vectors]]) -> None:
        await self._run(Shard.set_vectors, vectors)

    async def set_payload(self, uid: UUID, payload: Payload) -> None:
        await self._run(Shard.set_payload, uid, payload)

    async def delete(self, ids: Sequence[UUID]) -> None:
        await self._run(Shard.delete, ids)

    async def delete_matching(self, where: Where) -> None:
        await self._run(Shard.delete_matching, where)

    async def get(self, ids: Sequence[UUID]) -> dict[UUID, Payload]:
        return await self._run(Shard.get, ids)

    async def page(self, where: Where, start: UUID | None, limit: int) -> tuple[list[tuple[UUID, Payload]], UUID | None]:
        return await self._run(Shard.page, where, start, limit)

    async def search(
        self, vectors: Vectors, where: Where, *, limit: int, corpus: Where
    ) -> dict[str, list[tuple[UUID, float]]]:
        return await self._run(Shard.search, vectors, where, limit, corpus)

    async def sync(self) -> None:
        await self._run(Shard.sync)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        finally:
            self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[Concatenate[Shard, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._closed:
            raise StorageError("The memory is closed.")

        def call() -> T:
            if self._shard is None:
                self._shard = Shard(self._folder)
            return work(self._shard, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def _close(self) -> None:
        shard, self._shard = self._shard, None
        if shard:
            shard.close()
