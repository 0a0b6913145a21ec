"""The sweeper: the journal, not the broker, knows what must be run. It resumes what a dead worker left, wakes timers, makes
good every message that got lost, and where slots are short says whose turn it is."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from workers.admission import Admission


class Runnable(Protocol):
    """The part of ``Runtime`` that a sweeper needs."""

    async def runnable(self, limit: int) -> list[str]: ...


class Sweeper:
    """Hands every runnable task that this process has a slot for to ``run``. ``room`` is set when it should look before its
    time: in a crowd, as soon as a slot is free."""

    def __init__(self, journal: Runnable, run: Callable[[str], bool], admission: Admission) -> None:
        self._journal = journal
        self._run = run
        self._admission = admission
        self.room = asyncio.Event()
        admission.on_room = self.room.set

    async def sweep(self) -> int:
        """Look once; how many tasks were handed over."""
        free = self._admission.free
        if free <= 0:
            return 0
        turned_away = self._admission.turned_away
        limit = free + self._admission.resting
        found = await self._journal.runnable(limit)
        if len(found) < limit:
            self._admission.thinned_out(turned_away)
        return sum(self._run(task_id) for task_id in found if self._admission.is_due(task_id))
