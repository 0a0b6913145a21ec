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


class Hands:
    """Takes the tasks that the sweeper found."""

    def __init__(self, admission: Admission) -> None:
        self.taken: list[str] = []
        self._admission = admission
        self.changed = asyncio.Event()

    def __call__(self, task_id: str) -> bool:
        if not self._admission.take(task_id):
            return False
        self.taken.append(task_id)
        self.changed.set()
        return True


def make(journal: ScriptedJournal, *, slots: int = 4, seconds: float = 0.01) -> tuple[Sweeper, Hands, Admission]:
    admission = Admission(slots, patience=0)
    hands = Hands(admission)
    return Sweeper(journal, hands, admission, seconds=seconds), hands, admission


async def test_it_takes_what_is_runnable_and_not_already_here() -> None:
    journal = ScriptedJournal(["a", "b", "c"])
    sweeper, hands, admission = make(journal)
    admission.take("b")
    assert await sweeper.sweep() == 2
    assert hands.taken == ["a", "c"]
    assert journal.limits == [3]


async def test_it_takes_no_more_than_there_are_slots_and_asks_for_nothing_when_there_is_none() -> None:
    journal = ScriptedJournal(["a", "b", "c"])
    sweeper, hands, _ = make(journal, slots=2)
    assert await sweeper.sweep() == 2
    assert await sweeper.sweep() == 0
    assert (hands.taken, journal.asked) == (["a", "b"], 1)


async def test_tasks_that_rest_do_not_stand_in_the_way_of_others() -> None:
    journal = ScriptedJournal(["resting", "b"])
    sweeper, hands, admission = make(journal, slots=1)
    admission.take("resting")
    admission.leave("resting", failed=True)
    assert await sweeper.sweep() == 1
    assert (hands.taken, journal.limits) == (["b"], [2])


async def test_in_a_crowd_a_free_slot_goes_at_once_to_whose_turn_it_is() -> None:
    journal = ScriptedJournal([], ["next"])
    sweeper, hands, admission = make(journal, slots=1, seconds=3600)
    sweeping = asyncio.create_task(sweeper.run())
    while not journal.asked:
        await asyncio.sleep(0)
    admission.take("first")
    assert not admission.admit("waiting")
    admission.leave("first")
    await asyncio.wait_for(hands.changed.wait(), 30)
    assert hands.taken == ["next"]
    sweeping.cancel()


async def test_a_crowd_ends_when_the_journal_has_no_more_tasks_than_slots() -> None:
    sweeper, hands, admission = make(ScriptedJournal(["a"], []), slots=1)
    admission.take("first")
    admission.admit("waiting")
    admission.leave("first")
    assert not admission.admit("b")
    await sweeper.sweep()
    assert hands.taken == ["a"]
    admission.leave("a")
    await sweeper.sweep()
    assert admission.admit("b")


async def test_it_outlives_a_database_that_fails_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    down = StorageUnavailable("The database cannot be reached.")
    journal = ScriptedJournal(down, down, down, ["a"])
    sweeper, hands, _ = make(journal)
    with caplog.at_level(logging.INFO, logger="workers.sweeper"):
        sweeping = asyncio.create_task(sweeper.run())
        await asyncio.wait_for(hands.changed.wait(), 30)
        while journal.asked < 6:
            await asyncio.sleep(0)
        sweeping.cancel()
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.INFO]
    assert "cannot be reached" in caplog.records[0].getMessage()
