"""Agreements: versions of definitions, who signed them, proposals taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0012"
branch_labels = None
depends_on = None

_VERSION = ("company", "topic", "version")


def _key() -> list[sa.Column]:
    return [
        sa.Column("company", sa.Text, nullable=False),
        sa.Column("topic", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer, autoincrement=False, nullable=False),
    ]


def _of_version(name: str) -> sa.ForeignKeyConstraint:
    there = [f"agreement_versions.{column}" for column in _VERSION]
    return sa.ForeignKeyConstraint(list(_VERSION), there, name=op.f(name))


def upgrade() -> None:
    op.create_table(
        "agreement_versions",
        *_key(),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("holds_from", sa.Date),
        sa.Column("reason", sa.Text),
        sa.Column("proposed_by", sa.String(64)),
        sa.Column("proposed_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint(*_VERSION, name=op.f("pk_agreement_versions")),
    )
    op.create_table(
        "agreement_signatures",
        *_key(),
        sa.Column("team", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("signed_by", sa.String(64), nullable=False),
        sa.Column("signed_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint(*_VERSION, "team", "number", name=op.f("pk_agreement_signatures")),
        _of_version("fk_agreement_signatures_version"),
    )
    op.create_table(
        "agreement_withdrawals",
        *_key(),
        sa.Column("withdrawn_by", sa.String(64), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint(*_VERSION, name=op.f("pk_agreement_withdrawals")),
        _of_version("fk_agreement_withdrawals_version"),
    )
