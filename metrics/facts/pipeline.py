"""What is expected to close when, as it was known at the as-of moment, and what slipped."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import FromClause, and_, case, false, func, or_, select

from data.dialects.functions import local_day
from data.tables import opportunities, opportunity_stages
from metrics.facts.base import Amount, Column, Context, Count, Fact, Links, Shown
from metrics.facts.opportunities import KIND, amount_then, as_known, links, record


def _closed_by(context: Context) -> Column:
    """Whether an opportunity was closed at the as-of moment."""
    o = opportunities.c
    return func.coalesce(and_(o.status != "open", o.closed_at <= context.as_of), false())


def _new_business() -> Links:
    """An opportunity's links where there is but one kind of it: nothing to split by."""
    found = links()
    own = {name: column for name, column in found.own.items() if name != "kind"}
    return replace(found, own=own)


def expected(context: Context) -> Fact:
    """Open new business by the day on which it was expected to close."""
    o = opportunities.c
    source, amount = amount_then(context.as_of)
    source, day = as_known(source, context.as_of, "expected_close_on")
    is_open = or_(o.status == "open", o.closed_at > context.as_of)
    return Fact(
        source=source,
        day=day,
        links=_new_business(),
        measures={"amount": Amount(amount)},
        conditions=(o.created_at <= context.as_of, is_open, KIND == "new"),
        record=record(context, "Expected to close", created_at=_created()),
    )


def _created() -> Shown:
    return Shown("Created", opportunities.c.created_at, "moment")


def _moves(context: Context) -> FromClause:
    """Per opportunity and known expected close: the earliest of those that came after it.

    What was written down after the closing is bookkeeping.
    """
    o, s = opportunities.c, opportunity_stages.c
    order = (s.entered_at.asc(), s.stage.asc())
    later = func.min(s.expected_close_on).over(
        partition_by=s.opportunity_id, order_by=order, rows=(1, None)
    )
    while_open = or_(o.status == "open", o.closed_at.is_(None), s.entered_at <= o.closed_at)
    return (
        select(
            s.opportunity_id,
            s.entered_at,
            s.stage,
            s.expected_close_on.label("was_due"),
            later.label("then_due"),
        )
        .select_from(opportunity_stages.join(opportunities, s.opportunity_id == o.opportunity_id))
        .where(s.expected_close_on.is_not(None), s.entered_at <= context.as_of, while_open)
        .subquery("moves")
    )


def slipped(context: Context) -> Fact:
    """Expected closes that were moved on, by the day on which the deal had been expected.

    A deal leaves a period once: with the last expected day before those after the period's end. One
    that came back, or closed before the end, has not left.
    """
    o = opportunities.c
    moves = _moves(context)
    source, amount = amount_then(context.as_of)
    closed_on = case((_closed_by(context), local_day(o.closed_at, context.config.company.timezone)))
    moved_to = func.least(moves.c.then_due, func.coalesce(closed_on, moves.c.then_due))
    return Fact(
        source=source.join(moves, moves.c.opportunity_id == o.opportunity_id),
        day=moves.c.was_due,
        moved_to=moved_to,
        links=links(),
        measures={"n": Count(), "amount": Amount(amount)},
        conditions=(o.created_at <= context.as_of, moves.c.then_due > moves.c.was_due),
        record=replace(
            record(context, "Was expected", then_due=Shown("Moved to", moves.c.then_due, "day")),
            key=(o.opportunity_id, moves.c.entered_at, moves.c.stage),
        ),
    )
