"""Leads that marketing or sales contacted, and those that both did at nearly the same time."""

from __future__ import annotations

from sqlalchemy import and_, case, false, func, or_, select

from data.dialects.functions import days_later
from data.tables import touches
from metrics.facts.base import Column, Context, Count, Fact, Links, Record, Shown

# Contacts of the two teams so close to each other are one too many, in days of 24 hours.
CLOSE_DAYS = 3
TEAMS = ("marketing", "sales")


def contacted(context: Context) -> Fact:
    """Outbound touches of marketing and sales by date; a lead counts once in a span.

    Automated ones count: a nurture mail while sales is on the phone is what this looks for.
    """
    t = touches.c
    contacts = (
        select(
            t.touch_id,
            t.lead_id,
            t.occurred_at,
            t.team,
            t.kind,
            t.automated,
            *(_nearest(team, is_last) for team in TEAMS for is_last in (True, False)),
        )
        .where(t.direction == "outbound", t.team.in_(TEAMS), t.occurred_at <= context.as_of)
        .subquery("contacts")
    )
    c = contacts.c
    other_is_close = {
        team: _is_close(c, other) for team, other in zip(TEAMS, TEAMS[::-1], strict=True)
    }
    return Fact(
        source=contacts,
        moment=c.occurred_at,
        links=Links(lead_id=c.lead_id),
        once=c.lead_id,
        measures={
            "n": Count(),
            "by_both": Count(case(other_is_close, value=c.team, else_=false())),
        },
        record=Record(
            "leads",
            "Contacted",
            (c.touch_id,),
            {
                "by_team": Shown("By", c.team),
                "kind": Shown("Kind", c.kind),
                "touch_id": Shown("Touch", c.touch_id),
            },
        ),
    )


def _nearest(team: str, is_last: bool) -> Column:
    """A team's last contact with the lead up to a touch, or its next one from it on."""
    t = touches.c
    order = t.occurred_at if is_last else t.occurred_at.desc()
    find = func.max if is_last else func.min
    found = find(case((t.team == team, t.occurred_at)))
    name = f"{'last' if is_last else 'next'}_{team}"
    # The default frame ends with the row's peers: what happened at the same moment is seen.
    return found.over(partition_by=t.lead_id, order_by=order).label(name)


def _is_close(c, team: str) -> Column:
    """Whether a team's last or next contact lies close to the touch."""
    last, following = c[f"last_{team}"], c[f"next_{team}"]
    return or_(
        and_(last.is_not(None), days_later(last, CLOSE_DAYS) >= c.occurred_at),
        and_(following.is_not(None), following <= days_later(c.occurred_at, CLOSE_DAYS)),
    )
