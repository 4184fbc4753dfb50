"""``touches``: whom, when, by which team, and what came back."""

from __future__ import annotations

from sqlalchemy import Select, Text, and_, case, func, literal, select

from data.build import feeds
from data.build.context import Context
from data.build.names import campaign_id, campaign_of, rep_of
from data.build.people import email_key, lead_of, prefixed

NO_LEAD = "its lead or contact is not in the data"


def touches(context: Context) -> Select:
    """Every touch, with why it is not in the warehouse; columns as in ``touches``."""
    t = feeds.touches.c
    rep, address = rep_of("touch_rep"), _addresses().subquery("addresses")
    # Equalities alone: anything else in the condition of a join makes it compare all with all.
    sent_to = case((t.record_id.is_(None), email_key(t.email)))
    by_address = and_(address.c.product == t.product, address.c.email_key == sent_to)
    record_id = func.coalesce(t.record_id, address.c.record_id)
    campaign = campaign_of("touch_campaign")
    # Whose activity it is where no rep is known: that of the team all other reps are of.
    sides = {
        p: literal(getattr(getattr(context.sources, p), "default_team", "marketing"), Text)
        for p in context.products
    }
    problem = case((lead_of.c.survivor_id.is_(None), literal(NO_LEAD, Text)))
    same = ("channel", "kind", "direction", "responded", "automated", "asset")
    return (
        select(
            t.product,
            t.raw_table,
            problem.label("problem"),
            prefixed(context, t.product, t.touch_ref).label("touch_id"),
            lead_of.c.survivor_id.label("lead_id"),
            t.at.label("occurred_at"),
            func.coalesce(t.team, rep.c.team, case(sides, value=t.product)).label("team"),
            *(t[name] for name in same),
            campaign_id(context, campaign).label("campaign_id"),
            rep.c.rep_id,
        )
        .select_from(feeds.touches)
        .outerjoin(address, by_address)
        .outerjoin(lead_of, and_(lead_of.c.product == t.product, lead_of.c.record_id == record_id))
        .outerjoin(
            campaign,
            and_(campaign.c.product == t.product, campaign.c.campaign_ref == t.campaign_ref),
        )
        .outerjoin(rep, and_(rep.c.product == t.product, rep.c.owner_ref == t.owner_ref))
    )


def _addresses() -> Select:
    """Whom an e-mail was sent to: the record of that address, of several the first."""
    r = feeds.records.c
    key = email_key(r.email)
    return (
        select(r.product, key.label("email_key"), func.min(r.record_id).label("record_id"))
        .where(key.is_not(None))
        .group_by(r.product, key)
    )
