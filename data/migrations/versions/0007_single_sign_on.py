"""Accounts of people who sign in at an identity provider, and their sign-ins."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("users") as users:
        users.alter_column("password_hash", existing_type=sa.String(60), nullable=True)
        users.add_column(sa.Column("issuer", sa.String(255)))
        users.add_column(sa.Column("subject", sa.String(255)))
        users.add_column(sa.Column("sessions_ended_at", sa.DateTime))
        users.create_unique_constraint(op.f("uq_users_issuer_subject"), ["issuer", "subject"])
        users.create_check_constraint(
            op.f("ck_users_password_or_issuer"), "(password_hash IS NULL) = (issuer IS NOT NULL)"
        )
        users.create_check_constraint(
            op.f("ck_users_issuer_and_subject"), "(issuer IS NULL) = (subject IS NULL)"
        )
    op.create_table(
        "sso_sign_ins",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("username", sa.String(64)),
        sa.Column("session_epoch", sa.Integer),
        sa.Column("signed_in_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("refusal", sa.Text),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sso_sign_ins")),
    )
    op.create_index(op.f("ix_sso_sign_ins_signed_in_at"), "sso_sign_ins", ["signed_in_at"])
