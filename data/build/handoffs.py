"""``handoffs``: a lead was given to sales when, having become an MQL, a sales rep owned it; and to
an account executive when one became its owner or opened its opportunity (``executives``).

The history of owners says since when; without one, today's owner counts as owner from the MQL on.
Accepted is a handoff by the next stage of sales in the same pass, rejected by the rejection. Its
first response is the one that the systems note themselves, where they do.
"""

from __future__ import annotations

from sqlalchemy import (
    CompoundSelect,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from data.build import feeds
from data.build.context import Context
from data.build.executives import to_executives
from data.build.leads import FIRST_RESPONSE
from data.build.names import rep_names
from data.build.ownership import owners_of_leads, passes_of_leads, sales_product
from data.build.people import MERGED, lead_of
from data.dialects.functions import moment_of
from data.tables import CONTRACT, lead_stages, leads

handoffs_table = CONTRACT["handoffs"]

ACCEPTS = ("sal", "sql", "opportunity", "customer")


def handoffs(context: Context) -> Select:
    """Columns as in ``handoffs``; leads, opportunities and ``lead_stages`` must be filled."""
    names = ("product", "raw_table", "problem", *handoffs_table.c.keys())
    parts = [
        leg.subquery(name)
        for name, leg in (("to_sdr", _to_sdr(context)), ("to_ae", to_executives(context)))
    ]
    first, second = (select(*(part.c[name] for name in names)) for part in parts)
    return first.union_all(second)  # type: ignore[return-value]


def _to_sdr(context: Context) -> Select:
    passes = passes_of_leads().subquery("passes")
    p = passes.c
    owners = owners_of_leads(context).cte("owners")
    at_mql = _nth_owner(passes, owners, owners.c.at <= p.mql_at, newest=True).subquery("at_mql")
    later = and_(owners.c.at > p.mql_at, owners.c.at < p.next_mql, owners.c.team == "sales")
    after = _nth_owner(passes, owners, later, newest=False).subquery("after_mql")
    told = select(owners.c.lead_id).distinct().subquery("told")
    today = (
        select(rep_names.c.rep_id, func.min(rep_names.c.team).label("team"))
        .group_by(rep_names.c.rep_id)
        .subquery("today")
    )
    is_sales = at_mql.c.team == "sales"
    by_today = and_(told.c.lead_id.is_(None), today.c.team == "sales")
    handed_at = case((is_sales, p.mql_at), (after.c.at.is_not(None), after.c.at),
                     (by_today, p.mql_at))  # fmt: skip
    assigned = case((is_sales, at_mql.c.rep_id), (after.c.at.is_not(None), after.c.rep_id),
                    (by_today, today.c.rep_id))  # fmt: skip
    given = (
        select(p.lead_id, p.mql_at, p.next_mql, leads.c.account_id, handed_at.label("handed_at"),
               assigned.label("assigned_to"))
        .join_from(passes, leads, leads.c.lead_id == p.lead_id)
        .outerjoin(at_mql, and_(at_mql.c.lead_id == p.lead_id, at_mql.c.mql_at == p.mql_at))
        .outerjoin(after, and_(after.c.lead_id == p.lead_id, after.c.mql_at == p.mql_at))
        .outerjoin(told, told.c.lead_id == p.lead_id)
        .outerjoin(today, today.c.rep_id == leads.c.owner_id)
        .where(handed_at.is_not(None))
        .subquery("given")
    )  # fmt: skip
    return _disposed(context, given)


def _nth_owner(passes, owners, condition, *, newest: bool) -> Select:
    """Per pass: the newest, or the first, owner for whom the condition holds."""
    p, o = passes.c, owners.c
    order = [o.at.desc() if newest else o.at, o.rep_id.desc().nulls_last()]
    nth = func.row_number().over(partition_by=[p.lead_id, p.mql_at], order_by=order)
    ranked = (
        select(p.lead_id, p.mql_at, o.rep_id, o.team, o.at, nth.label("nth"))
        .join_from(passes, owners, and_(o.lead_id == p.lead_id, condition))
        .subquery("ranked_owners")
    )
    names = ("lead_id", "mql_at", "rep_id", "team", "at")
    return select(*(ranked.c[name] for name in names)).where(ranked.c.nth == 1)


def _disposed(context: Context, given) -> Select:
    answers = (
        select(lead_stages)
        .where(lead_stages.c.stage.in_((*ACCEPTS, "rejected")))
        .subquery("answers")
    )
    g, s = given.c, answers.c
    # Comparisons alone: an OR in the condition of a join makes it compare all with all.
    within = and_(s.lead_id == g.lead_id, s.entered_at >= g.handed_at, s.entered_at < g.next_mql)
    first = func.row_number().over(
        partition_by=[g.lead_id, g.mql_at], order_by=[s.entered_at.nulls_last(), s.stage]
    )
    ranked = (
        select(given, s.stage, s.entered_at, s.reason, first.label("nth"))
        .outerjoin_from(given, answers, within)
        .subquery("ranked_answers")
    )
    answer = select(ranked).where(ranked.c.nth == 1).subquery("answer")
    a = answer.c
    number = func.row_number().over(partition_by=a.lead_id, order_by=a.mql_at)
    priority = _priorities().subquery("priorities")
    answers_noted = responses().subquery("noted")
    within = and_(
        answers_noted.c.lead_id == a.lead_id,
        answers_noted.c.at >= a.handed_at,
        answers_noted.c.at < a.next_mql,
    )
    noted = (
        select(a.lead_id, a.mql_at, func.min(answers_noted.c.at).label("at"))
        .join_from(answer, answers_noted, within)
        .group_by(a.lead_id, a.mql_at)
        .subquery("first_noted")
    )
    disposition = case((a.stage == "rejected", "rejected"), (a.stage.is_not(None), "accepted"))
    own = and_(noted.c.lead_id == a.lead_id, noted.c.mql_at == a.mql_at)
    return select(
        literal(sales_product(context), Text).label("product"),
        cast(null(), Text).label("raw_table"),
        cast(null(), Text).label("problem"),
        (a.lead_id + "-" + cast(number, Text)).label("handoff_id"),
        a.lead_id,
        a.account_id,
        literal("to_sdr", Text).label("leg"),
        a.handed_at,
        priority.c.priority,
        a.assigned_to,
        noted.c.at.label("first_response_at"),
        disposition.label("disposition"),
        a.entered_at.label("disposed_at"),
        case((a.stage == "rejected", a.reason)).label("reason"),
    ).select_from(answer.outerjoin(priority, priority.c.lead_id == a.lead_id).outerjoin(noted, own))


def responses() -> CompoundSelect:
    """First responses as the systems note them themselves: today's and earlier ones, by lead."""
    r, h = feeds.records.c, feeds.history.c
    of_record = and_(lead_of.c.product == r.product, lead_of.c.record_id == r.record_id)
    of_change = and_(lead_of.c.product == h.product, lead_of.c.record_id == h.record_id)
    today = select(
        lead_of.c.survivor_id.label("lead_id"), r.first_response_at.label("at")
    ).join_from(feeds.records, lead_of, of_record)
    before = select(lead_of.c.survivor_id, moment_of(h.value)).join_from(
        feeds.history, lead_of, of_change
    )
    return union_all(
        today.where(r.first_response_at.is_not(None)), before.where(h.field == FIRST_RESPONSE)
    )


def _priorities() -> Select:
    r = feeds.records.c
    here = and_(lead_of.c.product == r.product, lead_of.c.record_id == r.record_id)
    return (
        select(lead_of.c.survivor_id.label("lead_id"), func.min(r.priority).label("priority"))
        .join_from(feeds.records, lead_of, here)
        .where(lead_of.c.role != MERGED)
        .group_by(lead_of.c.survivor_id)
    )
