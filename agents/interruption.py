"""Breaking off an await from outside, as ``asyncio.timeout`` does by the clock."""

import asyncio
from types import TracebackType


class Interrupted(Exception):
    """The call was broken off because somebody wants the task to stop."""


class Interruption:
    """``async with`` around calls; ``fire`` from elsewhere in the same loop turns what is awaited into ``Interrupted``.

    Fired while nothing is inside, it strikes at the next entry.
    """

    def __init__(self) -> None:
        self._fired = False
        self._inside: asyncio.Task[object] | None = None
        self._struck = False

    def fire(self) -> None:
        self._fired = True
        if self._inside is not None and not self._struck:
            self._struck = True
            self._inside.cancel()

    async def __aenter__(self) -> None:
        if self._fired:
            raise Interrupted
        self._inside = asyncio.current_task()
        self._struck = False

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        inside, self._inside = self._inside, None
        if self._struck and inside is not None and inside.uncancel() == 0 and kind is asyncio.CancelledError:
            raise Interrupted from error
