"""The tables of the state database. Moments are UTC without a zone, as in the warehouse."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import CheckConstraint, Double, MetaData, String, Text, false, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def utc_now() -> datetime:
    """Now, as the state database keeps moments: UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


class Base(DeclarativeBase):
    # Constraints carry names, so that a later migration can name the one it changes.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class User(Base):
    """A person's account.

    ``session_epoch`` is carried by every session and cookie of the account; raising it ends them
    all.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint(
            "role IN ('viewer', 'editor_marketing', 'editor_sales', 'admin')", name="role"
        ),
    )

    username: Mapped[str] = mapped_column(String(64), primary_key=True)
    full_name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(320))
    password_hash: Mapped[str] = mapped_column(String(60))
    role: Mapped[str] = mapped_column(String(32))
    is_active: Mapped[bool] = mapped_column(server_default=true())
    must_change_password: Mapped[bool] = mapped_column(server_default=false())
    # What the account may see, as data/row_scope.py writes it, a JSON list; NULL: everything.
    row_scope: Mapped[str | None] = mapped_column(Text)
    session_epoch: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)
    password_changed_at: Mapped[datetime] = mapped_column(default=utc_now)


class SignInFailure(Base):
    """Failed sign-ins in a row under one name, whether or not an account of that name exists.

    Names without an account are counted and locked like the others, or the lock itself would tell
    which accounts exist.
    """

    __tablename__ = "sign_in_failures"

    username: Mapped[str] = mapped_column(String(64), primary_key=True)
    failed_attempts: Mapped[int]
    last_failed_at: Mapped[datetime] = mapped_column(index=True)


class Baseline(Base):
    """The locked baseline of one KPI's chart: what its natural limits are made of.

    ``key`` is a hash of metric, cadence, filters and fingerprint (of the definition). Rows are
    never changed: a re-base adds the next ``revision``, with its reason, and the newest holds.
    Numbers are in the unit of the charted series, which ``basis`` names.
    """

    __tablename__ = "baselines"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    metric: Mapped[str] = mapped_column(String(100))
    cadence: Mapped[str] = mapped_column(String(16))
    filters: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(64))
    basis: Mapped[str] = mapped_column(String(16))
    first_period: Mapped[str] = mapped_column(String(20))
    last_period: Mapped[str] = mapped_column(String(20))
    mean: Mapped[float] = mapped_column(Double)
    mean_range: Mapped[float] = mapped_column(Double)
    lowest: Mapped[float] = mapped_column(Double)
    highest: Mapped[float] = mapped_column(Double)
    count: Mapped[int]
    locked_at: Mapped[datetime] = mapped_column(default=utc_now)
    reason: Mapped[str | None] = mapped_column(Text)
    locked_by: Mapped[str | None] = mapped_column(String(64))
