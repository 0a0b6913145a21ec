"""The hot path's SQL: written once in Core, compiled once for each database, run on the driver's own cursor.

Running a Core statement costs several times what SQLite needs to do the work; these are the few that run in every commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Executable, Text, any_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.engine import Dialect

from journal.rows import PROGRESS, STANDING
from journal.schema import blobs, database_now, events, inbox, task_documents, tasks

EVENT_COLUMNS = tuple(events.c.keys())
"""Order of an event row: ``task``, ``seq``, ``tenant``, then the rest of ``codec.StoredEvent``."""


class Prepared:
    """A statement as text with positional parameters, in the order of ``names``."""

    __slots__ = ("sql",)

    def __init__(self, statement: Executable, names: Sequence[str], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        if list(names) != list(compiled.positiontup):
            raise AssertionError(f"parameters are {compiled.positiontup}, not {list(names)}")
        self.sql = str(compiled)


class Statements:
    """All prepared statements for one database."""

    def __init__(self, dialect: Dialect) -> None:
        self._pipelines = dialect.name == "postgresql"
        self.look = _Look(dialect)
        self.insert_events = Prepared(insert(events), EVENT_COLUMNS, dialect)
        self.insert_blobs = Prepared(_put_blob(dialect), tuple(blobs.c.keys()), dialect)
        self.progress = Prepared(_update_task(PROGRESS), [*PROGRESS, "of"], dialect)
        self.standing = Prepared(_update_task(STANDING), [*STANDING, "of"], dialect)
        result = update(task_documents).where(task_documents.c.task == bindparam("of")).values(result=bindparam("result"))
        self.result = Prepared(result, ["result", "of"], dialect)
        drained = delete(inbox).where(inbox.c.task == bindparam("of"), inbox.c.id == bindparam("id"))
        self.drain = Prepared(drained, ["of", "id"], dialect)
        oldest = select(func.min(inbox.c.at)).where(inbox.c.task == tasks.c.id).scalar_subquery()
        self.recount_mail = Prepared(
            update(tasks).where(tasks.c.id == bindparam("of")).values(mail_at=oldest), ["of"], dialect
        )

    def run(self, cursor: Any, statement: Prepared, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run a statement for each row.

        psycopg sends several rows as a pipeline, behind which Postgres does not count how long a transaction lies idle (seen
        with 15), and one that is frozen there would hold its rows for ever: a plain statement makes it count again.
        """
        if len(rows) == 1:
            cursor.execute(statement.sql, rows[0])
        elif rows:
            cursor.executemany(statement.sql, rows)
            if self._pipelines:
                cursor.execute("SELECT 1")


@dataclass(slots=True)
class TaskRow:
    """The part of a task's row that decides what may be done. Operations of one commit keep it current among themselves."""

    id: int
    public_id: str
    tenant: str
    epoch: int
    owner: str | None
    last_seq: int
    mail_at: int | None
    free: bool
    """Nobody holds the lease, or it has run out by the database's clock."""
    agent: str
    ended_at: int | None
    takeovers: int
    progress_at_takeover: int | None
    progress: int
    """Grows with every answer of a model and every result of a tool."""


_c = tasks.c
_CAREER = (
    _c.agent,
    _c.ended_at,
    _c.takeovers,
    _c.progress_at_takeover,
    _c.steps + _c.tool_calls + _c.output_tokens,
)


class _Look:
    """Finds the rows that the operations of one commit work on.

    On Postgres they are locked, in the order of their numbers, so that two processes' commits cannot wait for each other;
    SQLite has one writer at a time.
    """

    def __init__(self, dialect: Dialect) -> None:
        c = tasks.c
        self._at_once = dialect.name == "postgresql"
        free = or_(c.lease_until.is_(None), c.lease_until <= database_now())
        query = select(c.id, c.public_id, c.tenant, c.epoch, c.lease_owner, c.last_seq, c.mail_at, free, *_CAREER)
        if self._at_once:
            ids, owners = (any_(bindparam(name, type_=ARRAY(Text))) for name in ("ids", "owners"))
            locked = query.where(or_(c.public_id == ids, c.lease_owner == owners)).order_by(c.id).with_for_update()
            self._locked = Prepared(locked, ["ids", "owners"], dialect)
        else:
            self._by_id = Prepared(query.where(c.public_id == bindparam("id")), ["id"], dialect)
            self._by_owner = Prepared(query.where(c.lease_owner == bindparam("owner")), ["owner"], dialect)

    def __call__(self, cursor: Any, ids: set[str], owners: set[str]) -> dict[str, TaskRow]:
        """The rows with one of these public ids, or held by one of these owners."""
        if self._at_once:
            found = cursor.execute(self._locked.sql, (list(ids), list(owners))).fetchall()
        else:
            found = [row for one in ids for row in cursor.execute(self._by_id.sql, (one,))]
            found += [row for one in owners for row in cursor.execute(self._by_owner.sql, (one,))]
        return {row[1]: TaskRow(*row) for row in found}


def _update_task(columns: Sequence[str]) -> Executable:
    values = {name: bindparam(name, type_=tasks.c[name].type) for name in columns}
    return update(tasks).where(tasks.c.id == bindparam("of")).values(values)


def _put_blob(dialect: Dialect) -> Executable:
    """Insert a blob, or lock the one that is there, so that forgetting cannot drop it meanwhile."""
    if dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as upsert
    else:
        from sqlalchemy.dialects.sqlite import insert as upsert  # type: ignore[assignment]
    statement = upsert(blobs)
    return statement.on_conflict_do_update(index_elements=["tenant", "digest"], set_={"size": statement.excluded.size})
