"""Schedules: what the doors may do with them."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from pydantic import JsonValue, ValidationError

from agents.scheduling.deciding import LONGEST_QUEUE, first_fire, going_on
from agents.scheduling.firing import KEPT, Clock, Firing, Tasks, utc_now
from agents.scheduling.records import Fire, FireState, ScheduleRecord
from agents.scheduling.requests import BackfillRequest, ScheduleChange, ScheduleRequest
from agents.scheduling.store import ScheduleStore, audited, fired, step, sync
from journal.audit import Act
from journal.database import Database
from journal.errors import ConfigurationError, Conflict, InvalidInput
from journal.ids import new_id
from journal.records import TaskRecord

DECLARING_TENANT = "default"
"""Whose schedules the configuration's are."""


class Schedules:
    """One per runtime. ``agents`` are the names of the profiles there are; ``declared`` are the configuration's schedules.
    ``actor`` and ``via`` are who asks and by which key, for the audit log.
    """

    def __init__(
        self,
        database: Database,
        tasks: Tasks,
        *,
        agents: Collection[str],
        declared: Sequence[ScheduleRequest] = (),
        clock: Clock = utc_now,
    ) -> None:
        self.agents = frozenset({*agents, "default"})
        self._store = ScheduleStore(database)
        self._tasks = tasks
        self._declared = declared
        self._clock = clock
        self.firing = Firing(self._store, tasks, self.agents, clock)

    async def create(
        self, tenant: str, request: ScheduleRequest, *, actor: str, via: str, paused: bool = False
    ) -> ScheduleRecord:
        """Raises ``InvalidInput`` (an unknown agent, a ``start_at`` that is past) or ``Conflict`` (the name)."""
        self._check(request)
        record = self._made(tenant, request, declared=False, paused=paused)
        details: dict[str, JsonValue] = {"name": record.name, "paused": paused}
        await self._store.create(record, Act(actor, via, "schedule.created", record.id, details))
        return record

    async def all(self, tenant: str) -> list[ScheduleRecord]:
        """By name."""
        return await self._store.all(tenant)

    async def get(self, tenant: str, schedule_id: str) -> ScheduleRecord:
        """Raises ``NotFound``."""
        return await self._store.get(tenant, schedule_id)

    async def fires(self, tenant: str, schedule_id: str, limit: int = 20) -> list[Fire]:
        """What became of the newest fires, newest first. Raises ``NotFound``."""
        await self._store.get(tenant, schedule_id)
        return await self._store.fires(schedule_id, limit)

    async def change(self, tenant: str, schedule_id: str, change: ScheduleChange, *, actor: str, via: str) -> ScheduleRecord:
        """Pause, resume or change. Another time, or a resume, starts anew from now: what fell into a pause is not made good.

        Raises ``NotFound``, ``InvalidInput`` or ``Conflict`` (a schedule of the configuration can only be paused).
        """
        seen = await self._store.get(tenant, schedule_id)
        given, now = change.changed(), self._clock()
        if given and seen.declared:
            raise _declared(seen)
        request = _merged(seen.request, given)
        paused = seen.paused if change.paused is None else change.paused
        after = replace(seen, request=request, paused=paused, updated_at=now)
        if given:
            self._check(request, known=seen.request)
            after = replace(after, failures=0, rests_until=None)
        anew = _timing(request) != _timing(seen.request) or (seen.paused and not paused and request.cron is not None)
        after = going_on(after, first_fire(request, now) if anew else seen.next_at)
        act = Act(actor, via, _what(change), seen.id, {"name": seen.name, "fields": [*sorted(change.model_fields_set)]})
        await self._store.write(audited(tenant, act, step(seen, after)))
        return await self._store.get(tenant, schedule_id)

    async def remove(self, tenant: str, schedule_id: str, *, actor: str, via: str) -> None:
        """Its tasks stay. Raises ``NotFound`` or ``Conflict`` (it is in the configuration)."""
        seen = await self._store.get(tenant, schedule_id)
        if seen.declared:
            raise _declared(seen)
        await self._store.remove(tenant, schedule_id, Act(actor, via, "schedule.removed", seen.id, {"name": seen.name}))

    async def run(self, tenant: str, schedule_id: str, *, actor: str, via: str) -> TaskRecord:
        """Submit its task now, whatever else is under way; its fires go on as they would. Raises ``NotFound`` or
        ``InvalidInput``."""
        record = await self._store.get(tenant, schedule_id)
        self._check_agent(record.request)
        now = self._clock()

        def also(connection: Any, task_id: str) -> None:
            act = Act(actor, via, "schedule.run", record.id, {"name": record.name, "task_id": task_id})
            fire = Fire(now, FireState.SUBMITTED, now, task_id, "Asked for.")
            audited(tenant, act, fired(schedule_id, [fire]))(connection)

        return await self._tasks.submit(tenant, record.request.task(now), by=actor, also=also)

    async def backfill(self, tenant: str, schedule_id: str, asked: BackfillRequest, *, actor: str, via: str) -> list[Fire]:
        """Put every fire of a range of the past that has no task in line; a beat makes them, oldest first, one at a time.

        Raises ``NotFound``, ``InvalidInput`` for a range that is wrong or holds too many, and ``Conflict``.
        """
        record = await self._store.get(tenant, schedule_id)
        self._check_agent(record.request)
        now = self._clock()
        times = _times_in(record, asked, now)
        taken = await self._store.taken(schedule_id, times)
        fires = [Fire(t, FireState.QUEUED, now, why="Backfill.") for t in times if t not in taken]
        if fires:
            span: dict[str, JsonValue] = {"from": asked.since.isoformat(), "until": asked.until.isoformat()}
            act = Act(actor, via, "schedule.backfilled", record.id, {"name": record.name, "fires": len(fires), **span})
            await self._store.write(audited(tenant, act, fired(schedule_id, fires)))
        return fires

    async def sync(self) -> None:
        """Bring the stored schedules in line with the configuration's. Raises ``ConfigurationError`` naming the schedule."""
        stored = {record.name: record for record in await self._store.all(DECLARING_TENANT)}
        made, changed = [], []
        for request in self._declared:
            known = stored.get(request.name)
            if known is not None and not known.declared:
                hint = "Rename it in the configuration, or remove the other: `journeyman schedules remove`."
                raise ConfigurationError(f"There is a schedule named {request.name!r} beside the configuration's.", hint=hint)
            if known is None:
                self._check_start(request)
                made.append(self._made(DECLARING_TENANT, request, declared=True))
            elif known.request.model_dump() != request.model_dump():
                changed.append((known, self._redeclared(known, request)))
        names = {request.name for request in self._declared}
        gone = [record.id for record in stored.values() if record.declared and record.name not in names]
        if made or changed or gone:
            await self._store.write(lambda connection: sync(connection, made, changed, gone))

    def _redeclared(self, known: ScheduleRecord, request: ScheduleRequest) -> ScheduleRecord:
        now = self._clock()
        after = replace(known, request=request, failures=0, rests_until=None, updated_at=now)
        if _timing(request) == _timing(known.request):
            return going_on(after, known.next_at)
        self._check_start(request)
        return going_on(after, first_fire(request, now))

    def _made(self, tenant: str, request: ScheduleRequest, *, declared: bool, paused: bool = False) -> ScheduleRecord:
        now = self._clock()
        record = ScheduleRecord(new_id("sched"), tenant, declared, request, now, now, paused=paused)
        return going_on(record, first_fire(request, now))

    def _check(self, request: ScheduleRequest, *, known: ScheduleRequest | None = None) -> None:
        self._check_agent(request)
        if known is None or _timing(known) != _timing(request):
            try:
                self._check_start(request)
            except ConfigurationError as error:
                raise InvalidInput(error.message, hint=error.hint) from None

    def _check_agent(self, request: ScheduleRequest) -> None:
        if request.agent not in self.agents:
            hint = f"Known agents: {', '.join(sorted(self.agents))}."
            raise InvalidInput(f"There is no agent named {request.agent!r}.", hint=hint)

    def _check_start(self, request: ScheduleRequest) -> None:
        if request.start_at is not None and request.start_at <= self._clock():
            told = f"The schedule {request.name!r} starts in the past: {request.start_at.isoformat()}."
            raise ConfigurationError(told, hint="Give a `start_at` that is to come, with its offset from UTC.")


