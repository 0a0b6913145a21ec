"""Schedules in the database. Every write of a beat names the revision it has seen, so that of several beats one is heard; and
a fire's row is written in the transaction that submits its task, so that a fire has one task or none."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from agents.scheduling.records import AlreadyFired, Fire, FireState, Overtaken, ScheduleRecord
from agents.scheduling.requests import ScheduleRequest
from agents.scheduling.tables import schedule_fires, schedules
from journal.audit import Act
from journal.audit import record as audit
from journal.codec import from_micros, to_micros
from journal.database import Database
from journal.errors import Conflict, NotFound
from journal.schema import tasks
from journal.values import Status

_TIMES = ("next_at", "due_at", "rests_until", "created_at", "updated_at")
_ENDED = [status.value for status in Status if status.ended]


class ScheduleStore:
    """All schedules of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, record: ScheduleRecord, act: Act) -> None:
        """Raises ``Conflict`` where the tenant has one of that name."""
        await self._database.write(audited(record.tenant, act, lambda connection: _create(connection, record)))

    async def all(self, tenant: str) -> list[ScheduleRecord]:
        """The tenant's schedules, by name."""
        return await self._read(schedules.c.tenant == tenant)

    async def get(self, tenant: str, schedule_id: str) -> ScheduleRecord:
        """Raises ``NotFound``."""
        found = await self._read((schedules.c.tenant == tenant) & (schedules.c.id == schedule_id))
        if not found:
            hint = "GET /v1/schedules and `journeyman schedules list` show them."
            raise NotFound(f"There is no schedule {schedule_id}.", hint=hint)
        return found[0]

    async def by_id(self, schedule_id: str) -> ScheduleRecord | None:
        """Any tenant's, for a beat."""
        found = await self._read(schedules.c.id == schedule_id)
        return found[0] if found else None

    async def to_see_to(self, now: datetime, limit: int) -> list[str]:
        """Ids of schedules that are due, that have a fire waiting, or the task of whose fire has ended."""
        due = sa.select(schedules.c.id).where(schedules.c.due_at <= to_micros(now)).order_by(schedules.c.due_at).limit(limit)
        f = schedule_fires.c
        ended = (
            sa.select(f.schedule)
            .outerjoin(tasks, tasks.c.public_id == f.task)
            .where(f.open_at.is_not(None), (f.state == FireState.QUEUED) | tasks.c.status.in_(_ENDED))
            .distinct()
            .limit(limit)
        )
        found = await self._database.read(lambda c: [*c.scalars(due), *c.scalars(ended)])
        return list(dict.fromkeys(found))

    async def write(self, change: Callable[[sa.Connection], None]) -> None:
        """Do what ``step`` and ``fired`` make, without a task."""
        await self._database.write(change)

    async def remove(self, tenant: str, schedule_id: str, act: Act) -> None:
        """With its fires; their tasks stay."""
        gone = sa.delete(schedules).where(schedules.c.tenant == tenant, schedules.c.id == schedule_id)
        await self._database.write(audited(tenant, act, lambda connection: connection.execute(gone)))

    async def fires(self, schedule_id: str, limit: int) -> list[Fire]:
        """The newest fires, newest first."""
        query = _fires().where(schedule_fires.c.schedule == schedule_id).order_by(schedule_fires.c.fire_at.desc()).limit(limit)
        return await self._database.read(lambda c: [_fire(row) for row in c.execute(query).mappings()])

    async def taken(self, schedule_id: str, fire_at: Collection[datetime]) -> set[datetime]:
        """Those of these times at which there was a fire that was submitted, or will be."""
        f = schedule_fires.c
        made = f.state.not_in([FireState.SKIPPED, FireState.MISSED, FireState.REFUSED])
        query = sa.select(f.fire_at).where(f.schedule == schedule_id, f.fire_at.in_([to_micros(t) for t in fire_at]), made)
        return {from_micros(at) for at in await self._database.read(lambda c: list(c.scalars(query)))}

    async def forget(self, before: datetime) -> None:
        """Drop the rows of fires that are long over."""
        f = schedule_fires.c
        old = sa.delete(schedule_fires).where(f.fire_at < to_micros(before), f.open_at.is_(None))
        await self._database.write(lambda connection: connection.execute(old))

    async def _read(self, which: Any) -> list[ScheduleRecord]:
        """One statement, so that a schedule and its open fires are seen as of one moment."""
        f = schedule_fires.c
        columns = [f.fire_at, f.state, f.at, f.task, f.why, tasks.c.status]
        query = (
            sa.select(schedules, *(c.label(f"fire_{c.name}") for c in columns))
            .outerjoin(schedule_fires, (f.schedule == schedules.c.id) & f.open_at.is_not(None))
            .outerjoin(tasks, tasks.c.public_id == f.task)
            .where(which)
            .order_by(schedules.c.name, schedules.c.id, f.fire_at)
        )
        return _records(await self._database.read(lambda c: c.execute(query).mappings().all()))


def audited(tenant: str, act: Act, change: Callable[[sa.Connection], object]) -> Callable[[sa.Connection], None]:
    """A write that stands in the audit log too, in its own transaction."""

    def write(connection: sa.Connection) -> None:
        change(connection)
        audit(connection, tenant, act)

    return write


