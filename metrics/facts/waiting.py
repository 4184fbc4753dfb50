"""Handoffs that wait for their answer and are not yet due, and which of them soon will be."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import FromClause, cast, func, literal
from sqlalchemy.types import DateTime, Double

from data.dialects.functions import microseconds_between
from data.handoff_clock import MICROSECONDS, holds, position_of
from data.tables import business_days, handoff_clock, handoffs
from metrics.facts.base import Column, Context, Count, Fact, Shown
from metrics.facts.handoffs import SECONDS_AN_HOUR, handoff_record, links, response_at

# Due soon: less than this part of the response target is left.
DUE_SOON = 0.25

_now = business_days.alias("row_of_now")
_due = business_days.alias("row_of_due")


def with_time_left(source: FromClause, as_of: datetime) -> FromClause:
    """A FROM with ``handoff_clock``, joined to what ``seconds_left`` and ``is_due_soon`` read.

    Both joins find at most one row, so no handoff is dropped or doubled.
    """
    c = handoff_clock.c
    moment = literal(as_of, DateTime)
    return source.outerjoin(_now, holds(_now, c.calendar, moment)).outerjoin(
        _due, holds(_due, c.calendar, c.due_at)
    )


def seconds_left(as_of: datetime) -> Column:
    """Business seconds from the as-of moment to the due time; plain ones outside the calendars."""
    moment, due_at = literal(as_of, DateTime), handoff_clock.c.due_at
    left = position_of(_due, due_at) - position_of(_now, moment)
    return cast(func.coalesce(left, microseconds_between(moment, due_at)), Double) / MICROSECONDS


def is_waiting(as_of: datetime) -> Column:
    """Whether a handoff is unanswered and not yet due."""
    return (handoff_clock.c.due_at > as_of) & response_at(as_of).is_(None)


def is_due_soon(as_of: datetime) -> Column:
    """Whether less than a quarter of the target is left of a handoff that waits."""
    return is_waiting(as_of) & (seconds_left(as_of) < handoff_clock.c.target_seconds * DUE_SOON)


def waiting(context: Context) -> Fact:
    """Handoffs by ``handed_at`` that are unanswered and not yet due at the as-of moment."""
    c, as_of = handoff_clock.c, context.as_of
    clocked = handoffs.join(handoff_clock, c.handoff_id == handoffs.c.handoff_id)
    return Fact(
        source=with_time_left(clocked, as_of),
        moment=handoffs.c.handed_at,
        links=links(),
        measures={"n": Count(), "due_soon": Count(is_due_soon(as_of))},
        conditions=(handoffs.c.handed_at <= as_of, is_waiting(as_of)),
        record=handoff_record(
            "Handed over",
            {
                "due_at": Shown("Due", c.due_at, "moment"),
                "hours_left": Shown("Left", seconds_left(as_of) / SECONDS_AN_HOUR, "hours"),
            },
        ),
    )
