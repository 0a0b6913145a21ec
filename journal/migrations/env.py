"""Run by Alembic, inside the connection and transaction that ``journal.upgrading`` hands it."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
