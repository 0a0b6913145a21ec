"""The sweeper: the journal, not the broker, knows what must be run. It resumes what a dead worker left, wakes timers, and
makes good every message that got lost."""

import asyncio
import logging
import random
from typing import Protocol

from workers.admission import Admission

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 30.0


class Runnable(Protocol):
    """The part of ``journal.store.Journal`` that a sweeper needs."""

    async def runnable(self, limit: int) -> list[str]: ...


class Bell(Protocol):
    """An ``agents.runtime.Dispatcher``."""

    async def enqueue(self, task_id: str) -> None: ...


class Sweeper:
    """Rings for every runnable task that this process is not already at. ``seconds`` lie between two looks, more or less
    a fifth, so that many processes do not look at once."""

    def __init__(self, journal: Runnable, bell: Bell, admission: Admission, *, seconds: float, limit: int) -> None:
        self._journal = journal
        self._bell = bell
        self._admission = admission
        self._seconds = seconds
        self._limit = limit

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
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311

    async def sweep(self) -> int:
        """Look once; how many tasks were rung for."""
        due = [task_id for task_id in await self._journal.runnable(self._limit) if self._admission.is_due(task_id)]
        for task_id in due:
            await self._bell.enqueue(task_id)
        return len(due)
