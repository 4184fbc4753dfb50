"""Joint reviews: plans, reviews, snapshots and their figures."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "review_plans",
        sa.Column("cadence", sa.String(16), nullable=False),
        sa.Column("participants", sa.Text, nullable=False),
        sa.Column("agenda", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
        sa.Column("updated_by", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("cadence", name=op.f("pk_review_plans")),
    )
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("cadence", sa.String(16), nullable=False),
        sa.Column("held_on", sa.Date, nullable=False),
        sa.Column("as_of", sa.DateTime, nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("participants", sa.Text, nullable=False),
        sa.Column("agenda", sa.Text, nullable=False),
        sa.Column("opened_at", sa.DateTime, nullable=False),
        sa.Column("opened_by", sa.String(64), nullable=False),
        sa.Column("closed_at", sa.DateTime),
        sa.Column("closed_by", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index(op.f("ix_reviews_held_on"), "reviews", ["held_on"])
    _create_snapshots()


def _create_snapshots() -> None:
    op.create_table(
        "review_snapshots",
        sa.Column("review_id", sa.String(32), nullable=False),
        sa.Column("data_version", sa.String(64), nullable=False),
        sa.Column("program_version", sa.String(64), nullable=False),
        sa.Column("as_of", sa.DateTime, nullable=False),
        sa.Column("config", sa.Text, nullable=False),
        sa.Column("views", sa.Text, nullable=False),
        sa.Column("taken_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("review_id", name=op.f("pk_review_snapshots")),
        sa.ForeignKeyConstraint(
            ["review_id"], ["reviews.id"], name=op.f("fk_review_snapshots_review_id_reviews")
        ),
    )
    op.create_table(
        "review_figures",
        sa.Column("review_id", sa.String(32), nullable=False),
        sa.Column("place", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("item", sa.Integer, nullable=False),
        sa.Column("metric", sa.String(100), nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("qualifier", sa.Text),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("grain", sa.String(16), nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date, nullable=False),
        sa.Column("is_cut", sa.Boolean, nullable=False),
        sa.Column("part_from", sa.Date),
        sa.Column("part_to", sa.Date),
        sa.Column("filters", sa.Text, nullable=False),
        sa.Column("window_days", sa.Integer),
        *(
            sa.Column(name, sa.Double)
            for name in ("value", "numerator", "denominator", "bound", "target")
        ),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("maturing", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("definition", sa.String(64), nullable=False),
        sa.Column("definition_version", sa.Integer),
        sa.PrimaryKeyConstraint("review_id", "place", name=op.f("pk_review_figures")),
        sa.ForeignKeyConstraint(
            ["review_id"], ["reviews.id"], name=op.f("fk_review_figures_review_id_reviews")
        ),
    )
