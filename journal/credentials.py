"""Where sealed credentials are kept. What is in here is ciphertext: ``agents.sealing`` alone can read it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from journal.audit import Act, record
from journal.codec import from_micros, to_micros
from journal.database import Database
from journal.schema import credentials
from journal.values import Value


class CredentialName(Value):
    """That a user has a credential of this name; never its value."""

    name: str
    user: str
    updated_at: datetime


class CredentialStore:
    """Sealed values by tenant, user and name; whatever changes them is in the audit log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, tenant: str, user: str, name: str, sealed: str, act: Act) -> CredentialName:
        """Keep a value, in place of one that was there."""
        now = datetime.now(UTC)
        row = {"tenant": tenant, "user_name": user, "name": name, "sealed": sealed, "updated_at": to_micros(now)}

        def write(connection: Connection) -> None:
            record(connection, tenant, act)
            connection.execute(delete(credentials).where(*_place(tenant, user, name)))
            connection.execute(insert(credentials).values(row))

        await self._database.write(write)
        return CredentialName(name=name, user=user, updated_at=now)

    async def names(self, tenant: str, user: str) -> list[CredentialName]:
        """What a user has, by name."""
        c = credentials.c
        query = select(c.name, c.updated_at).where(c.tenant == tenant, c.user_name == user).order_by(c.name)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [CredentialName(name=row.name, user=user, updated_at=from_micros(row.updated_at)) for row in rows]

    async def sealed(self, tenant: str, user: str, name: str) -> str | None:
        """The sealed value, if there is one."""
        query = select(credentials.c.sealed).where(*_place(tenant, user, name))
        return await self._database.read(lambda connection: connection.scalar(query))

    async def remove(self, tenant: str, user: str, name: str, act: Act) -> bool:
        """Forget a value for good; ``False`` where there was none."""

        def write(connection: Connection) -> bool:
            gone = connection.execute(delete(credentials).where(*_place(tenant, user, name))).rowcount > 0
            if gone:
                record(connection, tenant, act)
            return gone

        return await self._database.write(write)

    async def sealed_values(self) -> list[str]:
        """Every user's, of every tenant."""
        return await self._database.read(lambda connection: list(connection.scalars(select(credentials.c.sealed))))

    async def reseal(self, seal_anew: Callable[[str], str]) -> int:
        """Put ``seal_anew`` of each sealed value in its place, all of them or none; how many there are."""

        def write(connection: Connection) -> int:
            rows = connection.execute(select(credentials).with_for_update()).mappings().all()
            for row in rows:
                place = _place(row["tenant"], row["user_name"], row["name"])
                connection.execute(update(credentials).where(*place).values(sealed=seal_anew(row["sealed"])))
            return len(rows)

        return await self._database.write(write)


def _place(tenant: str, user: str, name: str) -> tuple[Any, ...]:
    c = credentials.c
    return c.tenant == tenant, c.user_name == user, c.name == name
