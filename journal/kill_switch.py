"""The kill switch: one flag for all workers of a database. While it is on nobody claims a task to work on it."""

import json
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, insert, select

from journal.audit import Act, record
from journal.database import Database
from journal.errors import Conflict
from journal.records import Halt
from journal.schema import database_now, meta, tasks
from journal.values import WaitingReason

_NAME = "halt"


class KillSwitch:
    """Turns the flag on and off, and tells what still runs. It holds for every tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def state(self) -> Halt | None:
        """The halt that is in force."""
        return await self._database.read(read_halt)

    async def halt(self, tenant: str, *, by: str, via: str, note: str = "") -> Halt:
        """Stop everything; a halt that is in force already stays as it is. It is an act in the log of ``tenant``."""
        halt = Halt(by, datetime.now(UTC), note)
        return await self._database.write(lambda connection: _halt(connection, tenant, via, halt))

    async def lift(self, tenant: str, *, by: str, via: str) -> Halt | None:
        """End the halt; the one that was in force. It is an act in the log of ``tenant``."""
        return await self._database.write(lambda connection: _lift(connection, tenant, by, via))

    async def require_off(self) -> None:
        """Raise ``Conflict`` while everything is stopped."""
        halt = await self.state()
        if halt is not None:
            raise Conflict(
                f"Everything was stopped by {halt.by} at {halt.at:%Y-%m-%d %H:%M} UTC: no new work is taken.",
                hint="`journeyman stop-all --lift` lets it go on.",
            )

    async def at_work(self) -> int:
        """How many tasks are being worked on now."""
        return await self._database.read(_at_work)

    async def paused(self) -> list[tuple[str, str]]:
        """(tenant, task id) of every paused task."""
        c = tasks.c
        paused = select(c.tenant, c.public_id).where(c.waiting_reason == WaitingReason.PAUSED.value).order_by(c.id)
        return await self._database.read(lambda connection: [(row[0], row[1]) for row in connection.execute(paused)])


def read_halt(connection: Connection) -> Halt | None:
    """The halt that is in force."""
    value = connection.scalar(select(meta.c.value).where(meta.c.name == _NAME))
    if value is None:
        return None
    found = json.loads(value)
    return Halt(found["by"], datetime.fromisoformat(found["at"]), found["note"])


def _halt(connection: Connection, tenant: str, via: str, halt: Halt) -> Halt:
    before = read_halt(connection)
    if before is not None:
        return before
    value = json.dumps({"by": halt.by, "at": halt.at.isoformat(), "note": halt.note})
    connection.execute(insert(meta).values(name=_NAME, value=value))
    record(connection, tenant, Act(halt.by, via, "halt.begun", "all", {"note": halt.note}))
    return halt


def _lift(connection: Connection, tenant: str, by: str, via: str) -> Halt | None:
    halt = read_halt(connection)
    if halt is not None:
        connection.execute(delete(meta).where(meta.c.name == _NAME))
        record(connection, tenant, Act(by, via, "halt.lifted", "all", {"begun_by": halt.by}))
    return halt


def _at_work(connection: Connection) -> int:
    c = tasks.c
    alive = select(func.count()).where(c.lease_owner.is_not(None), c.running, c.lease_until > database_now())
    return connection.scalar(alive) or 0
