"""Short links, saved views and start pages."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    row_number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "short_links",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("path", sa.String(64), nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("is_frozen", sa.Boolean, nullable=False),
        sa.Column("data_version", sa.String(64)),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime),
        sa.Column("revoked_at", sa.DateTime),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_short_links")),
    )
    op.create_index(op.f("ix_short_links_owner"), "short_links", ["owner"])
    op.create_table(
        "saved_views",
        sa.Column("id", row_number, nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("name_key", sa.String(320), nullable=False),
        sa.Column("path", sa.String(64), nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("is_shared", sa.Boolean, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
        sa.Column("updated_by", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("owner", "name_key", name=op.f("uq_saved_views_owner_name_key")),
    )
    op.create_table(
        "start_views",
        sa.Column("username", sa.String(64), nullable=False),
        sa.Column("view_id", row_number, nullable=False),
        sa.PrimaryKeyConstraint("username", name=op.f("pk_start_views")),
        sa.ForeignKeyConstraint(
            ["view_id"],
            ["saved_views.id"],
            name=op.f("fk_start_views_view_id_saved_views"),
            ondelete="CASCADE",
        ),
    )
