"""The schedules' tables, beside the journal's in the same database. Times are microseconds since 1970 (UTC)."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text

from journal.schema import metadata

schedules = Table(
    "schedules",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("declared", Boolean, nullable=False),  # in journeyman.toml
    Column("request", Text, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),  # counts every change: who writes names the one it has seen
    Column("next_at", BigInteger),  # the next fire; null: there is none
    Column("due_at", BigInteger),  # when to look at it; null: paused, or without a next fire
    Column("failures", Integer, nullable=False),  # in a row
    Column("rests_until", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)
Index("ux_schedules_tenant_name", schedules.c.tenant, schedules.c.name, unique=True)
Index(
    "ix_schedules_due_at",
    schedules.c.due_at,
    sqlite_where=schedules.c.due_at.is_not(None),
    postgresql_where=schedules.c.due_at.is_not(None),
)

schedule_fires = Table(
    "schedule_fires",
    metadata,
    Column("schedule", Text, ForeignKey(schedules.c.id, ondelete="CASCADE"), nullable=False),
    Column("fire_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("open_at", BigInteger),  # since when its task is to come or under way; null: it is over
    Column("task", Text),  # its public id
    Column("why", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("schedule", "fire_at"),
)
Index(
    "ix_schedule_fires_open",
    schedule_fires.c.schedule,
    schedule_fires.c.fire_at,
    sqlite_where=schedule_fires.c.open_at.is_not(None),
    postgresql_where=schedule_fires.c.open_at.is_not(None),
)
