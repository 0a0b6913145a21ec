"""The sweeper over a scripted journal."""

import asyncio
import logging

import pytest

from journal.errors import StorageUnavailable
from workers.admission import Admission
from workers.sweeper import Sweeper


class ScriptedJournal:
    """Gives one scripted answer after the other, and then the last one again and again."""

    def __init__(self, *answers: list[str] | Exception) -> None:
        self._answers = list(answers)
        self.asked = 0
        self.limits: list[int] = []

    async def runnable(self, limit: int) -> list[str]:
        self.asked += 1
        self.limits.append(limit)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Bell:
    def __init__(self, admission: Admission) -> None:
        self.rung: list[str] = []
        self._admission = admission
        self.changed = asyncio.Event()

    async def enqueue(self, task_id: str) -> None:
        self._admission.ring(task_id)
        self.rung.append(task_id)
        self.changed.set()


def make(journal: ScriptedJournal) -> tuple[Sweeper, Bell, Admission]:
    admission = Admission(4)
    bell = Bell(admission)
    return Sweeper(journal, bell, admission, seconds=0.01, limit=7), bell, admission


async def test_it_rings_for_what_is_runnable_and_not_already_here() -> None:
    journal = ScriptedJournal(["a", "b", "c"])
    sweeper, bell, admission = make(journal)
    admission.admit("b")
    assert await sweeper.sweep() == 2
    assert bell.rung == ["a", "c"]
    assert journal.limits == [7]


async def test_it_does_not_ring_twice_while_a_message_is_on_its_way() -> None:
    sweeper, bell, _ = make(ScriptedJournal(["a"]))
    await sweeper.sweep()
    assert await sweeper.sweep() == 0
    assert bell.rung == ["a"]


async def test_it_outlives_a_database_that_fails_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    down = StorageUnavailable("The database cannot be reached.")
    journal = ScriptedJournal(down, down, down, ["a"])
    sweeper, bell, _ = make(journal)
    with caplog.at_level(logging.INFO, logger="workers.sweeper"):
        sweeping = asyncio.create_task(sweeper.run())
        await asyncio.wait_for(bell.changed.wait(), 30)
        while journal.asked < 6:
            await asyncio.sleep(0)
        sweeping.cancel()
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.INFO]
    assert "cannot be reached" in caplog.records[0].getMessage()
