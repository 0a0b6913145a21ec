"""The sweeper over a scripted journal."""

import asyncio

from workers.admission import Admission
from workers.beat import Beat, Chore
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


def make(journal: ScriptedJournal, *, slots: int = 4) -> tuple[Sweeper, Hands, Admission]:
    admission = Admission(slots, patience=0)
    hands = Hands(admission)
    return Sweeper(journal, hands, admission), hands, admission


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


async def test_in_a_crowd_it_looks_as_soon_as_a_slot_is_free() -> None:
    journal = ScriptedJournal([], ["next"])
    sweeper, hands, admission = make(journal, slots=1)
    beating = asyncio.create_task(Beat([Chore("sweeping", 3600, sweeper.sweep, sweeper.room)]).run())
    while not journal.asked:
        await asyncio.sleep(0)
    admission.take("first")
    assert not admission.admit("waiting")
    admission.leave("first")
    await asyncio.wait_for(hands.changed.wait(), 30)
    assert hands.taken == ["next"]
    beating.cancel()


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
