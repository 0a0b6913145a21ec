"""Leases, the effect ledger and the sweeper as a pure model, and the real journals held to it over many drawn schedules.

Workers claim, write, fall silent and come back whenever Hypothesis likes; one that lost its lease does not know it and goes
on.
A schedule that once failed is kept as an ``example`` or a test of its own at the end of the file.
"""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import text

from journal import events as ev
from journal.call_state import CallStage
from journal.errors import StaleLease
from journal.events import Event, EventData
from journal.memory_store import MemoryJournal
from journal.projection import TaskState
from journal.records import InboxItem, InboxKind, Lease
from journal.sql_store import SqlJournal, open_journal
from journal.store import Journal
from journal.upgrading import upgrade
from journal.values import ToolHints, WaitingReason
from tests.integration.journal.holding import DONE, STARTED, returned, submit

LEASE = 10.0
WORKERS = ("w1", "w2", "w3")
_TEMPLATE: list[Path] = []


@dataclass
class Task:
    """What the model knows of one task."""

    id: str
    epoch: int = 0
    owner: str | None = None
    until: float = 0.0
    seq: int = 1
    mail: int = 0
    ended: bool = False
    waiting: bool = False

    def free(self, now: float) -> bool:
        return self.owner is None or self.until <= now

    def runnable(self, now: float) -> bool:
        return self.free(now) and (self.mail > 0 or not (self.ended or self.waiting))


@dataclass
class Hold:
    """What a worker believes: its lease and the state it folded. ``sending`` is an effect whose intent it has on disk."""

    lease: Lease
    state: TaskState
    mail: list[InboxItem] = field(default_factory=list)
    sending: str | None = None


