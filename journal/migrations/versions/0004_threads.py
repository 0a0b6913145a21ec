"""The tasks of a thread are worked on in their order."""

import sqlalchemy as sa
from alembic import op

revision = "0004_threads"
down_revision = "0003_perimeter"
branch_labels = None
depends_on = None


def upgrade() -> None:
    unended = sa.text("thread_id IS NOT NULL AND ended_at IS NULL")
    op.create_index(
        "ix_tasks_thread_open",
        "tasks",
        ["tenant", "thread_id", "id"],
        sqlite_where=unended,
        postgresql_where=unended,
    )
    queued = sa.text("waiting_reason = 'concurrency'")
    op.create_index("ix_tasks_queued", "tasks", ["id"], sqlite_where=queued, postgresql_where=queued)
