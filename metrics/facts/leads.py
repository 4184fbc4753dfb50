"""Leads by creation."""

from __future__ import annotations

from data.tables import leads
from metrics.facts.base import Context, Count, Fact, Links, Record


def created(context: Context) -> Fact:
    """Leads created; those deleted by the as-of moment are not counted."""
    return Fact(
        source=leads,
        moment=leads.c.created_at,
        links=Links(lead_id=leads.c.lead_id, is_lead=True),
        measures={"n": Count()},
        conditions=(
            leads.c.created_at <= context.as_of,
            leads.c.deleted_at.is_(None) | (leads.c.deleted_at > context.as_of),
        ),
        record=Record("leads", "Created", (leads.c.lead_id,)),
    )
