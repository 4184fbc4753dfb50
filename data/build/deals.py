"""``opportunities`` with their stages and contacts, in the reporting currency."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Numeric,
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
)

from data.build import feeds
from data.build.context import Context
from data.build.names import account_of, rep_of
from data.build.people import lead_of, prefixed
from data.dialects.functions import local_day
from data.errors import LoadError
from data.tables import ENUMS, MONEY, opportunities

NO_DEAL = "its opportunity is not in the data"


def refuse_unknown_currencies(connection: Connection, context: Context) -> None:
    """Raise ``LoadError`` where amounts are in a currency without a rate: a sum over them would
    be wrong, and leaving them out as well."""
    d = feeds.deals.c
    known = (context.config.company.currency, *context.sources.rates)
    statement = (
        select(d.currency, func.count())
        .where(d.amount.is_not(None), d.currency.is_not(None), d.currency.not_in(known))
        .group_by(d.currency)
        .order_by(d.currency)
    )
    if found := connection.execute(statement).all():
        listed = ", ".join(f"{currency} ({count:,})" for currency, count in found)
        raise LoadError(
            f"Opportunities have amounts in currencies without a rate: {listed}.",
            remedy="Give one unit of each in "
            f"{context.config.company.currency}: [sources.rates] {found[0][0]} = …",
        )


def rate(context: Context, currency: ColumnElement[Any]) -> ColumnElement[Any]:
    """What one unit of a currency is in the reporting one; no currency means that one."""
    rates = {
        code: cast(literal(str(value)), Numeric(18, 8))
        for code, value in context.sources.rates.items()
        if code != context.config.company.currency
    }
    one = cast(literal("1"), Numeric(18, 8))
    return case(rates, value=currency, else_=one) if rates else one


def deals(context: Context) -> Select:
    d = feeds.deals.c
    account, rep = account_of("deal_account"), rep_of("deal_owner")
    lead, qualified = _lead_of_deal().subquery("deal_lead"), _qualified().subquery("qualified")
    closing = _closing(context).subquery("closing")
    sources = ENUMS["opportunities", "sourced_by"]
    given = func.lower(d.sourced_by)
    columns = {
        "opportunity_id": prefixed(context, d.product, d.deal_ref),
        "account_id": account.c.account_id,
        "lead_id": lead.c.lead_id,
        "owner_id": rep.c.rep_id,
        "qualified_at": qualified.c.at,
        "closed_at": _closed_at(context, closing.c.at),
        "amount": cast(d.amount * rate(context, d.currency), MONEY),
        "amount_original": case((d.currency.is_not(None), d.amount)),
        "sourced_by": case((given.in_(sources), given)),
    }
    same = ("kind", "pipeline", "created_at", "status", "stage", "currency", "expected_close_on",
            "channel", "region", "segment", "product_line", "loss_reason")  # fmt: skip
    columns |= {name: d[name] for name in same}
    return (
        select(
            d.product,
            d.raw_table,
            cast(null(), Text).label("problem"),
            *(columns[c.name].label(c.name) for c in opportunities.columns),
        )
        .select_from(feeds.deals)
        .outerjoin(
            account,
            and_(account.c.product == d.product, account.c.account_ref == d.account_ref),
        )
        .outerjoin(rep, and_(rep.c.product == d.product, rep.c.owner_ref == d.owner_ref))
        .outerjoin(lead, and_(lead.c.product == d.product, lead.c.deal_ref == d.deal_ref))
        .outerjoin(
            qualified,
            and_(qualified.c.product == d.product, qualified.c.deal_ref == d.deal_ref),
        )
        .outerjoin(
            closing,
            and_(
                closing.c.product == d.product,
                closing.c.deal_ref == d.deal_ref,
                closing.c.stage == d.stage,
                closing.c.day == d.closed_on,
            ),
        )
    )


def _closing(context: Context) -> Select:
    """When a deal entered a stage, by business day."""
    s = feeds.deal_stages.c
    day = local_day(s.at, context.config.company.timezone)
    return (
        select(s.product, s.deal_ref, s.stage, day.label("day"), func.min(s.at).label("at"))
        .where(s.stage.is_not(None))
        .group_by(s.product, s.deal_ref, s.stage, day)
    )


def _closed_at(context: Context, entered: ColumnElement[Any]) -> ColumnElement[Any]:
    """When the deal entered the stage in which it closed, if that lies on its closing day. Else the
    day counts from its midnight; one that is the day of creation from that moment."""
    d = feeds.deals.c
    zone = context.config.company.timezone
    midnight = func.timezone(
        "UTC", func.timezone(zone, cast(d.closed_on, DateTime)), type_=DateTime
    )
    same_day = and_(d.closed_on == local_day(d.created_at, zone), midnight < d.created_at)
    return func.coalesce(d.closed_at, entered, case((same_day, d.created_at), else_=midnight))


def _qualified() -> Select:
    s = feeds.deal_stages.c
    return (
        select(s.product, s.deal_ref, func.min(s.at).label("at"))
        .where(s.is_qualified.is_(True))
        .group_by(s.product, s.deal_ref)
    )


def known_contacts() -> Select:
    """``deal_contacts`` with the lead that each is, NULL where its record is not in the data."""
    c = feeds.deal_contacts.c
    here = and_(lead_of.c.product == c.product, lead_of.c.record_id == c.record_id)
    return select(feeds.deal_contacts, lead_of.c.survivor_id.label("lead_id")).outerjoin_from(
        feeds.deal_contacts, lead_of, here
    )


def _lead_of_deal() -> Select:
    """The deal's primary contact, else the lead that was converted to it, else its first one."""
    known = known_contacts().subquery("known_contacts")
    k = known.c
    order = [
        case(
            (and_(k.is_primary.is_(True), k.is_converted.is_not(True)), 0),
            (k.is_primary.is_(True), 1),
            else_=2,
        ),
        k.at.nulls_last(),
        k.lead_id,
    ]
    nth = func.row_number().over(partition_by=[k.product, k.deal_ref], order_by=order)
    ranked = select(known, nth.label("nth")).where(k.lead_id.is_not(None)).subquery("ranked")
    return select(ranked.c.product, ranked.c.deal_ref, ranked.c.lead_id).where(ranked.c.nth == 1)


