"""A closed review keeps the pages of its agenda.

Revision ID: 0012
Revises: 0009
Create Date: 2026-11-30
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("review_snapshots") as table:
        table.add_column(sa.Column("pages", sa.LargeBinary))


def downgrade() -> None:
    with op.batch_alter_table("review_snapshots") as table:
        table.drop_column("pages")
