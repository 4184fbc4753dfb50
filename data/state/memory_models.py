"""The tables of the joint review's memory: comments, decisions, actions and disputes.

What people write is never changed in place. A comment, a decision or an action has one row a
version under one id; two versions made from the same one collide on the primary key, so that of
two people who write at once neither can overwrite the other.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from data.state.models import Base, utc_now


class Versioned:
    """One version of something written: its id, its number (0 the first), by whom and when."""

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    company: Mapped[str] = mapped_column(Text)
    review_id: Mapped[str | None] = mapped_column(String(64), index=True)
    written_by: Mapped[str] = mapped_column(String(64))
    written_at: Mapped[datetime] = mapped_column(default=utc_now)


class CommentVersion(Versioned, Base):
    """What was said of a KPI in a period, under filters (``data/review_memory/filters.py``)."""

    __tablename__ = "comment_versions"
    __table_args__ = (Index("ix_comment_versions_period", "company", "period", "metric"),)

    metric: Mapped[str] = mapped_column(String(100))
    period: Mapped[str] = mapped_column(String(20))
    filters: Mapped[str] = mapped_column(Text)
    happened: Mapped[str] = mapped_column(Text)
    doing: Mapped[str] = mapped_column(Text)


class DecisionVersion(Versioned, Base):
    """What was decided. ``is_withdrawn``: it no longer holds, and ``reason`` says why."""

    __tablename__ = "decision_versions"

    words: Mapped[str] = mapped_column(Text)
    is_withdrawn: Mapped[bool]
    reason: Mapped[str | None] = mapped_column(Text)


class ActionVersion(Versioned, Base):
    """Who does what by when; ``owner`` is a user name or any other name, as it was typed."""

    __tablename__ = "action_versions"
    __table_args__ = (CheckConstraint("status IN ('open', 'done', 'dropped')", name="status"),)

    words: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(String(200))
    due_on: Mapped[date]
    status: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str | None] = mapped_column(Text)


class RaisedDispute(Base):
    """A number that somebody doubts, as it stood when they did. Rows are never changed.

    ``raised_as_of`` is how far the data reached then: the moment on the event clock at which the
    dispute began (``raised_at`` is the one on the wall). ``shown_value`` is NULL where the figure
    was undefined; ``record_id`` names the one record that the doubt is about, where there is one.
    """

    __tablename__ = "disputes"
    __table_args__ = (Index("ix_disputes_company", "company", "metric"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    company: Mapped[str] = mapped_column(Text)
    metric: Mapped[str] = mapped_column(String(100))
    period: Mapped[str] = mapped_column(String(20))
    filters: Mapped[str] = mapped_column(Text)
    as_of: Mapped[datetime]
    shown_value: Mapped[float | None] = mapped_column(Double)
    shown_words: Mapped[str] = mapped_column(String(100))
    data_version: Mapped[str] = mapped_column(String(64))
    definition_version: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    record_id: Mapped[str | None] = mapped_column(String(200))
    record_total: Mapped[int]
    review_id: Mapped[str | None] = mapped_column(String(64))
    raised_by: Mapped[str] = mapped_column(String(64))
    raised_at: Mapped[datetime] = mapped_column(default=utc_now)
    raised_as_of: Mapped[datetime]


class DisputeRecord(Base):
    """One record behind a disputed number: the noun of its list ("handoffs") and its id."""

    __tablename__ = "dispute_records"

    dispute_id: Mapped[str] = mapped_column(ForeignKey("disputes.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    noun: Mapped[str] = mapped_column(String(64))
    record_id: Mapped[str] = mapped_column(String(200))


class SettledDispute(Base):
    """How a dispute ended; of two that settle it at once the first does."""

    __tablename__ = "dispute_settlements"

    dispute_id: Mapped[str] = mapped_column(ForeignKey("disputes.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    settled_by: Mapped[str] = mapped_column(String(64))
    settled_at: Mapped[datetime] = mapped_column(default=utc_now)
    settled_as_of: Mapped[datetime]
