"""Loads and builds of the warehouse as they were tried: how each ended, and what it said."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    row_number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "load_attempts",
        sa.Column("id", row_number, nullable=False),
        sa.Column("warehouse", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("begun_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("outcome", sa.String(16)),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("rows", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_load_attempts")),
    )
    op.create_index(op.f("ix_load_attempts_warehouse"), "load_attempts", ["warehouse"])
