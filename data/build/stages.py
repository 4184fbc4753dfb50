"""``lead_stages`` and ``system_records``: what counts, and what each system counts.

A stage is dated by the system that owns it (``[sources.stages_from]``); the other one's date counts
for leads of which the owner knows nothing. Opportunity and customer are dated by the opportunities
themselves. Within one pass (until a lead is rejected or recycled) a stage is entered once.
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
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from data.build import feeds
from data.build.context import Context
from data.build.names import rep_of
from data.build.people import SURVIVOR, email_key, lead_of
from data.tables import STAGES, leads, opportunities, opportunity_contacts

NO_LEAD = "its lead is not in the data"
AGAIN = "the same stage again in the same pass"
OTHER_SYSTEM = "a stage that the other system dates"
ENDS_A_PASS = ("rejected", "recycled")
# What a record is counted for; being a lead is not something that two systems argue about.
COUNTED = ("mql", "sal", "sql", "opportunity", "customer")


def stages(context: Context) -> Select:
    """Every entry that a system tells, with why it does not count; columns as in ``lead_stages``.

    ``lead_stages`` must not be read here; leads and opportunities must be filled.
    """
    told = union_all(
        _from_history(context), _from_leads(), _from_opportunities(context), _from_wins(context)
    ).subquery("told")
    t = told.c
    best = func.min(t.place).over(partition_by=[t.lead_id, t.stage])
    ranked = select(told, best.label("best")).subquery("ranked")
    r = ranked.c
    # Only entries that count say where a pass ends.
    counts = and_(r.lead_id.is_not(None), r.place == r.best)
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
    )


def _from_leads() -> Select:
    here = and_(lead_of.c.role == SURVIVOR, lead_of.c.lead_id == leads.c.lead_id)
    return _entry(lead_of.c.product, leads.c.lead_id, "lead", leads.c.created_at).join_from(
        leads, lead_of, here
    )


def _is_new() -> ColumnElement[bool]:
    return func.coalesce(opportunities.c.kind, "new") == "new"


def _from_opportunities(context: Context) -> Select:
    """Every lead of a new deal, from its creation; a lead that joins later, from its own."""
    o, c = opportunities.c, opportunity_contacts.c
    at = case((o.created_at < leads.c.created_at, leads.c.created_at), else_=o.created_at)
    return (
        _entry(literal(context.deals_from, Text), c.lead_id, "opportunity", at, o.owner_id)
        .select_from(opportunity_contacts)
        .join(opportunities, o.opportunity_id == c.opportunity_id)
        .join(leads, leads.c.lead_id == c.lead_id)
        .where(_is_new())
    )


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


def system_records(context: Context) -> Select:
    """One row a record and stage that its own system counts it for; columns as in the contract."""
    h, r = feeds.history.c, feeds.records.c
    ends = case((h.value.in_(ENDS_A_PASS), 1), else_=0)
    order = [h.at, case({s: n for n, s in enumerate(STAGES)}, value=h.value)]
    passes = func.sum(ends).over(
        partition_by=[h.product, h.record_id], order_by=order, rows=(None, -1)
    )
    own = (
        select(h.product, h.record_id, h.value, h.at, func.coalesce(passes, 0).label("pass"))
        .where(h.field == "stage")
        .subquery("own_entries")
    )
    first = (
        select(own.c.product, own.c.record_id, own.c.value, func.min(own.c.at).label("at"))
        .where(own.c.value.in_(COUNTED))
        .group_by(own.c.product, own.c.record_id, own.c.value, own.c["pass"])
        .subquery("first_entries")
    )
    f = first.c
    status = case(
        (func.coalesce(r.is_merged, False), "merged"),
        (r.deleted_at.is_not(None), "deleted"),
        else_="active",
    )
    other = _other_system(context).subquery("other_system")
    system = case({p: literal(context.system(p), Text) for p in context.products}, value=f.product)
    given = func.lower(r.sync_status)
    known = given.in_(("synced", "pending", "error", "excluded"))
    sync = case(
        (known, given),
        (r.sync_error.is_not(None), "error"),
        (other.c.systems > 1, "synced"),
    )
    return (
        select(
            f.product,
            cast(null(), Text).label("raw_table"),
            cast(null(), Text).label("problem"),
            system.label("system"),
            f.record_id,
            lead_of.c.survivor_id.label("lead_id"),
            email_key(r.email).label("match_key"),
            f.value.label("stage"),
            f.at.label("counted_at"),
            status.label("status"),
            case((func.coalesce(r.is_merged, False), r.next_id)).label("merged_into"),
            sync.label("sync_status"),
            r.sync_error,
            r.created_by_team,
        )
        .join_from(
            first,
            feeds.records,
            and_(r.product == f.product, r.record_id == f.record_id),
        )
        .outerjoin(
            lead_of, and_(lead_of.c.product == f.product, lead_of.c.record_id == f.record_id)
        )
        .outerjoin(other, other.c.person == lead_of.c.person)
    )


def _other_system(context: Context) -> Select:
    """Per person: in how many of the two systems it has a record."""
    system = case(
        {p: literal(context.system(p), Text) for p in context.products}, value=lead_of.c.product
    )
    return select(lead_of.c.person, func.count(system.distinct()).label("systems")).group_by(
        lead_of.c.person
    )
