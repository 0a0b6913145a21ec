"""Users and roles of keys, their limits and lives, the audit log, and the tools' credentials of each user."""

import sqlalchemy as sa
from alembic import op

revision = "0003_perimeter"
down_revision = "0002_api_keys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("user_name", sa.Text),
        sa.Column("roles", sa.JSON),
        sa.Column("requests_per_minute", sa.Integer),
        sa.Column("expires_at", sa.BigInteger),
    ):
        op.add_column("api_keys", column)
    op.create_table(
        "api_rates",
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("tokens", sa.Float(53), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_rates"),
    )
    op.create_table(
        "audit_log",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("via", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "seq", name="pk_audit_log"),
    )
    op.create_table(
        "audit_heads",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant", name="pk_audit_heads"),
    )
    op.create_table(
        "credentials",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "user_name", "name", name="pk_credentials"),
    )
