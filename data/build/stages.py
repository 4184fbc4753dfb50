"""``lead_stages``: which of the entries that the systems tell count.

A stage is dated by the system that owns it (``[sources.stages_from]``); the other one's date counts
for leads that the owner does not follow: of which it tells no earlier stage either. Opportunity and
customer are dated by the opportunities themselves. Within one pass (until a lead is rejected or
recycled) a stage is entered once.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from data.build import feeds
from data.build.context import Context
from data.build.deals import known_contacts
from data.build.names import rep_of
from data.build.people import SURVIVOR, lead_of, prefixed
from data.config_sources import SYSTEMS
from data.tables import STAGE_ORDER, STAGES, leads, opportunities

NO_LEAD = "its lead is not in the data"
AGAIN = "the same stage again in the same pass"
OTHER_SYSTEM = "a stage that the other system dates"
ENDS_A_PASS = ("rejected", "recycled")


def stages(context: Context) -> Select:
    """Every entry that a system tells, with why it does not count; columns as in ``lead_stages``.

    ``lead_stages`` must not be read here; leads and opportunities must be filled.
    """
    told = union_all(
        _from_history(context), _from_leads(), _from_opportunities(context), _from_wins(context)
    ).subquery("told")
    t = told.c
    rank = case({stage: n for n, stage in enumerate(STAGE_ORDER)}, value=t.stage, else_=0)
    reached = {
        system: func.min(case((t.system == system, rank))).over(partition_by=t.lead_id)
        for system in SYSTEMS
    }
    followed = select(
        told, *(moment.label(f"from_{system}") for system, moment in reached.items())
    ).subquery("followed")
    o = followed.c
    place = case((and_(o.place == 2, _owner_follows(context, o)), 3), else_=o.place)
    best = func.min(place).over(partition_by=[o.lead_id, o.stage])
    names = [c for c in o if c.name != "place"]
    ranked = select(*names, place.label("place"), best.label("best")).subquery("ranked")
    r = ranked.c
    # Only entries that count say where a pass ends.
    counts = and_(r.lead_id.is_not(None), r.place == r.best, r.place < 3)
    ends = case((and_(counts, r.stage.in_(ENDS_A_PASS)), 1), else_=0)
    passes = func.sum(ends).over(partition_by=r.lead_id, order_by=_in_order(r), rows=(None, -1))
    numbered = select(
        ranked, counts.label("counts"), func.coalesce(passes, 0).label("pass")
    ).subquery("numbered")
    n = numbered.c
    order = _in_order(n)
    of_lead = [n.lead_id, n.counts]
    nth = func.row_number().over(partition_by=[*of_lead, n["pass"], n.stage], order_by=order)
    before = func.lag(n.stage).over(partition_by=of_lead, order_by=order)
    last = func.row_number().over(
        partition_by=[*of_lead, n.stage],
        order_by=[n.entered_at.desc(), n.raw_order.desc(), n.raw_table.nulls_last()],
    )
    problem = case(
        (n.lead_id.is_(None), literal(NO_LEAD, Text)),
        (n.counts.is_(False), literal(OTHER_SYSTEM, Text)),
        (or_(nth > 1, before == n.stage), literal(AGAIN, Text)),
    )
    return select(
        n.product,
        n.raw_table,
        problem.label("problem"),
        n.lead_id,
        n.stage,
        n.entered_at,
        n.product.label("source_system"),
        n.actor_id,
        # A record holds the reason of its last rejection only.
        case((and_(n.stage == "rejected", last == 1), n.reason)).label("reason"),
    )


def _in_order(told: Any) -> list[ColumnElement[Any]]:
    """Entries in time; of several at one moment first the earlier stage, then what a row of its
    own tells, which knows who did it. Without ties: a build is the same every time."""
    return [
        told.entered_at,
        case({stage: n for n, stage in enumerate(STAGES)}, value=told.stage),
        told.raw_table.nulls_last(),
        told.raw_order,
        told.actor_id.nulls_last(),
    ]


def _place(context: Context) -> ColumnElement[Any]:
    """1 where the entry's system owns the stage, else 2."""
    h = feeds.history.c
    owned = [
        and_(h.value == stage, h.product.in_(products))
        for stage, system in context.sources.stages_from.items()
        if (products := [p for p in context.products if context.system(p) == system])
    ]
    return case((or_(*owned), 1), else_=2) if owned else literal(2)


