"""Firing: what a beat does with schedules. Any number of beats may: each step is a transaction that only one of them makes."""

import logging
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from agents.requests import TaskRequest
from agents.scheduling.deciding import LONGEST_QUEUE, Decision, decide, going_on, judged, settled
from agents.scheduling.records import AlreadyFired, Fire, FireState, Overtaken, ScheduleRecord
from agents.scheduling.store import ScheduleStore, step
from journal.errors import Conflict, InvalidInput, NotFound
from journal.records import TaskRecord

Clock = Callable[[], datetime]

logger = logging.getLogger(__name__)

_AT_ONCE = 200
_STEPS_AT_ONCE = 50
_LOOK_AGAIN = timedelta(minutes=1)
"""How soon a schedule whose agent is gone is looked at again."""
KEPT = timedelta(days=90)
"""How long what became of a fire is kept."""


class Tasks(Protocol):
    """The part of ``agents.runtime.Runtime`` that firing needs."""

    async def submit(
        self, tenant: str, request: TaskRequest, *, by: str, also: Callable[[Any, str], None] | None = None
    ) -> TaskRecord: ...

    async def cancel(self, tenant: str, task_id: str, *, by: str, note: str = "") -> TaskRecord: ...


def utc_now() -> datetime:
    return datetime.now(UTC)


class Firing:
    """``agents`` are the names of the profiles there are."""

    def __init__(self, store: ScheduleStore, tasks: Tasks, agents: Collection[str], clock: Clock = utc_now) -> None:
        self._store = store
        self._tasks = tasks
        self._agents = agents
        self._clock = clock

    async def tick(self) -> int:
        """See to every schedule that there is something to do for; how many that were."""
        ids = await self._store.to_see_to(self._clock(), _AT_ONCE)
        for schedule_id in ids:
            await self._see_to(schedule_id)
        return len(ids)

    async def tidy(self) -> None:
        """Forget what became of fires long ago."""
        await self._store.forget(self._clock() - KEPT)

    async def _see_to(self, schedule_id: str) -> None:
        for _ in range(_STEPS_AT_ONCE):
            record = await self._store.by_id(schedule_id)
            try:
                if record is None or not await self._step(record):
                    return
            except Overtaken:
                return  # another beat is at it

    async def _step(self, record: ScheduleRecord) -> bool:
        """One transaction's worth; ``False``: there is nothing to do now."""
        now = self._clock()
        if record.ended:
            after, fires = settled(record, now)
            await self._store.write(step(record, after, fires))
            return True
        if record.paused:
            return False
        if record.request.agent not in self._agents:
            return await self._put_off(record, now)
        if record.due_at is not None and record.due_at <= now:
            await self._fire(record, decide(record, now), now)
            return True
        rests = record.rests_until is not None and record.rests_until > now
        if record.queued and not record.running and not rests:
            await self._submit(record, record.queued[0].fire_at, (), record, now)
            return True
        return False

    async def _put_off(self, record: ScheduleRecord, now: datetime) -> bool:
        if record.due_at is not None and record.due_at <= now:
            logger.warning("The schedule %s rests: there is no agent named %r.", record.name, record.request.agent)
            await self._store.write(step(record, replace(record, due_at=now + _LOOK_AGAIN)))
        return False

    async def _fire(self, record: ScheduleRecord, decision: Decision, now: datetime) -> None:
        fire_at, passed, after = decision.fire_at, decision.passed, decision.after
        if fire_at is None:
            await self._store.write(step(record, after, passed))
            return
        overlap = record.request.overlap
        if overlap == "cancel_previous":
            await self._cancel(record, fire_at)
        elif overlap == "skip" and record.running:
            skipped = Fire(fire_at, FireState.SKIPPED, now, why=f"{record.running[0]} was still under way.")
            await self._store.write(step(record, after, (*passed, skipped)))
            return
        elif overlap == "queue" and record.open:
            await self._store.write(step(record, after, (*passed, _in_line(record, fire_at, now))))
            return
        await self._submit(record, fire_at, passed, after, now)

    async def _cancel(self, record: ScheduleRecord, fire_at: datetime) -> None:
        note = f"The schedule's fire of {fire_at:%Y-%m-%d %H:%M} UTC takes its place."
        for task_id in record.running:
            try:
                await self._tasks.cancel(record.tenant, task_id, by=f"schedule {record.name}", note=note)
            except (Conflict, NotFound):
                continue  # it has ended meanwhile

    async def _submit(
        self, seen: ScheduleRecord, fire_at: datetime, passed: tuple[Fire, ...], after: ScheduleRecord, now: datetime
    ) -> None:
        def also(connection: Any, task_id: str) -> None:
            step(seen, after, (*passed, Fire(fire_at, FireState.SUBMITTED, now, task_id)))(connection)

        try:
            request = seen.request.task(fire_at)
            await self._tasks.submit(seen.tenant, request, by=f"schedule {seen.name}", also=also)
        except AlreadyFired:
            await self._store.write(step(seen, after, passed))
        except Overtaken:
            raise
        except (InvalidInput, NotFound, Conflict) as error:
            await self._refused(seen, fire_at, passed, after, now, f"{error.message} {error.hint}".strip())

    async def _refused(
        self, seen: ScheduleRecord, fire_at: datetime, passed: tuple[Fire, ...], after: ScheduleRecord, now: datetime, why: str
    ) -> None:
        after = judged(after, FireState.REFUSED, now)
        logger.warning("The schedule %s could not submit its task: %s", seen.name, why)
        refused = Fire(fire_at, FireState.REFUSED, now, why=why)
        await self._store.write(step(seen, going_on(after, after.next_at), (*passed, refused)))


def _in_line(record: ScheduleRecord, fire_at: datetime, now: datetime) -> Fire:
    if len(record.queued) >= LONGEST_QUEUE:
        return Fire(fire_at, FireState.SKIPPED, now, why=f"{LONGEST_QUEUE} fires wait already.")
    return Fire(fire_at, FireState.QUEUED, now, why="An earlier one is still under way.")
