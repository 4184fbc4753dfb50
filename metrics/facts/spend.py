"""Spend by day."""

from __future__ import annotations

from sqlalchemy import and_, func

from data.tables import spend
from metrics.calendar import Calendar
from metrics.facts.base import Amount, Context, Count, Fact, Links, Record, Shown


def links() -> Links:
    """The dimensions of spend: its own columns, nothing else."""
    return Links(own={"channel": spend.c.channel, "campaign": spend.c.campaign_id})


def spent(context: Context) -> Fact:
    """Every kind of cost, by the business day it was spent on."""
    return Fact(
        source=spend,
        day=spend.c.day,
        links=links(),
        measures={
            "amount": Amount(spend.c.amount),
            "n": Count(),
            "people": Count(and_(spend.c.cost_type == "people", spend.c.amount != 0)),
            "tools": Count(and_(spend.c.cost_type == "tools", spend.c.amount != 0)),
        },
        conditions=(spend.c.day <= Calendar(context.config).day_of(context.as_of),),
        record=Record(
            "rows of spend",
            "Day",
            (spend.c.channel, spend.c.campaign_id, spend.c.cost_type, spend.c.amount),
            {
                "campaign": Shown("Campaign", spend.c.campaign_id),
                "cost_type": Shown("Cost", func.coalesce(spend.c.cost_type, "media")),
            },
        ),
    )
