"""The audit log: every administrative act, who did it and when; appended, never changed.

Each tenant's entries are numbered from 1 and chained: an entry's hash covers the entry and the hash before it, and the
chain's head is kept apart. Whoever changes, drops or slips in an entry breaks the chain. Who may write the database can
forge a whole new chain; a head that was noted elsewhere (``audit verify --expect SEQ:HASH``) shows that too.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Connection, RowMapping, insert, select, update

from journal.codec import from_micros, to_micros
from journal.database import Database
from journal.errors import InvalidInput
from journal.schema import audit_heads, audit_log
from journal.values import Value
from trust.digest import digest

FIRST = "0" * 64
"""What stands for the hash before the first entry."""


@dataclass(frozen=True, slots=True)
class Act:
    """An administrative act. ``actor`` is the user's name, ``via`` the key or door they came by, ``act`` says what was done
    (``key.created``) to ``target``. ``details`` is JSON and never holds a secret."""

    actor: str
    via: str
    act: str
    target: str
    details: Mapping[str, JsonValue] = field(default_factory=dict)


class AuditEntry(Value):
    """An act as it is kept. ``hash`` is its own and, by way of it, that of all before it."""

    seq: int
    at: datetime
    actor: str
    via: str
    act: str
    target: str
    details: dict[str, JsonValue]
    hash: str


class AuditHead(Value):
    """How many entries there are, and the hash of the last. Note it elsewhere to prove later that nothing was rewritten."""

    seq: int = 0
    hash: str = FIRST


class Verdict(Value):
    """Whether a chain holds; ``problem`` says where it does not."""

    sound: bool
    entries: int
    head: AuditHead
    problem: str | None = None


def record(connection: Connection, tenant: str, act: Act) -> AuditEntry:
    """Append one act, in the transaction that does it."""
    connection.execute(_ignoring(connection), {"tenant": tenant, "seq": 0, "hash": FIRST})
    mine = audit_heads.c.tenant == tenant
    head = connection.execute(select(audit_heads).where(mine).with_for_update()).mappings().one()
    entry = {
        "seq": head["seq"] + 1,
        "at": to_micros(datetime.now(UTC)),
        "actor": act.actor,
        "via": act.via,
        "act": act.act,
        "target": act.target,
        "details": json.dumps(dict(act.details), sort_keys=True),
    }
    entry["hash"] = _hash(tenant, head["hash"], entry)
    connection.execute(insert(audit_log), {"tenant": tenant, **entry})
    connection.execute(update(audit_heads).where(mine).values(seq=entry["seq"], hash=entry["hash"]))
    return _entry(entry)


class AuditLog:
    """The audit log of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, tenant: str, act: Act) -> AuditEntry:
        """Append an act whose deed is not in this database."""
        return await self._database.write(lambda connection: record(connection, tenant, act))

    async def entries(
        self, tenant: str, *, act: str | None = None, actor: str | None = None, before: int | None = None, limit: int = 50
    ) -> list[AuditEntry]:
        """A tenant's entries, newest first, from below ``before``. ``act`` may be the first part alone (``key``)."""
        c = audit_log.c
        query = select(audit_log).where(c.tenant == tenant).order_by(c.seq.desc()).limit(limit)
        if act is not None:
            query = query.where((c.act == act) | c.act.startswith(f"{act}.", autoescape=True))
        if actor is not None:
            query = query.where(c.actor == actor)
        if before is not None:
            query = query.where(c.seq < before)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_entry(row) for row in rows]

    async def verify(self, tenant: str, expected: AuditHead | None = None) -> Verdict:
        """Walk the chain from its first entry; ``expected`` is a head that was noted earlier."""
        return await self._database.read(lambda connection: _verify(connection, tenant, expected))


def head_of(text: str) -> AuditHead:
    """A head written as ``SEQ:HASH``. Raises ``InvalidInput``."""
    seq, _, hashed = text.partition(":")
    if not seq.isdecimal() or len(seq) > 9 or len(hashed) != len(FIRST):
        raise InvalidInput(
            f"`{text[:100]}` is no head of an audit log.", hint="It has the form SEQ:HASH, as `verify` prints it."
        )
    return AuditHead(seq=int(seq), hash=hashed)


def _verify(connection: Connection, tenant: str, expected: AuditHead | None) -> Verdict:
    """Reads the head first: what is appended meanwhile lies behind it. Where there was none yet, it looks twice."""
    head = _head(connection, tenant)
    c = audit_log.c
    query = select(audit_log).where(c.tenant == tenant).order_by(c.seq)
    before, found, problem = FIRST, 0, None
    noted = expected is None or expected.seq == 0
    for due, row in zip(count(1), connection.execute(query).mappings(), strict=False):
        problem = _broken(tenant, due, before, row)
        if problem is not None:
            break
        before, found = row["hash"], due
        if expected is not None and due == expected.seq:
            noted = row["hash"] == expected.hash
        if due == head.seq:
            break
    if problem is None and (found, before) != (head.seq, head.hash):
        if head.seq == 0 and _head(connection, tenant).seq:
            return _verify(connection, tenant, expected)
        problem = f"The log ends at entry {found}, and its head says {head.seq}: something was taken away."
    if problem is None and not noted and expected is not None:
        problem = f"Entry {expected.seq} is not the one whose hash was noted: the log was rewritten."
    return Verdict(sound=problem is None, entries=found, head=head, problem=problem)


def _head(connection: Connection, tenant: str) -> AuditHead:
    kept = connection.execute(select(audit_heads).where(audit_heads.c.tenant == tenant)).mappings().one_or_none()
    return AuditHead() if kept is None else AuditHead(seq=kept["seq"], hash=kept["hash"])


def _broken(tenant: str, due: int, before: str, row: RowMapping) -> str | None:
    if row["seq"] != due:
        return f"Entry {due} is missing."
    if row["hash"] != _hash(tenant, before, row):
        return f"Entry {due} is not as it was written, or one before it was replaced."
    return None


def _hash(tenant: str, before: str, entry: Mapping[str, Any] | RowMapping) -> str:
    return digest([tenant, before, *(entry[name] for name in _HASHED)])


_HASHED = ("seq", "at", "actor", "via", "act", "target", "details")


def _entry(row: Mapping[str, Any] | RowMapping) -> AuditEntry:
    kept = {name: row[name] for name in ("seq", "actor", "via", "act", "target", "hash")}
    return AuditEntry(**kept, at=from_micros(row["at"]), details=json.loads(row["details"]))


def _ignoring(connection: Connection) -> Any:
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as upsert
    else:
        from sqlalchemy.dialects.sqlite import insert as upsert  # type: ignore[assignment]
    return upsert(audit_heads).on_conflict_do_nothing()