def _owner_follows(context: Context, told: Any) -> ColumnElement[bool]:
    """Whether the system that owns a stage tells the lead's earlier ones: then it would have told
    this one as well."""
    order = {stage: n for n, stage in enumerate(STAGE_ORDER)}
    follows = [
        and_(told.stage == stage, told[f"from_{system}"] < order.get(stage, len(order)))
        for stage, system in context.sources.stages_from.items()
    ]
    return func.coalesce(or_(*follows), False) if follows else false()


def _from_history(context: Context) -> Select:
    h, r = feeds.history.c, feeds.records.c
    rep = rep_of("actor")
    return (
        select(
            h.product,
            h.raw_table,
            lead_of.c.survivor_id.label("lead_id"),
            h.value.label("stage"),
            h.at.label("entered_at"),
            rep.c.rep_id.label("actor_id"),
            func.coalesce(h.reason, r.reject_reason).label("reason"),
            cast(_place(context), Integer).label("place"),
            h.record_id.label("raw_order"),
            case(
                {p: literal(context.system(p), Text) for p in context.products}, value=h.product
            ).label("system"),
        )
        .select_from(feeds.history)
        .outerjoin(
            lead_of, and_(lead_of.c.product == h.product, lead_of.c.record_id == h.record_id)
        )
        .outerjoin(feeds.records, and_(r.product == h.product, r.record_id == h.record_id))
        .outerjoin(rep, and_(rep.c.product == h.product, rep.c.owner_ref == h.actor_ref))
        .where(h.field == "stage")
    )


def _entry(
    product: ColumnElement[Any],
    lead_id: ColumnElement[Any],
    stage: str,
    at: ColumnElement[Any],
    actor: ColumnElement[Any] | None = None,
) -> Select:
    nothing = cast(null(), Text)
    return select(
        product.label("product"),
        nothing.label("raw_table"),
        lead_id.label("lead_id"),
        literal(stage, Text).label("stage"),
        at.label("entered_at"),
        (nothing if actor is None else actor).label("actor_id"),
        nothing.label("reason"),
        literal(0, Integer).label("place"),
        literal("", Text).label("raw_order"),
        nothing.label("system"),
    )


def _from_leads() -> Select:
    here = and_(lead_of.c.role == SURVIVOR, lead_of.c.lead_id == leads.c.lead_id)
    return _entry(lead_of.c.product, leads.c.lead_id, "lead", leads.c.created_at).join_from(
        leads, lead_of, here
    )


def _is_new() -> ColumnElement[bool]:
    return func.coalesce(opportunities.c.kind, "new") == "new"


def _from_opportunities(context: Context) -> Select:
    """The leads of a new deal, from its creation; one that joins later, from then on."""
    o = opportunities.c
    known = known_contacts().subquery("contacts_of_new_deals")
    joined = (
        select(
            prefixed(context, known.c.product, known.c.deal_ref).label("opportunity_id"),
            known.c.lead_id,
            func.bool_or(known.c.is_primary).label("is_primary"),
            # The date of a conversion has no time of day.
            func.min(case((known.c.is_converted.is_not(True), known.c.at))).label("at"),
        )
        .where(known.c.lead_id.is_not(None))
        .group_by(known.c.product, known.c.deal_ref, known.c.lead_id)
        .subquery("joined_deals")
    )
    j = joined.c
    at = func.greatest(o.created_at, leads.c.created_at, func.coalesce(j.at, o.created_at))
    entry = (
        _entry(literal(context.deals_from, Text), j.lead_id, "opportunity", at, o.owner_id)
        .select_from(joined)
        .join(opportunities, o.opportunity_id == j.opportunity_id)
        .join(leads, leads.c.lead_id == j.lead_id)
        .where(_is_new())
    )
    if context.sources.opportunity_stage == "primary":
        return entry.where(or_(j.is_primary.is_(True), j.lead_id == o.lead_id))
    return entry


def _from_wins(context: Context) -> Select:
    """The lead of an account's first won new deal."""
    o = opportunities.c
    account = func.coalesce(o.account_id, o.opportunity_id)
    nth = func.row_number().over(partition_by=account, order_by=[o.closed_at, o.opportunity_id])
    won = (
        select(o.lead_id, o.closed_at, o.owner_id, nth.label("nth"))
        .where(o.status == "won", o.closed_at.is_not(None), _is_new())
        .subquery("won")
    )
    entry = _entry(
        literal(context.deals_from, Text), won.c.lead_id, "customer", won.c.closed_at,
        won.c.owner_id,
    )  # fmt: skip
    return entry.select_from(won).where(won.c.nth == 1, won.c.lead_id.is_not(None))
