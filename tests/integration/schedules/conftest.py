"""Schedules over a real journal on SQLite and Postgres, with a clock that is set by hand and tasks that end when told to."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agents.requests import TaskRequest
from agents.scheduling.firing import Firing
from agents.scheduling.records import Fire, ScheduleRecord
from agents.scheduling.requests import ScheduleRequest
from agents.scheduling.schedules import Schedules
from journal import events as ev
from journal.errors import Conflict, InvalidInput
from journal.events import Event
from journal.ids import new_id
from journal.projection import TaskState
from journal.records import TaskRecord
from journal.sql_store import SqlJournal, open_journal
from journal.values import Budget, Outcome, Problem
from tests.integration.journal.conftest import PostgresServer, postgres
from trust.labels import USER

__all__ = ["postgres"]

BY = {"actor": "ann", "via": "key_1"}
START = datetime(2026, 11, 2, 6, 59, tzinfo=UTC)


class Clock:
    """Says the time it was set to."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def set(self, text: str) -> None:
        self.now = datetime.fromisoformat(text).replace(tzinfo=UTC)

    def go(self, **time: float) -> None:
        self.now += timedelta(**time)


class Submitting:
    """The runtime's part: tasks are rows of a real journal, and end when the test says so."""

    def __init__(self, journal: SqlJournal) -> None:
        self.journal = journal
        self.submitted: list[TaskRecord] = []
        self.requests: list[TaskRequest] = []
        self.canceled: list[str] = []
        self.refuse: str | None = None

    async def submit(
        self, tenant: str, request: TaskRequest, *, by: str, also: Callable[[Any, str], None] | None = None
    ) -> TaskRecord:
        if self.refuse is not None:
            raise InvalidInput(self.refuse)
        data = ev.TaskSubmitted(goal=request.goal, agent=request.agent, planner="react", budget=Budget(), submitted_by=by)
        events = [Event(1, datetime.now(UTC), 0, data)]
        record = TaskState.of(tenant, new_id("task"), events).record()
        assert also is not None
        record = await self.journal.submit(record, events, also=lambda c: also(c, record.id))
        self.submitted.append(record)
        self.requests.append(request)
        return record

    async def cancel(self, tenant: str, task_id: str, *, by: str, note: str = "") -> TaskRecord:
        record = await self.journal.record(tenant, task_id)
        if record.status.ended:
            raise Conflict("It has ended.")
        self.canceled.append(task_id)
        await self.end(record, ev.TaskCanceled(by=by, note=note))
        return record

    async def end(self, task: TaskRecord, data: ev.EventData) -> None:
        lease = await self.journal.claim(task.id, "the test")
        assert lease is not None
        events = await self.journal.read(task.tenant, task.id)
        last = Event(events[-1].seq + 1, datetime.now(UTC), lease.epoch, data)
        await self.journal.append(lease, [last], TaskState.of(task.tenant, task.id, [*events, last]).record())
        await self.journal.release(lease)

    async def complete(self, task: TaskRecord) -> None:
        await self.end(task, ev.TaskCompleted(answer="done", outcome=Outcome.ACHIEVED, label=USER))

    async def fail(self, task: TaskRecord) -> None:
        await self.end(task, ev.TaskFailed(outcome=Outcome.GAVE_UP, error=Problem(title="It failed", detail="It failed.")))


class Planned:
    """Everything a test of schedules looks at."""

    def __init__(self, journal: SqlJournal) -> None:
        self.clock = Clock()
        self.tasks = Submitting(journal)
        self.agents = ["helper"]
        self.schedules = self.another()

    def another(self, *declared: ScheduleRequest, agents: tuple[str, ...] = ("helper",)) -> Schedules:
        """What another process would make of the same database."""
        make = partial(Schedules, self.tasks.journal.database, self.tasks, clock=self.clock)
        return make(agents=agents, declared=declared)

    @property
    def beat(self) -> Firing:
        return self.schedules.firing

    async def add(self, **fields: Any) -> ScheduleRecord:
        given = {"name": "brief", "cron": "0 7 * * *", "goal": "write the brief", **fields}
        return await self.schedules.create("acme", ScheduleRequest.model_validate(given), **BY)

    async def at(self, text: str) -> None:
        """The beat of that time."""
        self.clock.set(text)
        await self.beat.tick()

    async def fires(self, record: ScheduleRecord) -> list[str]:
        """What became of each fire, oldest first."""
        return [told(fire) for fire in reversed(await self.schedules.fires("acme", record.id))]

    async def seen(self, record: ScheduleRecord) -> ScheduleRecord:
        return await self.schedules.get("acme", record.id)


def told(fire: Fire) -> str:
    return f"{fire.fire_at:%d %H:%M} {fire.state}"


@pytest.fixture(params=["sqlite", "postgres"])
async def planned(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Planned]:
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.migrated_database()
    else:
        url = f"sqlite:///{tmp_path / 'journal.db'}"
    journal = await open_journal(url, lease_seconds=60)
    yield Planned(journal)
    await journal.close()
