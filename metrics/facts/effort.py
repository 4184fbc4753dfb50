"""What sales did with a handoff after its first response, and whether it was in vain."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import FromClause, and_, case, false, func, or_, select

from data.dialects.functions import days_later
from data.tables import handoff_clock, handoffs, touches
from metrics.facts.base import Amount, Context, Count, Fact, Shown
from metrics.facts.handoffs import handoff_record, links, response_at

# A handoff is watched for so many days of 24 hours.
WATCHED_DAYS = 30


def worked(context: Context) -> Fact:
    """Handoffs by ``handed_at`` with the sales touches that followed their first response.

    A touch belongs to the last handoff of its lead before it, so that it counts once however
    often the lead was handed over. Automated touches are no one's effort.
    """
    h, as_of = handoffs.c, context.as_of
    effort = _effort(as_of)
    closes_at = days_later(h.handed_at, WATCHED_DAYS)
    in_vain = and_(
        h.disposition == "rejected",
        h.reason.in_(context.config.sla.fit_reasons),
        h.disposed_at >= h.handed_at,
        h.disposed_at <= closes_at,
    )
    is_over = closes_at <= as_of
    number = func.coalesce(effort.c.touches, 0)
    return Fact(
        source=handoffs.outerjoin(effort, effort.c.handoff_id == h.handoff_id),
        moment=h.handed_at,
        links=links(),
        measures={
            "touches": Amount(number, is_over, is_money=False),
            "wasted": Amount(
                number, and_(is_over, func.coalesce(in_vain, false())), is_money=False
            ),
            "open": Count(~is_over),
        },
        conditions=(h.handed_at <= as_of,),
        record=handoff_record(
            "Handed over",
            {
                "touches": Shown("Sales touches after the answer", number, "number"),
                "reason": Shown("Rejected for", case((h.disposed_at <= as_of, h.reason))),
            },
        ),
    )


def _effort(as_of: datetime) -> FromClause:
    """By handoff with any: its sales touches by people, after its answer and while watched."""
    h, c, t = handoffs.c, handoff_clock.c, touches.c
    order = (h.handed_at, h.handoff_id)
    answered = (
        select(
            h.handoff_id,
            h.lead_id,
            response_at(as_of).label("answered_at"),
            days_later(h.handed_at, WATCHED_DAYS).label("closes_at"),
            func.lead(h.handed_at).over(partition_by=h.lead_id, order_by=order).label("next_at"),
        )
        .join_from(handoffs, handoff_clock, c.handoff_id == h.handoff_id)
        .where(h.handed_at <= as_of)
        .subquery("answered")
    )
    a = answered.c
    follows = and_(
        t.lead_id == a.lead_id,
        t.occurred_at > a.answered_at,
        t.occurred_at <= a.closes_at,
        or_(a.next_at.is_(None), t.occurred_at < a.next_at),
    )
    return (
        select(a.handoff_id, func.count().label("touches"))
        .join_from(answered, touches, follows)
        .where(t.team == "sales", t.automated.is_not(True), t.occurred_at <= as_of)
        .group_by(a.handoff_id)
        .subquery("effort")
    )
