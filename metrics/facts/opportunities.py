"""Opportunities by creation, qualification and closing, as they were at the as-of moment."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CompoundSelect,
    FromClause,
    and_,
    case,
    cast,
    false,
    func,
    or_,
    select,
    union,
)
from sqlalchemy.types import Double

from data.dialects.functions import seconds_between
from data.tables import opportunities, opportunity_stages
from metrics.facts.base import Amount, Column, Context, Count, Fact, Links, Record, Shown

SECONDS_A_DAY = 86_400.0
KIND = func.coalesce(opportunities.c.kind, "new")


def links() -> Links:
    """How an opportunity reaches its dimensions: its own columns first."""
    o = opportunities.c
    return Links(
        own={
            "channel": o.channel,
            "region": o.region,
            "segment": o.segment,
            "product_line": o.product_line,
            "sourced_by": o.sourced_by,
            "kind": KIND,
            "pipeline": o.pipeline,
        },
        lead_id=o.lead_id,
        account_id=o.account_id,
        rep_id=o.owner_id,
    )


def record(context: Context, dated: str, **shown: Shown) -> Record:
    """An opportunity as a reader sees it; one that closed after the moment is open."""
    o = opportunities.c
    was_closed = func.coalesce(and_(o.status != "open", o.closed_at <= context.as_of), false())
    own = {
        "status": Shown("Status", case((was_closed, o.status), else_="open")),
        "kind": Shown("Kind", KIND),
        "sourced_by": Shown("Sourced by", o.sourced_by),
        "opportunity_id": Shown("Opportunity", o.opportunity_id),
    }
    return Record("opportunities", dated, (o.opportunity_id,), shown | own)


def _last_known(as_of: datetime, column: Column, name: str):
    """Per opportunity: the last value of a column of ``opportunity_stages`` by the as-of moment,
    and whether a row came after that.

    An opportunity that is open today and has no row after the moment is as it was then: only of the
    others are the rows read.
    """
    s = opportunity_stages.c
    known = case((and_(s.entered_at <= as_of, column.is_not(None)), column))
    changed_later = func.max(s.entered_at).over(partition_by=s.opportunity_id) > as_of
    order = func.row_number().over(
        partition_by=s.opportunity_id,
        order_by=(
            case((known.is_not(None), s.entered_at)).desc().nulls_last(),
            s.stage.desc(),
        ),
    )
    rows = (
        select(
            s.opportunity_id,
            known.label("value"),
            changed_later.label("changed_later"),
            order.label("place"),
        )
        .where(s.opportunity_id.in_(_changed_since(as_of)))
        .subquery(f"{name}_rows")
    )
    return (
        select(rows.c.opportunity_id, rows.c.value, rows.c.changed_later)
        .where(rows.c.place == 1, rows.c.value.is_not(None))
        .subquery(f"{name}_then")
    )


def _changed_since(as_of: datetime) -> CompoundSelect:
    """The opportunities that were closed after a moment, or have a row of history after it."""
    o, later = opportunities.c, opportunity_stages.alias("later_row").c
    return union(
        select(o.opportunity_id).where(o.closed_at > as_of),
        select(later.opportunity_id).where(later.entered_at > as_of),
    )


def as_known(source: FromClause, as_of: datetime, name: str) -> tuple[FromClause, Column]:
    """``source``, which holds the opportunities, joined with the last value of a column by the
    as-of moment; and that value. The column is one that ``opportunity_stages`` has as well."""
    o = opportunities.c
    then = _last_known(as_of, opportunity_stages.c[name], name)
    today = o[name]
    closed = and_(o.status != "open", o.closed_at <= as_of)
    was_other = or_(o.closed_at > as_of, then.c.changed_later)
    value = case(
        (func.coalesce(closed, false()), today),
        (was_other, func.coalesce(then.c.value, today)),
        else_=today,
    )
    return source.outerjoin(then, then.c.opportunity_id == o.opportunity_id), value


def amount_then(as_of: datetime) -> tuple[FromClause, Column]:
    """(FROM clause, amount) for opportunities that need not be closed."""
    return as_known(opportunities, as_of, "amount")


def created(context: Context) -> Fact:
    """Opportunities by creation."""
    return Fact(
        source=opportunities,
        moment=opportunities.c.created_at,
        links=links(),
        measures={"n": Count(), "new": Count(KIND == "new")},
        conditions=(opportunities.c.created_at <= context.as_of,),
        record=record(context, "Created"),
    )


def qualified(context: Context) -> Fact:
    """Pipeline by ``qualified_at``, else ``created_at``; a later qualification is not known yet."""
    source, amount = amount_then(context.as_of)
    o = opportunities.c
    known = case((o.qualified_at <= context.as_of, o.qualified_at))
    return Fact(
        source=source,
        moment=func.coalesce(known, o.created_at),
        links=links(),
        measures={"amount": Amount(amount)},
        conditions=(o.created_at <= context.as_of,),
        record=record(context, "Entered the pipeline"),
    )


def _days(start: Column, end: Column) -> Column:
    return cast(seconds_between(start, end), Double) / SECONDS_A_DAY


def closed(context: Context) -> Fact:
    """Opportunities won or lost, by ``closed_at``."""
    o = opportunities.c
    won, lost, new = o.status == "won", o.status == "lost", KIND == "new"
    cycle = case((and_(won, new), _days(o.created_at, o.closed_at)))
    return Fact(
        source=opportunities,
        moment=o.closed_at,
        links=links(),
        measures={
            "won": Count(won),
            "lost": Count(lost),
            "won_amount": Amount(o.amount, won),
            "won_new": Count(and_(won, new)),
            "closed_new": Count(and_(won | lost, new)),
            "won_new_amount": Amount(o.amount, and_(won, new)),
            "closed_new_amount": Amount(o.amount, and_(won | lost, new)),
            "won_new_with_amount": Count(and_(won, new, o.amount.is_not(None))),
        },
        values={"cycle_days": cycle},
        conditions=(
            o.status.in_(("won", "lost")),
            o.closed_at <= context.as_of,
            o.created_at <= context.as_of,
        ),
        record=record(
            context,
            "Closed",
            created_at=Shown("Created", o.created_at, "moment"),
            loss_reason=Shown("Loss reason", o.loss_reason),
        ),
    )
