"""The sweeper over a scripted journal."""

from workers.admission import Admission
from workers.sweeper import Sweeper


class ScriptedJournal:
    """Gives one scripted answer after the other, and then the last one again and again."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.limits: list[int] = []

    async def runnable(self, limit: int) -> list[str]:
        self.limits.append(limit)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class Bell:
    def __init__(self, admission: Admission) -> None:
        self.rung: list[str] = []
        self._admission = admission

    async def enqueue(self, task_id: str) -> None:
        self._admission.ring(task_id)
        self.rung.append(task_id)


def make(journal: ScriptedJournal) -> tuple[Sweeper, Bell, Admission]:
    admission = Admission(4)
    bell = Bell(admission)
    return Sweeper(journal, bell, admission, limit=7), bell, admission


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
