"""One model call with its retries: only what was surely not billed is asked again."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from journal.crash_points import reach
from llm.errors import RefusedRequest, TimedOut
from llm.router import Model
from llm.types import Completion, Request


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a refused call is asked again. Times are seconds.

    Where the API does not say how long to wait, the waits double from ``first_seconds`` to ``longest_seconds``, and each
    is drawn between half and the whole of that, so that a crowd of callers does not come back at once. ``draw`` gives
    numbers in [0, 1); ``clock`` must run at the pace of the event loop's.
    """

    attempts: int = 5
    first_seconds: float = 0.5
    longest_seconds: float = 8.0
    total_seconds: float = 60.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    draw: Callable[[], float] = random.random

    def seconds(self, failures: int, error: RefusedRequest) -> float:
        """The wait after so many failures, the last of them ``error``."""
        if error.retry_after is not None:
            return error.retry_after
        whole = min(self.first_seconds * 2.0 ** (failures - 1), self.longest_seconds)
        return whole * (1 + self.draw()) / 2


PATIENT = Waiting()


async def call(
    model: Model,
    request: Request,
    *,
    on_delta: Callable[[str], None] | None = None,
    deadline: float | None = None,
    waiting: Waiting = PATIENT,
) -> Completion:
    """Ask ``model``, and again after a refusal that may pass (``RateLimited``, ``Overloaded``, ``Unreachable``).

    The last refusal is raised when the attempts are used up, or at once when the next wait would pass
    ``waiting.total_seconds`` or ``deadline`` (a time of ``waiting.clock``): the caller falls back to another model, or
    rests for the error's ``retry_after``. Every other error is raised as it comes; a ``BrokenAnswer`` may have been
    billed, and the caller journals it before asking again. A call still open at ``deadline`` is given up as ``TimedOut``.
    """
    waited = 0.0
    refused: RefusedRequest | None = None
    for failures in range(1, waiting.attempts):
        try:
            return await _once(model, request, on_delta, deadline, waiting, refused)
        except RefusedRequest as error:
            refused = error
            seconds = waiting.seconds(failures, error)
            waited += seconds
            late = deadline is not None and waiting.clock() + seconds >= deadline
            if not error.retryable or late or waited > waiting.total_seconds:
                raise
        await waiting.sleep(seconds)
    return await _once(model, request, on_delta, deadline, waiting, refused)


async def _once(
    model: Model,
    request: Request,
    on_delta: Callable[[str], None] | None,
    deadline: float | None,
    waiting: Waiting,
    refused: RefusedRequest | None,
) -> Completion:
    """``refused`` is what came of the attempt before."""
    left = None if deadline is None else deadline - waiting.clock()
    try:
        async with asyncio.timeout(left):
            reach("model.sending", model.name)
            completion = await model.provider.complete(request, on_delta)
            reach("model.answered", model.name)
    except TimeoutError:
        if left is None:
            raise
        before = "" if refused is None else f" Before that: {refused.message}"
        raise TimedOut(f"{model.name} did not answer before the task's time was up.{before}") from None
    return completion
