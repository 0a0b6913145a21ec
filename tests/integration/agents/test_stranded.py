"""A lease that the database would not take back is given back once it does, though its holder lives on."""

import asyncio
from datetime import UTC, datetime

from agents.feed import Feed
from agents.holder import Holder
from journal import events as ev
from journal.errors import StorageUnavailable
from journal.events import Event
from journal.memory_store import MemoryJournal
from journal.projection import TaskState
from journal.records import Lease
from journal.values import Budget


class Sulking(MemoryJournal):
    """Refuses to take leases back for a while."""

    sulks = True

    async def release(self, lease: Lease, *, leave_mail: bool = False) -> bool:
        if self.sulks:
            raise StorageUnavailable("not now")
        return await super().release(lease, leave_mail=leave_mail)


async def submit(journal: MemoryJournal, name: str) -> str:
    first = Event(1, datetime.now(UTC), 0, ev.TaskSubmitted(goal="g", agent="default", planner="react", budget=Budget()))
    return (await journal.submit(TaskState.of("default", name, [first]).record(), [first])).id


async def test_a_lease_not_taken_back_is_given_back_while_others_are_held() -> None:
    journal = Sulking(lease_seconds=60)
    stranded, busy = await submit(journal, "task_1"), await submit(journal, "task_2")
    holder = Holder(journal, Feed(), lease_seconds=60)
    try:
        async with holder.hold(busy) as log:
            assert log is not None
            async with holder.hold(stranded):
                pass
            assert await journal.runnable(10) == []
            journal.sulks = False
            while await journal.runnable(10) != [stranded]:
                await asyncio.sleep(0.01)
    finally:
        await holder.aclose()
