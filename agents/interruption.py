"""Breaking off awaits from outside, as ``asyncio.timeout`` does by the clock."""

import asyncio
from types import TracebackType


class Interrupted(Exception):
    """The call was broken off because somebody wants the task to stop."""


class Interruption:
    """``async with`` around calls; ``fire`` from elsewhere in the same loop turns what is awaited into ``Interrupted``.

    Several asyncio tasks may be inside at once, each in one block at a time. Fired while nothing is inside, it strikes at the
    next entry.
    """

    def __init__(self) -> None:
        self._fired = False
        self._inside: dict[asyncio.Task[object], bool] = {}
        """Who is inside, and whether it was struck."""

    def fire(self) -> None:
        self._fired = True
        for inside, struck in self._inside.items():
            if not struck:
                self._inside[inside] = True
                inside.cancel()

    async def __aenter__(self) -> None:
        if self._fired:
            raise Interrupted
        self._inside[_current()] = False

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        inside = _current()
        if self._inside.pop(inside) and inside.uncancel() == 0 and kind is asyncio.CancelledError:
            raise Interrupted from error


def _current() -> "asyncio.Task[object]":
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("only a task can be interrupted")
    return task
