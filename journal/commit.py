"""What happens to tasks inside one shared commit: claims, appends, sends, releases and heartbeats, together.

The rows that the batch touches are read (and on Postgres locked) at once; each operation is judged against its row and the
ones before it; then all appends are written in bulk.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from sqlalchemy import Connection, func, insert, select, update

from journal.codec import Blob, StoredEvent, from_micros
from journal.errors import NotFound, StaleLease
from journal.group_commit import alone
from journal.kill_switch import read_halt
from journal.limits import Limits, Running, Terms
from journal.records import Halt, InboxItem, InboxKind, Lease
from journal.rows import Standing
from journal.schema import database_now, inbox, tasks
from journal.statements import Statements, TaskRow
from journal.store import Appended, Heartbeat

_LIMITED_CLAIMS = 0x4A4D0002
"""Held in Postgres by a transaction that counts what is at work, so that two do not count at once."""


class Operation(Protocol):
    """``task_id`` and ``owner`` name the rows it needs."""

    @property
    def task_id(self) -> str | None: ...

    @property
    def owner(self) -> str | None: ...

    crash_point: ClassVar[str]
    """Its name in ``journal.crash_points``."""

    def apply(self, commit: "Commit") -> Exception | None:
        """Do it, or say why not, having written nothing."""

    def finish(self, commit: "Commit") -> Any:
        """The outcome, once everything is written."""


class Commit:
    """One shared transaction under way."""

    def __init__(self, connection: Connection, statements: Statements, rows: dict[str, TaskRow], cursor: Any) -> None:
        self.connection = connection
        self.rows = rows
        self._statements = statements
        self._cursor = cursor
        self._events: list[tuple[Any, ...]] = []
        self._blobs: list[tuple[Any, ...]] = []
        self._progress: list[tuple[Any, ...]] = []
        self._standing: list[tuple[Any, ...]] = []
        self._results: list[tuple[Any, ...]] = []
        self._drained: list[tuple[int, int]] = []
        self._mail: dict[int, list[InboxItem]] = {}
        self._halt: list[Halt | None] = []

    def held(self, lease: Lease) -> TaskRow | None:
        """The lease's row, if the lease is current."""
        row = self.rows.get(lease.task_id)
        return row if row is not None and row.epoch == lease.epoch and row.owner == lease.owner else None

    @property
    def halt(self) -> Halt | None:
        """The halt that is in force for everybody."""
        if not self._halt:
            self._halt.append(read_halt(self.connection))
        return self._halt[0]

    def append(self, row: TaskRow, op: "Append") -> None:
        number, tenant = row.id, row.tenant
        self._events += [(number, e[0], tenant, *e[1:]) for e in op.events]
        self._blobs += [(tenant, *blob) for blob in op.blobs]
        self._progress.append((*op.progress, number))
        if op.standing is not None:
            self._standing.append((*op.standing.columns, number))
            self._results.append((op.standing.result, number))
        self._drained += [(number, item.id) for item in op.drained]

    def flush(self) -> None:
        """Write what was gathered, a statement for each table, and read the mail of the tasks that have some."""
        s, cursor = self._statements, self._cursor
        s.run(cursor, s.insert_blobs, sorted(self._blobs))
        s.run(cursor, s.insert_events, self._events)
        s.run(cursor, s.progress, self._progress)
        s.run(cursor, s.standing, self._standing)
        s.run(cursor, s.result, self._results)
        s.run(cursor, s.drain, self._drained)
        s.run(cursor, s.recount_mail, [(number,) for number in sorted({number for number, _ in self._drained})])
        if numbers := [row.id for row in self.rows.values() if row.mail_at is not None]:
            self._mail = read_mail(self.connection, numbers)

    def mail(self, row: TaskRow) -> tuple[InboxItem, ...]:
        """What is in the task's inbox, behind this commit."""
        return tuple(self._mail.get(row.id, ()))