def contacts(context: Context) -> Select:
    known = known_contacts().subquery("contacts_of_deals")
    k, d = known.c, feeds.deals.c
    order = [case((k.role.is_(None), 1), else_=0), k.role, k.at.nulls_last(), k.record_id]
    nth = func.row_number().over(partition_by=[k.product, k.deal_ref, k.lead_id], order_by=order)
    here = and_(d.product == k.product, d.deal_ref == k.deal_ref)
    problem = case(
        (d.deal_ref.is_(None), literal(NO_DEAL, Text)),
        (k.lead_id.is_(None), literal("its contact is not in the data", Text)),
        (nth > 1, literal("the same lead of the same opportunity once more", Text)),
    )
    return select(
        k.product,
        k.raw_table,
        problem.label("problem"),
        prefixed(context, k.product, k.deal_ref).label("opportunity_id"),
        k.lead_id,
        k.role,
    ).outerjoin_from(known, feeds.deals, here)


def stage_problems() -> Select:
    """``deal_stages``, each with why it tells nothing; columns product, raw_table, problem."""
    s, d = feeds.deal_stages.c, feeds.deals.c
    first = func.min(case((s.stage.is_not(None), s.at))).over(partition_by=[s.product, s.deal_ref])
    here = and_(d.product == s.product, d.deal_ref == s.deal_ref)
    told = (
        select(
            s.product,
            s.raw_table,
            d.deal_ref.is_(None).label("is_lost"),
            or_(first.is_(None), s.at < first).label("is_early"),
        )
        .outerjoin_from(feeds.deal_stages, feeds.deals, here)
        .subquery("told_stages")
    )
    problem = case(
        (told.c.is_lost, literal(NO_DEAL, Text)),
        (told.c.is_early, literal("before the first stage that is known", Text)),
    )
    return select(told.c.product, told.c.raw_table, problem.label("problem"))


VALUES = ("stage", "amount", "expected_close_on", "owner_ref")


def stages(context: Context) -> Select:
    """A row at every change; what a sparse row does not tell is as it was before."""
    at_once = _at_once().subquery("at_once")
    a = at_once.c
    of_deal = [a.product, a.deal_ref]
    # So many values so far: rows of one count have one value, the one before or here.
    so_far = {n: func.count(a[n]).over(partition_by=of_deal, order_by=a.at) for n in VALUES}
    counted = select(at_once, *(count.label(f"n_{n}") for n, count in so_far.items())).subquery(
        "counted"
    )
    c = counted.c
    filled = select(
        c.product,
        c.deal_ref,
        c.at,
        *(
            case(
                (c.is_sparse,
                 func.max(c[n]).over(partition_by=[c.product, c.deal_ref, c[f"n_{n}"]])),
                else_=c[n],
            ).label(n)
            for n in VALUES
        ),
    ).subquery("filled")  # fmt: skip
    f = filled.c
    deal = [f.product, f.deal_ref]
    before = select(
        filled,
        func.row_number().over(partition_by=deal, order_by=f.at).label("nth"),
        *(func.lag(f[n]).over(partition_by=deal, order_by=f.at).label(f"old_{n}") for n in VALUES),
    ).subquery("before")
    b, d = before.c, feeds.deals.c
    rep = rep_of("stage_owner")
    changed = or_(b.nth == 1, *(b[n].is_distinct_from(b[f"old_{n}"]) for n in VALUES))
    return (
        select(
            b.product,
            cast(null(), Text).label("raw_table"),
            cast(null(), Text).label("problem"),
            prefixed(context, b.product, b.deal_ref).label("opportunity_id"),
            b.stage,
            b.at.label("entered_at"),
            cast(b.amount * rate(context, d.currency), MONEY).label("amount"),
            b.expected_close_on,
            rep.c.rep_id.label("owner_id"),
        )
        .join_from(before, feeds.deals, and_(d.product == b.product, d.deal_ref == b.deal_ref))
        .outerjoin(rep, and_(rep.c.product == b.product, rep.c.owner_ref == b.owner_ref))
        .where(changed, b.stage.is_not(None))
    )


def _at_once() -> Select:
    """What changed at one moment is one row."""
    s = feeds.deal_stages.c
    return select(
        s.product,
        s.deal_ref,
        s.at,
        func.bool_and(s.is_sparse).label("is_sparse"),
        *(func.max(s[n]).label(n) for n in VALUES),
    ).group_by(s.product, s.deal_ref, s.at)
