"""What must hold of a case's journal right after a crash and once its task has ended."""

from collections import defaultdict
from dataclasses import dataclass

from journal.events import Event
from journal.projection import TaskState
from journal.records import TaskFilter, TaskRecord
from journal.sql_store import SqlJournal
from journeyman.selfcheck.life import Stage, kind_of
from journeyman.selfcheck.outside import Outside
from journeyman.selfcheck.scenarios import SCENARIOS, Scenario

Journals = dict[str, list[Event]]

INVARIANTS = {
    "acknowledged": "what was on disk before the crash is there, unchanged",
    "gapless": "seq counts from 1 without gaps, and the task's row is the fold of its events",
    "effects": "each effect happened once, by the witness's count; a repeatable one under one key",
    "budget": "what the model charged is within the ceiling, and no more than the journal says",
    "ended": "the task ended as it would have without the crash, and nothing is left to run",
}


class Violated(Exception):
    """``invariant`` is one of ``INVARIANTS``."""

    def __init__(self, invariant: str, why: str) -> None:
        super().__init__(f"{invariant}: {why}")
        self.invariant = invariant


@dataclass(frozen=True, slots=True)
class Visit:
    """One line of a trace, numbered among those that are alike."""

    point: str
    kind: str
    nth: int


def visits(stage: Stage) -> list[Visit]:
    """What the case's processes reached so far, in order."""
    counts: defaultdict[tuple[str, str], int] = defaultdict(int)
    found = []
    for line in _lines(stage):
        point, detail = line
        key = (point, kind_of(detail))
        counts[key] += 1
        found.append(Visit(*key, counts[key]))
    return found


async def journals_of(journal: SqlJournal, case: str) -> Journals:
    """All journals of a case. Raises ``Violated`` for one with a gap or a row that is not its fold."""
    found: Journals = {}
    for record in await journal.records(case, TaskFilter(limit=100)):
        events = await journal.read(case, record.id, until=record.last_seq)
        if [event.seq for event in events] != list(range(1, len(events) + 1)):
            raise Violated("gapless", f"{record.id} holds the events {[event.seq for event in events]}")
        if TaskState.of(case, record.id, events).record() != record:
            raise Violated("gapless", f"the row of {record.id} is not the fold of its events")
        found[record.id] = events
    return found


def check_acknowledged(stage: Stage, found: Journals) -> None:
    """Raise ``Violated`` where something that a process had on disk is missing."""
    for point, detail in _lines(stage):
        if point == "append.committed":
            task_id, seq, _ = detail.split(" ")
            if len(found.get(task_id, ())) < int(seq):
                raise Violated("acknowledged", f"{task_id} lost event {seq}")


def check_kept(before: Journals, after: Journals) -> None:
    """Raise ``Violated`` where an event that was there before the restart is gone or changed."""
    for task_id, events in before.items():
        if after.get(task_id, [])[: len(events)] != events:
            raise Violated("acknowledged", f"the first {len(events)} events of {task_id} changed")


async def check_end(stage: Stage, journal: SqlJournal, after: Journals, outside: Outside) -> None:
    """Raise ``Violated`` unless the case ended as it should."""
    scenario = SCENARIOS[stage.scenario]
    records = [await journal.record(stage.case, task_id) for task_id in after]
    _check_ended(scenario, records)
    if left := set(await journal.runnable(10_000)) & set(after):
        raise Violated("ended", f"{', '.join(left)} would be run again")
    _check_effects(scenario, stage.case, outside)
    spent = sum(TaskState.of(stage.case, task, events).committed.cost_usd for task, events in after.items())
    billed, ceiling = outside.bill(stage.case), max(record.budget.max_cost_usd for record in records)
    if billed > ceiling + 1e-9 or billed > spent + 1e-9:
        raise Violated("budget", f"the model charged {billed:.2f}, the journal says {spent:.2f}, the ceiling is {ceiling:.2f}")


def _check_ended(scenario: Scenario, records: list[TaskRecord]) -> None:
    root = next((record for record in records if record.parent_id is None), None)
    if root is None:
        raise Violated("ended", "there is no task")
    for record in records:
        if not record.status.ended:
            raise Violated("ended", f"{record.id} is {record.status}, waiting for {record.waiting and record.waiting.reason}")
    if root.outcome is not scenario.outcome:
        raise Violated("ended", f"the outcome is {root.outcome}, not {scenario.outcome}: {root.error and root.error.detail}")
    if scenario.answer is not None and root.answer != scenario.answer:
        raise Violated("ended", f"the answer is {root.answer!r}")


def _check_effects(scenario: Scenario, case: str, outside: Outside) -> None:
    counted = outside.counted(case)
    once = {effect: n for effect, n in counted.items() if effect not in scenario.repeatable}
    if once != dict(scenario.effects):
        raise Violated("effects", f"the witness counted {once}, not {dict(scenario.effects)}")
    for effect in scenario.repeatable:
        keys = {seen.key for seen in outside.effects[case] if (seen.tool, seen.subject) == effect}
        if len(keys) != 1:
            raise Violated("effects", f"{effect} came under {len(keys)} keys")


def _lines(stage: Stage) -> list[tuple[str, str]]:
    if not stage.trace.exists():
        return []
    lines = stage.trace.read_text().splitlines()
    return [(point, detail) for point, _, detail in (line.partition("\t") for line in lines)]