class TaskWork:
    """The ``Work`` of all operations on tasks."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def __call__(self, connection: Connection, operations: Sequence[Operation]) -> Sequence[Any]:
        cursor = connection.connection.cursor()
        try:
            ids = {op.task_id for op in operations if op.task_id is not None}
            owners = {op.owner for op in operations if op.owner is not None}
            commit = Commit(connection, self._statements, self._statements.look(cursor, ids, owners), cursor)
            refusals = [op.apply(commit) for op in operations]
            commit.flush()
            return [op.finish(commit) if why is None else why for op, why in zip(operations, refusals, strict=True)]
        finally:
            cursor.close()


@dataclass(slots=True)
class Append:
    """Events and the row's new values; ``standing`` is ``None`` where it has not changed since the last append."""

    crash_point: ClassVar[str] = "append"

    lease: Lease
    events: Sequence[StoredEvent]
    blobs: Sequence[Blob]
    progress: tuple[Any, ...]
    standing: Standing | None
    drained: Sequence[InboxItem]
    also: Callable[[Connection], None] | None
    owner: str | None = None

    @property
    def task_id(self) -> str:
        return self.lease.task_id

    def apply(self, commit: Commit) -> Exception | None:
        row = commit.held(self.lease)
        if row is None:
            return StaleLease(f"Another worker holds {self.task_id} now.")
        if self.events and self.events[0].seq != row.last_seq + 1:
            return StaleLease(f"{self.task_id}: event {self.events[0].seq} does not follow {row.last_seq}.")
        if self.also is not None and isinstance(failure := alone(commit.connection, self.also), Exception):
            return failure
        commit.append(row, self)
        row.last_seq += len(self.events)
        return None

    def finish(self, commit: Commit) -> Appended:
        mail = commit.mail(commit.rows[self.task_id])
        return Appended(mail) if mail else _NO_MAIL

    @property
    def crash_detail(self) -> str:
        """Task, last seq and kinds: what a crash test wants to know of it."""
        seq = self.events[-1].seq if self.events else 0
        return f"{self.task_id} {seq} {'+'.join(event.kind for event in self.events)}"


_NO_MAIL = Appended()


@dataclass(slots=True)
class Claim:
    crash_point: ClassVar[str] = "claim"

    task_id: str
    by: str
    lease_micros: int
    terms: Terms | None = None
    owner: str | None = None
    _lease: Lease | None = None

    def apply(self, commit: Commit) -> Exception | None:
        self._lease = None
        row = commit.rows.get(self.task_id)
        if row is None or not row.free or (self.terms is not None and not _may_work(commit, row, self.terms)):
            return None
        beyond = "" if self.terms is None else _beyond(commit, row, self.terms.limits)
        if row.owner is not None:
            row.takeovers = row.takeovers + 1 if row.progress == row.progress_at_takeover else 1
            row.progress_at_takeover = row.progress
        row.epoch, row.owner, row.free = row.epoch + 1, self.by, False
        values = {
            "epoch": row.epoch,
            "lease_owner": self.by,
            "lease_until": database_now() + self.lease_micros,
            "running": self.terms is not None and not beyond,
            "takeovers": row.takeovers,
            "progress_at_takeover": row.progress_at_takeover,
        }
        until = commit.connection.scalar(
            update(tasks).where(tasks.c.id == row.id).values(values).returning(tasks.c.lease_until)
        )
        in_a_row = row.takeovers if row.progress == row.progress_at_takeover else 0
        self._lease = Lease(self.task_id, row.tenant, self.by, row.epoch, from_micros(until or 0), in_a_row, beyond)
        return None

    def finish(self, commit: Commit) -> Lease | None:
        return self._lease


def _may_work(commit: Commit, row: TaskRow, terms: Terms) -> bool:
    """Whether there is anything to work on, and working is allowed."""
    open_ = row.ended_at is None or row.mail_at is not None
    return open_ and commit.halt is None and (terms.agents is None or row.agent in terms.agents)


