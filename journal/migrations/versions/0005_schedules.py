"""Schedules, and what became of each of their fires."""

import sqlalchemy as sa
from alembic import op

revision = "0005_schedules"
down_revision = "0004_threads"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schedules",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("declared", sa.Boolean, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("next_at", sa.BigInteger),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("rests_until", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_schedules"),
    )
    op.create_index("ux_schedules_tenant_name", "schedules", ["tenant", "name"], unique=True)
    due = sa.text("due_at IS NOT NULL")
    op.create_index("ix_schedules_due_at", "schedules", ["due_at"], sqlite_where=due, postgresql_where=due)
    op.create_table(
        "schedule_fires",
        sa.Column("schedule", sa.Text, nullable=False),
        sa.Column("fire_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("open_at", sa.BigInteger),
        sa.Column("task", sa.Text),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["schedule"], ["schedules.id"], name="fk_schedule_fires_schedule", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("schedule", "fire_at", name="pk_schedule_fires"),
    )
    under_way = sa.text("open_at IS NOT NULL")
    op.create_index(
        "ix_schedule_fires_open",
        "schedule_fires",
        ["schedule", "fire_at"],
        sqlite_where=under_way,
        postgresql_where=under_way,
    )
