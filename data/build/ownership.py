"""Since when a rep has owned a lead, and the passes of a lead, each from an MQL up to the next."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, and_, case, func, literal, select

from data.build import feeds
from data.build.context import Context
from data.build.names import rep_names
from data.build.people import lead_of
from data.tables import lead_stages

NEVER = datetime(9999, 12, 31)


def passes_of_leads() -> Select:
    """Each MQL of a lead, and the next one, up to which a pass reaches."""
    s = lead_stages.c
    following = func.lead(s.entered_at).over(partition_by=s.lead_id, order_by=s.entered_at)
    return select(
        s.lead_id,
        s.entered_at.label("mql_at"),
        func.coalesce(following, literal(NEVER)).label("next_mql"),
    ).where(s.stage == "mql")


def owners_of_leads(context: Context) -> Select:
    """Every change of a lead's owner, with the team and role of the new one; of the sales system's
    history where that tells any."""
    h = feeds.history.c
    products = [p for p in context.products if context.system(p) == "sales"]
    rep = rep_names.alias("new_owner")
    place = case((h.product.in_(products), 0), else_=1)
    told = (
        select(
            lead_of.c.survivor_id.label("lead_id"),
            rep.c.rep_id,
            rep.c.team,
            rep.c.role,
            h.at,
            place.label("place"),
            func.min(place).over(partition_by=lead_of.c.survivor_id).label("best"),
        )
        .join_from(
            feeds.history,
            lead_of,
            and_(lead_of.c.product == h.product, lead_of.c.record_id == h.record_id),
        )
        .outerjoin(rep, and_(rep.c.product == h.product, rep.c.owner_ref == h.value))
        .where(h.field == "owner_id", lead_of.c.survivor_id.is_not(None))
        .subquery("told_owners")
    )
    names = ("lead_id", "rep_id", "team", "role", "at")
    return select(*(told.c[name] for name in names)).where(told.c.place == told.c.best)


def sales_product(context: Context) -> str:
    """The product that tells of handoffs: the first one of sales."""
    return next((p for p in context.products if context.system(p) == "sales"), context.leading)
