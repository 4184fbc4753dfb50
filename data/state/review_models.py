"""The tables of the joint review: plans, reviews, and what closing one froze."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Double, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from data.state.models import Base, utc_now


class ReviewPlan(Base):
    """What a company made of one cadence's plan; without a row the built-in one holds.

    ``participants`` is a JSON list of names, ``agenda`` one of items (metrics/review/agenda.py).
    ``revision`` grows with every change, so that nobody overwrites what they have not seen.
    """

    __tablename__ = "review_plans"

    cadence: Mapped[str] = mapped_column(String(16), primary_key=True)
    participants: Mapped[str] = mapped_column(Text)
    agenda: Mapped[str] = mapped_column(Text)
    revision: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_by: Mapped[str] = mapped_column(String(64))


class Review(Base):
    """One meeting: its plan as it was then, its moment, and the view that it begins with.

    ``id`` is permanent and random; ``query`` is the view's query string without the moment.
    """

    __tablename__ = "reviews"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    cadence: Mapped[str] = mapped_column(String(16))
    held_on: Mapped[date] = mapped_column(index=True)
    as_of: Mapped[datetime]
    query: Mapped[str] = mapped_column(Text)
    participants: Mapped[str] = mapped_column(Text)
    agenda: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(default=utc_now)
    opened_by: Mapped[str] = mapped_column(String(64))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(64))


class ReviewSnapshot(Base):
    """What the figures of a closed review were made from, and the views that showed them.

    ``config`` is the configuration as JSON, ``views`` the frozen models by item (JSON). ``pages``
    are the agenda's pages as they were (metrics/review/frozen_pages.py), compressed and read only
    when asked for; NULL of a review that was closed before they were kept.
    """

    __tablename__ = "review_snapshots"

    review_id: Mapped[str] = mapped_column(ForeignKey("reviews.id"), primary_key=True)
    data_version: Mapped[str] = mapped_column(String(64))
    program_version: Mapped[str] = mapped_column(String(64))
    as_of: Mapped[datetime]
    config: Mapped[str] = mapped_column(Text)
    views: Mapped[str] = mapped_column(Text)
    pages: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True, default=None)
    taken_at: Mapped[datetime] = mapped_column(default=utc_now)


class ReviewFigure(Base):
    """One frozen number with all that it takes to ask for it again. Rows are never changed.

    Days from ``starts_on`` to ``ends_on`` (exclusive); ``part_from`` and ``part_to`` are those of
    the period that they are cut from. ``definition`` is the fingerprint of the KPI's definition,
    ``definition_version`` its number on record. ``value`` is None where undefined.
    """

    __tablename__ = "review_figures"

    review_id: Mapped[str] = mapped_column(ForeignKey("reviews.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item: Mapped[int]
    metric: Mapped[str] = mapped_column(String(100))
    label: Mapped[str] = mapped_column(Text)
    qualifier: Mapped[str | None] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(String(16))
    grain: Mapped[str] = mapped_column(String(16))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    is_cut: Mapped[bool]
    part_from: Mapped[date | None]
    part_to: Mapped[date | None]
    filters: Mapped[str] = mapped_column(Text)
    window_days: Mapped[int | None]
    value: Mapped[float | None] = mapped_column(Double)
    numerator: Mapped[float | None] = mapped_column(Double)
    denominator: Mapped[float | None] = mapped_column(Double)
    bound: Mapped[float | None] = mapped_column(Double)
    target: Mapped[float | None] = mapped_column(Double)
    status: Mapped[str] = mapped_column(String(16))
    maturing: Mapped[int]
    reason: Mapped[str | None] = mapped_column(Text)
    definition: Mapped[str] = mapped_column(String(64))
    definition_version: Mapped[int | None]
