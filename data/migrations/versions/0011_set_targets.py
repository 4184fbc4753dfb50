"""Targets that are set in the app: every version with who set it, when and why."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "target_versions",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("company", sa.Text, nullable=False),
        sa.Column("metric", sa.String(100), nullable=False),
        sa.Column("grain", sa.String(8), nullable=False),
        sa.Column("period_start", sa.Date, nullable=False),
        sa.Column("dimension", sa.String(32)),
        sa.Column("member", sa.Text),
        sa.Column("value", sa.Double),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("set_by", sa.String(64), nullable=False),
        sa.Column("set_at", sa.DateTime, nullable=False),
        sa.Column("set_as_of", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_target_versions")),
    )
    op.create_index(op.f("ix_target_versions_company"), "target_versions", ["company", "metric"])
