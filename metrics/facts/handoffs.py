"""Handoffs: their answer in business time (handbook §4) and their disposition."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, case, cast, func, literal
from sqlalchemy.types import Double

from data.tables import handoff_clock, handoffs
from metrics.facts.base import Column, Context, Count, Fact, Links, Record, Shown

SECONDS_AN_HOUR = 3_600.0
# Ranks an unanswered handoff behind every answer; a percentile that reaches it is undefined.
UNANSWERED = 1e18


def links() -> Links:
    """How a handoff reaches its dimensions; its rep is the one it was assigned to."""
    h = handoffs.c
    return Links(
        own={"priority": h.priority},
        lead_id=h.lead_id,
        account_id=h.account_id,
        rep_id=h.assigned_to,
    )


def _record(dated: str, shown: dict[str, Shown]) -> Record:
    h = handoffs.c
    own = {"priority": Shown("Priority", h.priority), "leg": Shown("Leg", h.leg)}
    ids = {"handoff_id": Shown("Handoff", h.handoff_id)}
    return Record("handoffs", dated, (h.handoff_id,), shown | own | ids)


def response_seconds(as_of: datetime) -> Column:
    """Business seconds to the first response known at the as-of moment; NULL when unanswered.

    The handoff's own first response counts before any other; one given later is not known yet.
    """
    c = handoff_clock.c
    return case(
        (c.own_response_at <= as_of, c.own_response_seconds),
        (c.found_response_at <= as_of, c.found_response_seconds),
    )


def response_at(as_of: datetime) -> Column:
    """The first response known at the as-of moment, by the same rule as its seconds."""
    c = handoff_clock.c
    return case(
        (c.own_response_at <= as_of, c.own_response_at),
        (c.found_response_at <= as_of, c.found_response_at),
    )


def handed(context: Context) -> Fact:
    """Handoffs by ``handed_at``, each met, breached or pending."""
    c = handoff_clock.c
    seconds = response_seconds(context.as_of)
    due = c.due_at <= context.as_of
    met = and_(due, func.coalesce(seconds <= c.target_seconds, False))
    hours = cast(seconds, Double) / SECONDS_AN_HOUR
    return Fact(
        source=handoffs.join(handoff_clock, c.handoff_id == handoffs.c.handoff_id),
        moment=handoffs.c.handed_at,
        links=links(),
        measures={
            "n": Count(),
            "due": Count(due),
            "met": Count(met),
            "pending": Count(c.due_at > context.as_of),
            "overdue": Count(and_(due, seconds.is_(None))),
        },
        values={
            "response_hours": case((due, func.coalesce(hours, literal(UNANSWERED, Double)))),
        },
        conditions=(handoffs.c.handed_at <= context.as_of,),
        record=_record(
            "Handed over",
            {
                "due_at": Shown("Due", c.due_at, "moment"),
                "answered_at": Shown("First response", response_at(context.as_of), "moment"),
                "answered_hours": Shown("Answered in", hours, "hours"),
            },
        ),
    )


def disposed(context: Context) -> Fact:
    """Handoffs accepted or rejected, by ``disposed_at``."""
    h = handoffs.c
    return Fact(
        source=handoffs,
        moment=h.disposed_at,
        links=links(),
        measures={
            "disposed": Count(h.disposition.is_not(None)),
            "rejected": Count(h.disposition == "rejected"),
        },
        conditions=(h.disposed_at <= context.as_of, h.handed_at <= context.as_of),
        record=_record(
            "Disposed",
            {
                "disposition": Shown("Disposition", h.disposition),
                "reason": Shown("Reason", h.reason),
                "handed_at": Shown("Handed over", h.handed_at, "moment"),
            },
        ),
    )
