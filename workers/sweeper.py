"""The sweeper: the journal, not the broker, knows what must be run. It resumes what a dead worker left, wakes timers, makes
good every message that got lost, and where slots are short says whose turn it is."""

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Protocol

from workers.admission import Admission

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 30.0


class Runnable(Protocol):
    """The part of ``journal.store.Journal`` that a sweeper needs."""

    async def runnable(self, limit: int) -> list[str]: ...


class Sweeper:
    """Hands every runnable task that this process has a slot for to ``run``. ``seconds`` lie between two looks, more or less
    a fifth, so that many processes do not look at once; in a crowd it looks as soon as a slot is free."""

    def __init__(self, journal: Runnable, run: Callable[[str], bool], admission: Admission, *, seconds: float) -> None:
        self._journal = journal
        self._run = run
        self._admission = admission
        self._seconds = seconds
        self._room = asyncio.Event()
        admission.on_room = self._room.set

    async def run(self) -> None:
        """Sweep until canceled. A database that fails is logged once and asked again, ever more seldom."""
        pause = self._seconds
        while True:
            try:
                await self.sweep()
            except Exception as error:
                if pause == self._seconds:
                    log.warning("The journal cannot be searched for runnable tasks; still trying: %s", error)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                if pause != self._seconds:
                    log.info("The journal can be searched again.")
                pause = self._seconds
            await self._rest(pause * random.uniform(0.8, 1.2))  # noqa: S311

    async def sweep(self) -> int:
        """Look once; how many tasks were handed over."""
        self._room.clear()
        free = self._admission.free
        if free <= 0:
            return 0
        turned_away = self._admission.turned_away
        limit = free + self._admission.resting
        found = await self._journal.runnable(limit)
        if len(found) < limit:
            self._admission.thinned_out(turned_away)
        return sum(self._run(task_id) for task_id in found if self._admission.is_due(task_id))

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._room.wait()
        except TimeoutError:
            return