def step(seen: ScheduleRecord, after: ScheduleRecord, fires: Sequence[Fire] = ()) -> Callable[[sa.Connection], None]:
    """A write: the schedule becomes ``after``, and these fires are new, or become so. Raises ``Overtaken`` where the schedule
    is no longer as ``seen``, ``AlreadyFired`` where a fire that is new is there already."""

    def write(connection: sa.Connection) -> None:
        s = schedules.c
        values = _values(replace(after, revision=seen.revision + 1))
        done = connection.execute(sa.update(schedules).where(s.id == seen.id, s.revision == seen.revision).values(values))
        if done.rowcount != 1:
            raise Overtaken(f"The schedule {seen.name} was changed meanwhile.", hint="Try again.")
        known = {fire.fire_at for fire in seen.open}
        for fire in fires:
            _change(connection, seen.id, fire) if fire.fire_at in known else _insert(connection, seen.id, fire)

    return write


def fired(schedule_id: str, fires: Iterable[Fire]) -> Callable[[sa.Connection], None]:
    """A write: these fires are new; the schedule itself goes on as it would. One that was skipped, missed or refused may be
    made good so. Raises ``AlreadyFired``."""

    def write(connection: sa.Connection) -> None:
        f = schedule_fires.c
        unmade = f.state.in_([FireState.SKIPPED, FireState.MISSED, FireState.REFUSED])
        for fire in fires:
            same = (f.schedule == schedule_id) & (f.fire_at == to_micros(fire.fire_at))
            connection.execute(sa.delete(schedule_fires).where(same, unmade))
            _insert(connection, schedule_id, fire)

    return write


def sync(connection: sa.Connection, made: Sequence[ScheduleRecord], changed: Sequence[Any], gone: Sequence[str]) -> None:
    """Bring the declared schedules in line: (before, after) in ``changed``, ids in ``gone``. Where another process has done
    so first, its word holds."""
    for record in made:
        connection.execute(_insert_or_leave(connection, schedules).values(_values(record)))
    for before, after in changed:
        s = schedules.c
        values = _values(replace(after, revision=before.revision + 1))
        connection.execute(sa.update(schedules).where(s.id == before.id, s.revision == before.revision).values(values))
    if gone:
        connection.execute(sa.delete(schedules).where(schedules.c.id.in_(gone)))


def _create(connection: sa.Connection, record: ScheduleRecord) -> None:
    made = connection.scalar(_insert_or_leave(connection, schedules).values(_values(record)).returning(schedules.c.id))
    if made is None:
        raise Conflict(f"There is a schedule named {record.name} already.", hint="Choose another name, or change that one.")


def _insert(connection: sa.Connection, schedule_id: str, fire: Fire) -> None:
    f = schedule_fires.c
    row = {"schedule": schedule_id, "fire_at": to_micros(fire.fire_at), **_standing(fire)}
    made = connection.scalar(_insert_or_leave(connection, schedule_fires).values(row).returning(f.fire_at))
    if made is None and fire.is_open:
        raise AlreadyFired(f"There is a fire at {fire.fire_at:%Y-%m-%d %H:%M:%S} UTC already.")


def _change(connection: sa.Connection, schedule_id: str, fire: Fire) -> None:
    f = schedule_fires.c
    same = (f.schedule == schedule_id) & (f.fire_at == to_micros(fire.fire_at))
    connection.execute(sa.update(schedule_fires).where(same).values(_standing(fire)))


def _insert_or_leave(connection: sa.Connection, table: sa.Table) -> Any:
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    return insert(table).on_conflict_do_nothing()


def _fires() -> Any:
    f = schedule_fires.c
    return sa.select(
        f.fire_at.label("fire_fire_at"),
        f.state.label("fire_state"),
        f.at.label("fire_at"),
        f.task.label("fire_task"),
        f.why.label("fire_why"),
        tasks.c.status.label("fire_status"),
    ).outerjoin(tasks, tasks.c.public_id == f.task)


def _standing(fire: Fire) -> dict[str, Any]:
    at = to_micros(fire.at)
    return {"state": fire.state, "task": fire.task_id, "why": fire.why, "at": at, "open_at": at if fire.is_open else None}


def _values(record: ScheduleRecord) -> dict[str, Any]:
    times = {name: None if (at := getattr(record, name)) is None else to_micros(at) for name in _TIMES}
    same = {name: getattr(record, name) for name in ("id", "tenant", "name", "declared", "paused", "revision", "failures")}
    return {**same, **times, "request": record.request.model_dump_json(exclude_unset=True)}


def _records(rows: Iterable[Any]) -> list[ScheduleRecord]:
    found: dict[str, ScheduleRecord] = {}
    for row in rows:
        record = found.get(row["id"]) or _record(row)
        found[record.id] = record if row["fire_fire_at"] is None else replace(record, open=(*record.open, _fire(row)))
    return list(found.values())


def _record(row: Any) -> ScheduleRecord:
    times: dict[str, Any] = {name: None if row[name] is None else from_micros(row[name]) for name in _TIMES}
    same = {name: row[name] for name in ("id", "tenant", "declared", "paused", "revision", "failures")}
    return ScheduleRecord(request=ScheduleRequest.model_validate_json(row["request"]), **same, **times)


def _fire(row: Any) -> Fire:
    status = Status(row["fire_status"]) if row["fire_status"] else None
    return Fire(
        fire_at=from_micros(row["fire_fire_at"]),
        state=FireState(row["fire_state"]),
        at=from_micros(row["fire_at"]),
        task_id=row["fire_task"],
        why=row["fire_why"],
        ended=status if status is not None and status.ended else None,
    )