def _times_in(record: ScheduleRecord, asked: BackfillRequest, now: datetime) -> list[datetime]:
    cron = record.request.recurring
    if cron is None:
        raise Conflict(f"The schedule {record.name} fires once; there is nothing to backfill.", hint="Run it now instead.")
    if not now - KEPT <= asked.since <= asked.until <= now:
        hint = f"Give `from` and `until` in that order, both past, and at most {KEPT.days} days ago."
        raise InvalidInput("This is not a range of the past.", hint=hint)
    last = asked.until if record.next_at is None or record.paused else min(asked.until, record.next_at)
    times = list(islice(cron.between(asked.since, last), LONGEST_QUEUE + 1))
    if len(times) > LONGEST_QUEUE:
        raise InvalidInput(f"This range holds more than {LONGEST_QUEUE} fires.", hint="Backfill it piece by piece.")
    return times


def _merged(request: ScheduleRequest, given: dict[str, Any]) -> ScheduleRequest:
    try:
        return ScheduleRequest.model_validate(request.model_dump(mode="json", exclude_unset=True) | given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        told = first["msg"].removeprefix("Value error, ")
        raise InvalidInput(f"{where}: {told}." if where else f"{told[0].upper()}{told[1:]}.") from None


def _what(change: ScheduleChange) -> str:
    if change.changed() or change.paused is None:
        return "schedule.changed"
    return "schedule.paused" if change.paused else "schedule.resumed"


def _timing(request: ScheduleRequest) -> tuple[object, ...]:
    return request.cron, request.timezone, request.start_at


def _declared(record: ScheduleRecord) -> Conflict:
    return Conflict(
        f"The schedule {record.name} is in the configuration file.",
        hint="Change it there and restart; only pausing, resuming, running and backfilling are done here.",
    )
