"""The journal's tables. ``journal/migrations`` builds them; a test holds the two together.

Times are whole microseconds since 1970 (UTC). Inside, a task is an integer; outside, its ``public_id``.

``tasks`` is split by how often it is written: a commit touches the few counters in ``tasks``; what was asked and what came
out are JSON documents in ``task_documents``, written once and when they change. ``events`` is an ordinary table with a
separate key index, not a clustered one: commits that tasks share then fill the same pages.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    and_,
    false,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

RowId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite keeps a row's number in a key declared INTEGER only."""


def _index(name: str, *columns: Any, where: Any = None, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


tasks = Table(
    "tasks",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("public_id", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("thread_id", Text),
    Column("parent_id", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("priority", SmallInteger, nullable=False, server_default="0"),
    # Standing: changes a few times in a task's life.
    Column("status", Text, nullable=False),
    Column("outcome", Text),
    Column("waiting_reason", Text),
    Column("due_at", BigInteger),  # when to look at the task, if nobody holds it; null: it rests or has ended
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    # Progress: changes with every commit.
    Column("last_seq", Integer, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("model_calls", Integer, nullable=False),
    Column("tool_calls", Integer, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("cached_input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cost_usd", Float(53), nullable=False),
    # Lease and inbox.
    Column("epoch", Integer, nullable=False, server_default="0"),
    Column("lease_owner", Text),
    Column("lease_until", BigInteger),
    Column("running", Boolean, nullable=False, server_default=false()),  # held by a worker that works on it
    Column("takeovers", Integer, nullable=False, server_default="0"),  # in a row, from dead workers, without progress
    Column("progress_at_takeover", BigInteger),
    Column("mail_at", BigInteger),  # when the oldest message in the inbox came; null: the inbox is empty
)
_index("ux_tasks_public_id", tasks.c.public_id, unique=True)
_index("ix_tasks_tenant", tasks.c.tenant, tasks.c.id)
_index("ix_tasks_tenant_status", tasks.c.tenant, tasks.c.status, tasks.c.id)
_index("ix_tasks_tenant_thread", tasks.c.tenant, tasks.c.thread_id, where=tasks.c.thread_id.is_not(None))
_index(
    "ix_tasks_thread_open",
    tasks.c.tenant,
    tasks.c.thread_id,
    tasks.c.id,
    where=and_(tasks.c.thread_id.is_not(None), tasks.c.ended_at.is_(None)),
)
_index("ix_tasks_queued", tasks.c.id, where=tasks.c.waiting_reason == "concurrency")
_index("ix_tasks_tenant_parent", tasks.c.tenant, tasks.c.parent_id, where=tasks.c.parent_id.is_not(None))
_index("ix_tasks_due_at", tasks.c.due_at, where=tasks.c.due_at.is_not(None))
_index("ix_tasks_mail_at", tasks.c.mail_at, where=tasks.c.mail_at.is_not(None))
_index("ix_tasks_lease_owner", tasks.c.lease_owner, where=tasks.c.lease_owner.is_not(None))

task_documents = Table(
    "task_documents",
    metadata,
    Column("task", RowId, ForeignKey(tasks.c.id), primary_key=True, autoincrement=False),
    Column("request", Text, nullable=False),
    Column("result", Text, nullable=False),
)

events = Table(
    "events",
    metadata,
    # No foreign key: only the append that holds the task's row writes here, and it is the one hot path.
    Column("task", BigInteger, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("schema_version", SmallInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("intent_key", Text),
    Column("data", Text),
    Column("digest", LargeBinary),
    Column("forgotten_at", BigInteger),
    PrimaryKeyConstraint("task", "seq"),
)
_index("ix_events_blob", events.c.tenant, events.c.digest, where=events.c.digest.is_not(None))

blobs = Table(
    "blobs",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "digest"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("task", RowId, ForeignKey(tasks.c.id), nullable=False),
    Column("kind", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    # A number is never given twice, so a holder cannot drain a message it has not seen.
    sqlite_autoincrement=True,
)
_index("ix_inbox_task", inbox.c.task, inbox.c.id)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("task", Text, nullable=False),  # its public id
    PrimaryKeyConstraint("tenant", "key"),
)

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)


audit_log = Table(
    "audit_log",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("hash", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "seq"),
)

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("hash", Text, nullable=False),
)


credentials = Table(
    "credentials",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "user_name", "name"),
)


class database_now(FunctionElement[int]):  # noqa: N801 - reads as the SQL function it is
    """The database's own clock, in microseconds since 1970; one value within a statement."""

    type = BigInteger()
    inherit_cache = True


@compiles(database_now, "sqlite")
def _sqlite_now(element: database_now, compiler: Any, **kwargs: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"


@compiles(database_now, "postgresql")
def _postgresql_now(element: database_now, compiler: Any, **kwargs: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000000 AS BIGINT)"
