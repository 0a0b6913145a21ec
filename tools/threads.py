"""Running plain functions beside the event loop."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

IDLE_SECONDS = 10.0
"""So long a thread waits for its next call before it ends."""


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call ``function`` in a thread that runs nothing else meanwhile, with this task's context variables.

    Not in the event loop's pool: there, a few tools that hang would hold up all others and name resolution with them, and keep
    the process from ending. When the waiting task is cancelled the thread runs on, and its result is dropped.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[R] = loop.create_future()
    context = copy_context()

    def settle(result: R | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def work() -> None:
        result: R | None = None
        error: BaseException | None = None
        try:
            result = context.run(function, *args, **kwargs)
        except StopIteration as stop:  # a future cannot hold it
            error = RuntimeError("the tool raised StopIteration")
            error.__cause__ = stop
        except BaseException as caught:
            error = caught
        with suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(settle, result, error)

    _free_thread().work.put(work)
    return await future


class _Thread(threading.Thread):
    """Runs one call after the other; a call that hangs takes its thread with it, never another call."""

    def __init__(self) -> None:
        super().__init__(name="tool", daemon=True)
        self.work: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def run(self) -> None:
        while (work := self._next()) is not None:
            work()
            del work
            _free.append(self)

    def _next(self) -> Callable[[], None] | None:
        try:
            return self.work.get(timeout=IDLE_SECONDS)
        except Empty:
            pass
        try:
            _free.remove(self)
        except ValueError:  # somebody has just taken this thread: the call is on its way
            return self.work.get()
        return None


_free: list[_Thread] = []
"""Threads that wait for a call, the one used last at the end. Its methods are atomic, so no lock is needed."""


def _free_thread() -> _Thread:
    try:
        return _free.pop()
    except IndexError:
        thread = _Thread()
        thread.start()
        return thread
