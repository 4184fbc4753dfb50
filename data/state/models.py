"""The tables of the state database. Moments are UTC without a zone, as in the warehouse."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
    true,
)
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
    all. Who signs in at an identity provider is known by ``issuer`` and ``subject``, and has no
    password here.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint(
            "role IN ('viewer', 'editor_marketing', 'editor_sales', 'admin')", name="role"
        ),
        CheckConstraint(
            "(password_hash IS NULL) = (issuer IS NOT NULL)", name="password_or_issuer"
        ),
        CheckConstraint("(issuer IS NULL) = (subject IS NULL)", name="issuer_and_subject"),
        UniqueConstraint("issuer", "subject"),
    )

    username: Mapped[str] = mapped_column(String(64), primary_key=True)
    full_name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(320))
    password_hash: Mapped[str | None] = mapped_column(String(60))
    issuer: Mapped[str | None] = mapped_column(String(255))
    subject: Mapped[str | None] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(32))
    is_active: Mapped[bool] = mapped_column(server_default=true())
    must_change_password: Mapped[bool] = mapped_column(server_default=false())
    # What the account may see, as data/row_scope.py writes it, a JSON list; NULL: everything.
    row_scope: Mapped[str | None] = mapped_column(Text)
    session_epoch: Mapped[int]
    sessions_ended_at: Mapped[datetime | None]
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


class DefinitionVersion(Base):
    """What a KPI's number meant from the moment on at which it was first seen.

    ``parts`` is all that decides it, as JSON, ``fingerprint`` its hash
    (``metrics/definitions.py``). Rows are never changed: another definition adds the next
    ``version``, and the newest holds.
    """

    __tablename__ = "definition_versions"

    company: Mapped[str] = mapped_column(Text, primary_key=True)
    metric: Mapped[str] = mapped_column(String(100), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    fingerprint: Mapped[str] = mapped_column(String(64))
    parts: Mapped[str] = mapped_column(Text)
    seen_at: Mapped[datetime] = mapped_column(default=utc_now)


# SQLite numbers rows by itself only where the key is INTEGER.
_RowNumber = BigInteger().with_variant(Integer(), "sqlite")


class AuditEvent(Base):
    """One line of the audit log. Triggers of the database refuse to change or delete one.

    ``actor`` is who did it (NULL: nobody who was signed in), ``subject`` what it was done to, and
    ``detail`` a small JSON object.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        CheckConstraint("source IN ('app', 'cli')", name="source"),
        # A number is never given twice, so that a gap tells of a row that was taken out.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(_RowNumber, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(String(8))
    actor: Mapped[str | None] = mapped_column(String(64))
    event: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str | None] = mapped_column(String(200))
    detail: Mapped[str] = mapped_column(Text)


class ShortLink(Base):
    """A link under a short id: a page and its query string, never a right.

    ``data_version`` is noted where the link is frozen: what the numbers were made from.
    """

    __tablename__ = "short_links"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    path: Mapped[str] = mapped_column(String(64))
    query: Mapped[str] = mapped_column(Text)
    is_frozen: Mapped[bool]
    data_version: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SavedView(Base):
    """A page and its query string under a name. ``revision`` grows with every change.

    ``name_key`` is the name as it is compared: one owner has no two that look alike.
    """

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("owner", "name_key"),)

    id: Mapped[int] = mapped_column(_RowNumber, primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(String(320))
    path: Mapped[str] = mapped_column(String(64))
    query: Mapped[str] = mapped_column(Text)
    is_shared: Mapped[bool]
    revision: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_by: Mapped[str] = mapped_column(String(64))


class StartView(Base):
    """The saved view that a person's visits begin with."""

    __tablename__ = "start_views"

    username: Mapped[str] = mapped_column(String(64), primary_key=True)
    view_id: Mapped[int] = mapped_column(ForeignKey("saved_views.id", ondelete="CASCADE"))