def _beyond(commit: Commit, row: TaskRow, limits: Limits) -> str:
    """The limit that one more task at work would break. Claims under a limit come one after the other."""
    if not limits.apply_to(row.agent):
        return ""
    if commit.connection.dialect.name == "postgresql":
        commit.connection.execute(select(func.pg_advisory_xact_lock(_LIMITED_CLAIMS)))
    return limits.reached(row.tenant, row.agent, read_running(commit.connection, row.tenant))


@dataclass(slots=True)
class Release:
    crash_point: ClassVar[str] = "release"

    lease: Lease
    leave_mail: bool = False
    owner: str | None = None
    _released: bool = True

    @property
    def task_id(self) -> str:
        return self.lease.task_id

    def apply(self, commit: Commit) -> Exception | None:
        row = commit.held(self.lease)
        if row is None:
            return None
        self._released = row.mail_at is None or self.leave_mail
        if self._released:
            row.owner, row.free = None, True
            values = {"lease_owner": None, "lease_until": None, "running": False}
            commit.connection.execute(update(tasks).where(tasks.c.id == row.id).values(values))
        return None

    def finish(self, commit: Commit) -> bool:
        return self._released


@dataclass(slots=True)
class Send:
    crash_point: ClassVar[str] = "send"

    tenant: str
    task_id: str
    kind: InboxKind
    data: str
    owner: str | None = None

    def apply(self, commit: Commit) -> Exception | None:
        row = commit.rows.get(self.task_id)
        if row is None or row.tenant != self.tenant:
            return NotFound(f"There is no task {self.task_id}.")
        values = {"task": row.id, "kind": self.kind.value, "data": self.data, "at": database_now()}
        at = commit.connection.scalar(insert(inbox).values(values).returning(inbox.c.at))
        if row.mail_at is None:
            row.mail_at = at
            commit.connection.execute(update(tasks).where(tasks.c.id == row.id).values(mail_at=at))
        return None

    def finish(self, commit: Commit) -> None:
        return None


@dataclass(slots=True)
class Beat:
    """A heartbeat for all leases of ``owner``."""

    crash_point: ClassVar[str] = "beat"

    owner: str
    lease_micros: int
    task_id: str | None = None
    _held: Sequence[TaskRow] = ()

    def apply(self, commit: Commit) -> Exception | None:
        self._held = [row for row in commit.rows.values() if row.owner == self.owner]
        if self._held:
            until = {"lease_until": database_now() + self.lease_micros}
            commit.connection.execute(update(tasks).where(tasks.c.lease_owner == self.owner).values(until))
        return None

    def finish(self, commit: Commit) -> Heartbeat:
        inboxes = {row.public_id: mail for row in self._held if (mail := commit.mail(row))}
        return Heartbeat(frozenset(row.public_id for row in self._held), inboxes, commit.halt)


def read_running(connection: Connection, tenant: str | None = None) -> Running:
    """How many tasks are at work, by tenant and agent; of one tenant, or of all."""
    c = tasks.c
    alive = (c.lease_owner.is_not(None), c.running, c.lease_until > database_now())
    query = select(c.tenant, c.agent, func.count()).where(*alive).group_by(c.tenant, c.agent)
    if tenant is not None:
        query = query.where(c.tenant == tenant)
    return Running((row[0], row[1], row[2]) for row in connection.execute(query))


def read_mail(connection: Connection, numbers: Sequence[int]) -> dict[int, list[InboxItem]]:
    """The messages of these tasks, oldest first."""
    query = select(inbox.c.task, inbox.c.id, inbox.c.kind, inbox.c.data).where(inbox.c.task.in_(numbers)).order_by(inbox.c.id)
    mail: dict[int, list[InboxItem]] = {}
    for task, number, kind, data in connection.execute(query):
        mail.setdefault(task, []).append(InboxItem(InboxKind(kind), json.loads(data), number))
    return mail
