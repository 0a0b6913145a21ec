"""The shard's own thread: opened by the first use, one call at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from journal.errors import StorageError
from memory.shard import Shard

P = ParamSpec("P")
T = TypeVar("T")


class ShardThread:
    """Lets coroutines use the blocking shard. Making one costs nothing and locks nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="memory")
        self._shard: Shard | None = None
        self._closed = False

    async def run(self, work: Callable[Concatenate[Shard, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``work`` over the shard. Raises ``MemoryBusy`` where another process owns it, ``StorageError`` once closed."""
        if self._closed:
            raise StorageError("The memory is closed.")

        def call() -> T:
            if self._shard is None:
                self._shard = Shard(self._folder)
            return work(self._shard, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    async def close(self) -> None:
        """Wait for what is under way, then let go of the folder."""
        if self._closed:
            return
        self._closed = True
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        finally:
            self._thread.shutdown(wait=False)

    def _close(self) -> None:
        shard, self._shard = self._shard, None
        if shard:
            shard.close()
