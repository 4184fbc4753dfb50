"""The joint review's memory: comments, decisions, actions and disputes."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _versioned(*columns: sa.Column) -> list[sa.Column]:
    return [
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("company", sa.Text, nullable=False),
        sa.Column("review_id", sa.String(64)),
        sa.Column("written_by", sa.String(64), nullable=False),
        sa.Column("written_at", sa.DateTime, nullable=False),
        *columns,
    ]


def _create_versioned(name: str, *parts: sa.schema.SchemaItem) -> None:
    columns = [part for part in parts if isinstance(part, sa.Column)]
    constraints = [part for part in parts if not isinstance(part, sa.Column)]
    op.create_table(
        name,
        *_versioned(*columns),
        sa.PrimaryKeyConstraint("id", "version", name=op.f(f"pk_{name}")),
        *constraints,
    )
    op.create_index(op.f(f"ix_{name}_review_id"), name, ["review_id"])


def upgrade() -> None:
    _create_versioned(
        "comment_versions",
        sa.Column("metric", sa.String(100), nullable=False),
        sa.Column("period", sa.String(20), nullable=False),
        sa.Column("filters", sa.Text, nullable=False),
        sa.Column("happened", sa.Text, nullable=False),
        sa.Column("doing", sa.Text, nullable=False),
    )
    op.create_index(
        "ix_comment_versions_period", "comment_versions", ["company", "period", "metric"]
    )
    _create_versioned(
        "decision_versions",
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("is_withdrawn", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text),
    )
    _create_versioned(
        "action_versions",
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text),
        sa.CheckConstraint(
            "status IN ('open', 'done', 'dropped')", name=op.f("ck_action_versions_status")
        ),
    )
    _create_disputes()


def _create_disputes() -> None:
    op.create_table(
        "disputes",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("company", sa.Text, nullable=False),
        sa.Column("metric", sa.String(100), nullable=False),
        sa.Column("period", sa.String(20), nullable=False),
        sa.Column("filters", sa.Text, nullable=False),
        sa.Column("as_of", sa.DateTime, nullable=False),
        sa.Column("shown_value", sa.Double),
        sa.Column("shown_words", sa.String(100), nullable=False),
        sa.Column("data_version", sa.String(64), nullable=False),
        sa.Column("definition_version", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("record_id", sa.String(200)),
        sa.Column("record_total", sa.Integer, nullable=False),
        sa.Column("review_id", sa.String(64)),
        sa.Column("raised_by", sa.String(64), nullable=False),
        sa.Column("raised_at", sa.DateTime, nullable=False),
        sa.Column("raised_as_of", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
    )
    op.create_index("ix_disputes_company", "disputes", ["company", "metric"])
    op.create_table(
        "dispute_records",
        sa.Column("dispute_id", sa.String(32), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("noun", sa.String(64), nullable=False),
        sa.Column("record_id", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("dispute_id", "place", name=op.f("pk_dispute_records")),
        sa.ForeignKeyConstraint(
            ["dispute_id"], ["disputes.id"], name=op.f("fk_dispute_records_dispute_id_disputes")
        ),
    )
    op.create_table(
        "dispute_settlements",
        sa.Column("dispute_id", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("settled_by", sa.String(64), nullable=False),
        sa.Column("settled_at", sa.DateTime, nullable=False),
        sa.Column("settled_as_of", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("dispute_id", name=op.f("pk_dispute_settlements")),
        sa.ForeignKeyConstraint(
            ["dispute_id"],
            ["disputes.id"],
            name=op.f("fk_dispute_settlements_dispute_id_disputes"),
        ),
    )
