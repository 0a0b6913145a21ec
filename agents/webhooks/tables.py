"""The tables of webhooks, beside the journal's in the same database."""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, Table, Text

from journal.schema import metadata

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("task", Text),  # its public id; null: for all tasks of the tenant
    Column("url", Text, nullable=False),
    Column("events", JSON, nullable=False),  # empty: all
    Column("secrets", JSON, nullable=False),  # newest first: [{"sealed", "until"}]
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    Column("disabled_why", Text),
)
Index("ix_webhooks_tenant", webhooks.c.tenant, webhooks.c.task, webhooks.c.id)

deliveries = Table(
    "webhook_deliveries",
    metadata,
    # No foreign key: a delivery is written in the hot transaction of the event it tells of.
    Column("id", Text, primary_key=True),
    Column("webhook", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("event", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("status", Text, nullable=False),  # pending, delivered, failed
    Column("tries", Integer, nullable=False),  # since it was written or asked for again
    Column("claims", Integer, nullable=False),  # fences: who claimed it earlier can note nothing
    Column("due_at", BigInteger),  # when to send it, or for one that is being sent, when to take it for lost
    Column("attempts", JSON, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
)
Index("ix_webhook_deliveries_webhook", deliveries.c.webhook, deliveries.c.id)
Index(
    "ix_webhook_deliveries_due",
    deliveries.c.due_at,
    sqlite_where=deliveries.c.due_at.is_not(None),
    postgresql_where=deliveries.c.due_at.is_not(None),
)
Index(
    "ix_webhook_deliveries_ended",
    deliveries.c.ended_at,
    sqlite_where=deliveries.c.ended_at.is_not(None),
    postgresql_where=deliveries.c.ended_at.is_not(None),
)