class LeaseMachine(RuleBasedStateMachine):
    """The schedules; subclasses bring the journal."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.now = 1000.0
        self.tasks: dict[str, Task] = {}
        self.holds: dict[tuple[str, str], Hold] = {}
        self.witness: Counter[str] = Counter()
        self.calls = 0
        self.journal = self.open()

    def open(self) -> Journal:
        raise NotImplementedError

    def pass_time(self, seconds: float) -> None:
        raise NotImplementedError

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.journal.close())
        self.loop.close()

    @precondition(lambda self: len(self.tasks) < 3)
    @rule()
    def a_task_is_submitted(self) -> None:
        state = self.run(submit(self.journal))
        self.tasks[state.id] = Task(state.id)

    @precondition(lambda self: self.tasks)
    @rule(data=st.data(), worker=st.sampled_from(WORKERS))
    def a_worker_claims(self, data: st.DataObject, worker: str) -> None:
        task = data.draw(st.sampled_from(list(self.tasks.values())))
        lease = self.run(self.journal.claim(task.id, worker))
        assert (lease is not None) == task.free(self.now)
        if lease is None:
            return
        task.epoch, task.owner, task.until = task.epoch + 1, worker, self.now + LEASE
        assert lease.epoch == task.epoch
        state = TaskState.of("acme", task.id, self.run(self.journal.read("acme", task.id)))
        assert state.last_seq == task.seq
        self.holds[worker, task.id] = Hold(lease, state, list(self.run(self.journal.inbox(lease))))
        self._take_over(worker, task)

    def _take_over(self, worker: str, task: Task) -> None:
        """The rule of doubt: a call that was sent and has no result is not sent again."""
        state = self.holds[worker, task.id].state
        for call in [c for c in state.calls.values() if c.stage is CallStage.SENT]:
            self._append(worker, task, ev.ToolInDoubt(call_id=call.call.id, tool="send", why="The worker stopped."))

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def a_worker_means_to_send(self, data: st.DataObject) -> None:
        (worker, task), hold = self._held(data)
        if hold.state.ended or hold.sending:
            return
        self.calls += 1
        call_id = f"c{self.calls}"
        intent = ev.ToolRequested(call_id=call_id, tool="send", version="1", args={}, hints=ToolHints(), occurrence=0)
        if self._append(worker, task, intent):
            hold.sending = call_id

    @precondition(lambda self: any(hold.sending for hold in self.holds.values()))
    @rule(data=st.data())
    def a_worker_sends(self, data: st.DataObject) -> None:
        """Whatever happened since its intent was written: it may have stood still, and its lease may be another's."""
        hold = data.draw(st.sampled_from([hold for hold in self.holds.values() if hold.sending]))
        assert hold.sending is not None
        self.witness[hold.sending] += 1
        call_id, hold.sending = hold.sending, None
        worker = hold.lease.owner
        self._append(worker, self.tasks[hold.lease.task_id], returned("sent", call_id), hold=hold)

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), what=st.sampled_from(["go on", "rest", "end"]))
    def a_worker_writes(self, data: st.DataObject, what: str) -> None:
        (worker, task), hold = self._held(data)
        if hold.state.ended:
            return
        events: dict[str, EventData] = {"go on": STARTED, "rest": ev.TaskWaiting(reason=WaitingReason.PAUSED), "end": DONE}
        drained, hold.mail = hold.mail, []
        written = self._append(worker, task, events[what], drained=drained)
        if written:
            task.mail -= len(drained)

    @precondition(lambda self: self.tasks)
    @rule(worker=st.sampled_from(WORKERS))
    def a_heart_beats(self, worker: str) -> None:
        mine = {task.id: task for task in self.tasks.values() if task.owner == worker}
        beat = self.run(self.journal.heartbeat(worker))
        assert beat.held == mine.keys()
        assert {task_id: len(items) for task_id, items in beat.inboxes.items()} == {
            task.id: task.mail for task in mine.values() if task.mail
        }
        for task in mine.values():
            task.until = self.now + LEASE

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), leave=st.booleans())
    def a_worker_hands_back(self, data: st.DataObject, leave: bool) -> None:
        (worker, task), hold = self._held(data)
        current = self._is_current(hold, task)
        kept = current and task.mail > 0 and not leave
        assert self.run(self.journal.release(hold.lease, leave_mail=leave)) == (not kept)
        if kept:
            hold.mail = list(self.run(self.journal.inbox(hold.lease)))
            return
        if current:
            task.owner = None
        del self.holds[worker, task.id]

    @precondition(lambda self: self.tasks)
    @rule(data=st.data())
    def somebody_writes_to_a_task(self, data: st.DataObject) -> None:
        task = data.draw(st.sampled_from(list(self.tasks.values())))
        self.run(self.journal.send("acme", task.id, InboxItem(InboxKind.PAUSE, {"by": "ann"})))
        task.mail += 1

    @rule(seconds=st.sampled_from([1.0, LEASE - 1, LEASE + 1, 86400.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.pass_time(seconds)

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def a_worker_dies(self, data: st.DataObject) -> None:
        del self.holds[data.draw(st.sampled_from(list(self.holds)))]

    @invariant()
    def the_sweeper_finds_what_nobody_works_on(self) -> None:
        found = self.run(self.journal.runnable(100))
        assert sorted(found) == sorted(task.id for task in self.tasks.values() if task.runnable(self.now))

    @invariant()
    def no_effect_is_sent_twice(self) -> None:
        assert all(count == 1 for count in self.witness.values())

    @invariant()
    def every_journal_is_whole(self) -> None:
        for task in self.tasks.values():
            events = self.run(self.journal.read("acme", task.id))
            assert [event.seq for event in events] == list(range(1, task.seq + 1))
            state = TaskState.of("acme", task.id, events)
            assert state.record() == self.run(self.journal.record("acme", task.id))
            done = {event.data.call_id for event in events if isinstance(event.data, ev.ToolCompleted)}
            assert done <= self.witness.keys()

    def _held(self, data: st.DataObject) -> tuple[tuple[str, Task], Hold]:
        worker, task_id = data.draw(st.sampled_from(list(self.holds)))
        return (worker, self.tasks[task_id]), self.holds[worker, task_id]

    def _is_current(self, hold: Hold, task: Task) -> bool:
        return (task.owner, task.epoch) == (hold.lease.owner, hold.lease.epoch)

    def _append(
        self, worker: str, task: Task, data: EventData, *, drained: list[InboxItem] | None = None, hold: Hold | None = None
    ) -> bool:
        """Write one event; whether it was taken, which must be as the model says."""
        hold = hold or self.holds[worker, task.id]
        event = Event(hold.state.last_seq + 1, datetime.now(UTC), hold.lease.epoch, data)
        hold.state.apply(event)
        try:
            self.run(self.journal.append(hold.lease, [event], hold.state.record(), drained=drained or ()))
        except StaleLease:
            assert not self._is_current(hold, task)
            if self.holds.get((worker, task.id)) is hold:
                del self.holds[worker, task.id]
            return False
        assert self._is_current(hold, task)
        task.seq += 1
        task.ended, task.waiting = hold.state.ended, hold.state.waiting is not None
        return True


class MemoryMachine(LeaseMachine):
    def open(self) -> Journal:
        return MemoryJournal(lease_seconds=LEASE, clock=lambda: datetime.fromtimestamp(self.now, UTC))

    def pass_time(self, seconds: float) -> None:
        """The clock is the machine's own."""


class SqliteMachine(LeaseMachine):
    """The database's clock cannot be turned: instead all that is stamped is made so much older."""

    def open(self) -> Journal:
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(_template(), self.folder / "journal.db")
        journal: SqlJournal = self.run(open_journal(f"sqlite:///{self.folder / 'journal.db'}", lease_seconds=LEASE))
        return journal

    def pass_time(self, seconds: float) -> None:
        assert isinstance(self.journal, SqlJournal)
        micros = int(timedelta(seconds=seconds) / timedelta(microseconds=1))
        older = ", ".join(f"{column} = {column} - {micros}" for column in ("lease_until", "due_at", "mail_at"))
        self.run(self.journal.database.write(lambda c: c.execute(text(f"UPDATE tasks SET {older}"))))

    def teardown(self) -> None:
        super().teardown()
        shutil.rmtree(self.folder)


def _template() -> Path:
    if not _TEMPLATE:
        _TEMPLATE.append(Path(tempfile.mkdtemp()) / "template.db")
        upgrade(f"sqlite:///{_TEMPLATE[0]}")
    return _TEMPLATE[0]


_SAFE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
TestMemory = MemoryMachine.TestCase
TestMemory.settings = settings(max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=_SAFE)
TestSqlite = SqliteMachine.TestCase
TestSqlite.settings = settings(max_examples=8, stateful_step_count=30, deadline=None, suppress_health_check=_SAFE)
TestMemory.pytestmark = TestSqlite.pytestmark = [pytest.mark.timeout(300)]
