"""Tasks, events, inbox, blobs, idempotency keys."""

import sqlalchemy as sa
from alembic import op

revision = "0001_journal"
down_revision = None
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _tasks()
    _task_documents()
    _events()
    _blobs()
    _inbox()
    _idempotency_keys()
    meta = op.create_table(
        "meta",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
    )
    op.bulk_insert(meta, [{"name": "min_code_version", "value": "0.1.0"}])


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("public_id", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("thread_id", sa.Text),
        sa.Column("parent_id", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("waiting_reason", sa.Text),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("last_seq", sa.Integer, nullable=False),
        sa.Column("steps", sa.Integer, nullable=False),
        sa.Column("model_calls", sa.Integer, nullable=False),
        sa.Column("tool_calls", sa.Integer, nullable=False),
        sa.Column("input_tokens", sa.BigInteger, nullable=False),
        sa.Column("cached_input_tokens", sa.BigInteger, nullable=False),
        sa.Column("output_tokens", sa.BigInteger, nullable=False),
        sa.Column("cost_usd", sa.Float(53), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False, server_default="0"),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("mail_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
    )
    op.create_index("ux_tasks_public_id", "tasks", ["public_id"], unique=True)
    op.create_index("ix_tasks_tenant", "tasks", ["tenant", "id"])
    op.create_index("ix_tasks_tenant_status", "tasks", ["tenant", "status", "id"])
    _partial_index("ix_tasks_tenant_thread", "tasks", ["tenant", "thread_id"])
    _partial_index("ix_tasks_tenant_parent", "tasks", ["tenant", "parent_id"])
    _partial_index("ix_tasks_due_at", "tasks", ["due_at"])
    _partial_index("ix_tasks_mail_at", "tasks", ["mail_at"])
    _partial_index("ix_tasks_lease_owner", "tasks", ["lease_owner"])


def _task_documents() -> None:
    op.create_table(
        "task_documents",
        sa.Column("task", ROW_ID, nullable=False, autoincrement=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("task", name="pk_task_documents"),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], name="fk_task_documents_task"),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("task", sa.BigInteger, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("schema_version", sa.SmallInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("intent_key", sa.Text),
        sa.Column("data", sa.Text),
        sa.Column("digest", sa.LargeBinary),
        sa.Column("forgotten_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("task", "seq", name="pk_events"),
    )
    _partial_index("ix_events_blob", "events", ["tenant", "digest"])


def _blobs() -> None:
    op.create_table(
        "blobs",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "digest", name="pk_blobs"),
    )


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("task", ROW_ID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], name="fk_inbox_task"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_inbox_task", "inbox", ["task", "id"])


def _idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "key", name="pk_idempotency_keys"),
    )


def _partial_index(name: str, table: str, columns: list[str]) -> None:
    """An index over the rows whose last column is not null."""
    where = sa.text(f"{columns[-1]} IS NOT NULL")
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
