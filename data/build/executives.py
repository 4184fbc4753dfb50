"""Handoffs to account executives (``to_ae``): the lead was given to one, or one opened its deal.

An account executive is a rep whose role ``[sources] executive_roles`` names. Of one pass the
handoff is the first of: an account executive became the lead's owner, or a new opportunity was
opened for it by one who was not its owner. It is accepted at the moment that the opportunity holds
(``accepted_at`` among the fields of opportunities); where no field is named for it, when the
executive opened the opportunity or, having opened it already, moved it on to its second stage.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from data.build import feeds
from data.build.context import Context
from data.build.feeds import is_listed
from data.build.names import rep_names
from data.build.ownership import NEVER, owners_of_leads, passes_of_leads, sales_product
from data.build.people import prefixed
from data.tables import lead_stages, leads, opportunities, opportunity_stages

EVER = datetime(1, 1, 1)


def to_executives(context: Context) -> Select:
    """Columns as in ``handoffs``; leads, opportunities and ``lead_stages`` must be filled."""
    given = _given(context).subquery("given_to_executives")
    deals = _deals(context).subquery("deals_of_leads")
    g, d = given.c, deals.c
    of_pass = and_(d.lead_id == g.lead_id, d.created_at >= g.begins, d.created_at < g.ends)
    nth = func.row_number().over(
        partition_by=[g.lead_id, g.begins], order_by=[d.created_at.nulls_last(), d.opportunity_id]
    )
    ranked = (
        select(
            given,
            d.created_at,
            d.moved_at,
            d.accepted_at,
            d.first_response_at,
            nth.label("deal_nth"),
        )
        .outerjoin_from(given, deals, of_pass)
        .subquery("deal_of_handoff")
    )
    a = select(ranked).where(ranked.c.deal_nth == 1).subquery("executive_handoffs")
    rejected = _rejected(a).subquery("given_back")
    accepted = _accepted(context, a.c)
    is_rejected = and_(
        rejected.c.at.is_not(None), or_(accepted.is_(None), rejected.c.at < accepted)
    )
    number = func.row_number().over(partition_by=a.c.lead_id, order_by=a.c.handed_at)
    text = cast(null(), Text)
    return select(
        literal(sales_product(context), Text).label("product"),
        text.label("raw_table"),
        text.label("problem"),
        (a.c.lead_id + "-ae-" + cast(number, Text)).label("handoff_id"),
        a.c.lead_id,
        leads.c.account_id,
        literal("to_ae", Text).label("leg"),
        a.c.handed_at,
        literal(context.sources.executive_priority or None, Text).label("priority"),
        a.c.rep_id.label("assigned_to"),
        case((a.c.first_response_at >= a.c.handed_at, a.c.first_response_at)).label(
            "first_response_at"
        ),
        case((is_rejected, "rejected"), (accepted.is_not(None), "accepted")).label("disposition"),
        case((is_rejected, rejected.c.at), else_=accepted).label("disposed_at"),
        case((is_rejected, rejected.c.reason)).label("reason"),
    ).select_from(
        a.join(leads, leads.c.lead_id == a.c.lead_id).outerjoin(
            rejected,
            and_(rejected.c.lead_id == a.c.lead_id, rejected.c.handed_at == a.c.handed_at),
        )
    )


def _accepted(context: Context, a: Any) -> ColumnElement[Any]:
    product = context.deals_from
    fields: dict[str, str] = {
        "salesforce": context.sources.salesforce.opportunity_fields,
        "hubspot": context.sources.hubspot.deal_fields,
    }.get(product, {})
    noted = case((a.accepted_at >= a.handed_at, a.accepted_at))
    if fields.get("accepted_at"):
        return noted
    return case(
        (a.created_at > a.handed_at, a.created_at),
        (a.moved_at >= a.handed_at, a.moved_at),
        else_=cast(null(), DateTime),
    )


def _spans() -> Select:
    """The passes of every lead, and the time before its first MQL, which is one as well."""
    passes = passes_of_leads().subquery("mql_passes")
    first = (
        select(passes.c.lead_id, func.min(passes.c.mql_at).label("at"))
        .group_by(passes.c.lead_id)
        .subquery("first_mql")
    )
    before = select(
        leads.c.lead_id,
        literal(EVER, DateTime).label("begins"),
        func.coalesce(first.c.at, literal(NEVER, DateTime)).label("ends"),
    ).outerjoin_from(leads, first, first.c.lead_id == leads.c.lead_id)
    return union_all(before, select(passes.c.lead_id, passes.c.mql_at, passes.c.next_mql))  # type: ignore[return-value]


def _given(context: Context) -> Select:
    """Per lead and pass: when an executive came to it first, and who."""
    owners = owners_of_leads(context).cte("executive_owners")
    o = owners.c
    is_executive = is_listed(o.role, context.sources.executive_roles)
    before = func.lag(is_executive).over(partition_by=o.lead_id, order_by=[o.at, o.rep_id])
    changes = select(o.lead_id, o.rep_id, o.at, is_executive.label("is_now"),
                     before.label("was_before")).subquery("executive_changes")  # fmt: skip
    became = select(changes.c.lead_id, changes.c.rep_id, changes.c.at).where(
        changes.c.is_now, changes.c.was_before.is_not(True)
    )
    found = union_all(became, _opened(context, owners)).subquery("found_executives")
    spans = _spans().subquery("spans")
    f, s = found.c, spans.c
    inside = and_(s.lead_id == f.lead_id, f.at >= s.begins, f.at < s.ends)
    nth = func.row_number().over(partition_by=[s.lead_id, s.begins], order_by=[f.at, f.rep_id])
    ranked = (
        select(s.lead_id, s.begins, s.ends, f.at.label("handed_at"), f.rep_id, nth.label("nth"))
        .join_from(found, spans, inside)
        .subquery("ranked_executives")
    )
    return select(ranked).where(ranked.c.nth == 1)


def _first_owner() -> Select:
    """The owner with whom an opportunity began."""
    s = opportunity_stages.c
    nth = func.row_number().over(partition_by=s.opportunity_id, order_by=s.entered_at)
    told = select(s.opportunity_id, s.owner_id, nth.label("nth")).subquery("owners_of_deals")
    return select(told.c.opportunity_id, told.c.owner_id).where(told.c.nth == 1)


def _opened(context: Context, owners: Any) -> Select:
    """New opportunities that an executive has opened for a lead of someone else."""
    first = _first_owner().subquery("first_owner")
    o = opportunities.c
    owner = func.coalesce(first.c.owner_id, o.owner_id)
    roles = (
        select(rep_names.c.rep_id, func.min(rep_names.c.role).label("role"))
        .group_by(rep_names.c.rep_id)
        .subquery("roles")
    )
    w = owners.c
    until = and_(w.lead_id == o.lead_id, w.at <= o.created_at)
    nth = func.row_number().over(
        partition_by=o.opportunity_id, order_by=[w.at.desc(), w.rep_id.desc().nulls_last()]
    )
    ranked = (
        select(o.opportunity_id, w.rep_id, nth.label("nth"))
        .join_from(opportunities, owners, until)
        .subquery("owners_until_then")
    )
    then = select(ranked).where(ranked.c.nth == 1).subquery("owner_then")
    told = select(w.lead_id).distinct().subquery("told_leads")
    # Without a history of owners, today's counts.
    whose = case((told.c.lead_id.is_not(None), then.c.rep_id), else_=leads.c.owner_id)
    return (
        select(o.lead_id, owner.label("rep_id"), o.created_at.label("at"))
        .join_from(opportunities, leads, leads.c.lead_id == o.lead_id)
        .outerjoin(first, first.c.opportunity_id == o.opportunity_id)
        .outerjoin(roles, roles.c.rep_id == owner)
        .outerjoin(then, then.c.opportunity_id == o.opportunity_id)
        .outerjoin(told, told.c.lead_id == o.lead_id)
        .where(
            func.coalesce(o.kind, "new") == "new",
            is_listed(roles.c.role, context.sources.executive_roles),
            whose.is_distinct_from(owner),
        )
    )


def _deals(context: Context) -> Select:
    """New opportunities by their lead: when they were opened, moved on, and what they note of the
    handoff."""
    o, d, s = opportunities.c, feeds.deals.c, opportunity_stages.c
    # Stages do not repeat their name when only the amount has changed.
    named = (
        select(s.opportunity_id, s.stage, func.min(s.entered_at).label("at"))
        .group_by(s.opportunity_id, s.stage)
        .subquery("named_stages")
    )
    nth = func.row_number().over(
        partition_by=named.c.opportunity_id, order_by=[named.c.at, named.c.stage]
    )
    ranked = select(named, nth.label("nth")).subquery("ranked_stages")
    moved = select(ranked).where(ranked.c.nth == 2).subquery("second_stage")
    own = prefixed(context, d.product, d.deal_ref)
    noted = select(own.label("opportunity_id"), d.accepted_at, d.first_response_at).subquery(
        "noted"
    )
    return (
        select(
            o.opportunity_id,
            o.lead_id,
            o.created_at,
            moved.c.at.label("moved_at"),
            noted.c.accepted_at,
            noted.c.first_response_at,
        )
        .join_from(opportunities, noted, noted.c.opportunity_id == o.opportunity_id)
        .outerjoin(moved, moved.c.opportunity_id == o.opportunity_id)
        .where(o.lead_id.is_not(None), func.coalesce(o.kind, "new") == "new")
    )


def _rejected(given: Any) -> Select:
    """The first rejection of the lead from the handoff to the end of its pass."""
    s, g = lead_stages.c, given.c
    within = and_(s.lead_id == g.lead_id, s.entered_at >= g.handed_at, s.entered_at < g.ends)
    nth = func.row_number().over(partition_by=[g.lead_id, g.handed_at], order_by=s.entered_at)
    ranked = (
        select(g.lead_id, g.handed_at, s.entered_at, s.reason, nth.label("nth"))
        .join_from(given, lead_stages, within)
        .where(s.stage == "rejected")
        .subquery("rejections")
    )
    return select(
        ranked.c.lead_id, ranked.c.handed_at, ranked.c.entered_at.label("at"), ranked.c.reason
    ).where(ranked.c.nth == 1)
