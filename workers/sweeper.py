"""The sweeper: the journal, not the broker, knows what must be run. It resumes what a dead worker left, wakes timers, and
makes good every message that got lost."""

from typing import Protocol

from workers.admission import Admission


class Runnable(Protocol):
    """The part of ``journal.store.Journal`` that a sweeper needs."""

    async def runnable(self, limit: int) -> list[str]: ...


class Bell(Protocol):
    """An ``agents.runtime.Dispatcher``."""

    async def enqueue(self, task_id: str) -> None: ...


class Sweeper:
    """Rings for every runnable task that this process is not already at."""

    def __init__(self, journal: Runnable, bell: Bell, admission: Admission, *, limit: int) -> None:
        self._journal = journal
        self._bell = bell
        self._admission = admission
        self._limit = limit

    async def sweep(self) -> int:
        """Look once; how many tasks were rung for."""
        due = [task_id for task_id in await self._journal.runnable(self._limit) if self._admission.is_due(task_id)]
        for task_id in due:
            await self._bell.enqueue(task_id)
        return len(due)
