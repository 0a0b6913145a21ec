"""What many workers need to know of a task: its priority, whether it counts as at work, and how often its worker died."""

import sqlalchemy as sa
from alembic import op

revision = "0007_workers"
down_revision = "0006_webhooks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tasks", sa.Column("priority", sa.SmallInteger, nullable=False, server_default="0"))
    op.add_column("tasks", sa.Column("running", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("tasks", sa.Column("takeovers", sa.Integer, nullable=False, server_default="0"))
    op.add_column("tasks", sa.Column("progress_at_takeover", sa.BigInteger))
