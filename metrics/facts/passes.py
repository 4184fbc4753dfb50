"""Leads that come back: MQLs of a pass after the first (handbook §3)."""

from __future__ import annotations

from sqlalchemy import CTE, FromClause, Select, func, literal, select

from data.tables import lead_stages, leads
from metrics.facts.base import Context, Count, Fact, Links, Record


def again(context: Context) -> CTE:
    """One row a re-MQL (``lead_id``, ``at``): the first MQL entry after a recycling, never a
    lead's first MQL."""
    return context.shared.rows("came_back", lambda: _again(context))


def _again(context: Context) -> Select:
    s = lead_stages.c
    recycled = lead_stages.alias("recycled").c
    # Nobody else comes back.
    is_recycled = s.lead_id.in_(
        select(recycled.lead_id).where(
            recycled.stage == "recycled", recycled.entered_at <= context.as_of
        )
    )
    # At one moment the MQL stands first: what is recycled then has not come back yet.
    before = func.lag(s.stage).over(
        partition_by=s.lead_id, order_by=(s.entered_at.asc(), s.stage.asc())
    )
    # Whether there was an MQL before: the rows are MQLs and recyclings alone.
    first = func.min(func.nullif(s.stage, "recycled")).over(
        partition_by=s.lead_id, order_by=(s.entered_at.asc(), s.stage.asc()), rows=(None, -1)
    )
    rows = (
        select(s.lead_id, s.stage, s.entered_at, before.label("before"), first.label("mql_before"))
        .where(s.stage.in_(("mql", "recycled")), s.entered_at <= context.as_of, is_recycled)
        .subquery("passes")
    )
    return select(rows.c.lead_id, rows.c.entered_at.label("at")).where(
        rows.c.stage == "mql", rows.c.before == "recycled", rows.c.mql_before == "mql"
    )


def _first_of_account(entries: FromClause) -> FromClause:
    """By account, a buying group counts once, by the first of its leads that came back."""
    unit = func.coalesce(leads.c.account_id, literal("lead:").concat(entries.c.lead_id))
    place = func.row_number().over(partition_by=unit, order_by=(entries.c.at, entries.c.lead_id))
    rows = (
        select(entries.c.lead_id, entries.c.at, place.label("place"))
        .select_from(entries.outerjoin(leads, leads.c.lead_id == entries.c.lead_id))
        .subquery("units")
    )
    return select(rows.c.lead_id, rows.c.at).where(rows.c.place == 1).subquery("counted")


def re_mqls(context: Context) -> Fact:
    """MQL entries after a recycling, by their own date."""
    entries = again(context)
    counted = entries if context.unit == "lead" else _first_of_account(entries)
    return Fact(
        source=counted,
        moment=counted.c.at,
        links=Links(lead_id=counted.c.lead_id),
        measures={"n": Count()},
        record=Record("re-MQLs", "MQL again", (counted.c.lead_id,)),
    )
