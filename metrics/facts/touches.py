"""Touches by date."""

from __future__ import annotations

from sqlalchemy import and_

from data.tables import touches
from metrics.facts.base import Context, Count, Fact, Links, Record, Shown


def links() -> Links:
    """How a touch reaches its dimensions: its own columns first, its own rep."""
    return Links(
        own={
            "channel": touches.c.channel,
            "campaign": touches.c.campaign_id,
            "team": touches.c.team,
        },
        lead_id=touches.c.lead_id,
        rep_id=touches.c.rep_id,
    )


def touched(context: Context) -> Fact:
    """Touches of both teams; a sales meeting that the buyer did not attend was not held."""
    held = and_(
        touches.c.team == "sales",
        touches.c.kind == "meeting",
        touches.c.responded.is_not(False),
    )
    return Fact(
        source=touches,
        moment=touches.c.occurred_at,
        links=links(),
        measures={"meetings_held": Count(held)},
        conditions=(touches.c.occurred_at <= context.as_of,),
        record=Record(
            "touches",
            "Took place",
            (touches.c.touch_id,),
            {
                "kind": Shown("Kind", touches.c.kind),
                "team": Shown("Team", touches.c.team),
                "touch_id": Shown("Touch", touches.c.touch_id),
            },
        ),
    )
