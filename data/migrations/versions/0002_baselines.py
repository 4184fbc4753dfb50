"""Locked baselines of the natural limits."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "baselines",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("revision", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("metric", sa.String(100), nullable=False),
        sa.Column("cadence", sa.String(16), nullable=False),
        sa.Column("filters", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("basis", sa.String(16), nullable=False),
        sa.Column("first_period", sa.String(20), nullable=False),
        sa.Column("last_period", sa.String(20), nullable=False),
        sa.Column("mean", sa.Double, nullable=False),
        sa.Column("mean_range", sa.Double, nullable=False),
        sa.Column("lowest", sa.Double, nullable=False),
        sa.Column("highest", sa.Double, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("locked_at", sa.DateTime, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("locked_by", sa.String(64)),
        sa.PrimaryKeyConstraint("key", "revision", name=op.f("pk_baselines")),
    )
