"""The pipeline by source and its movement over the period, and why deals were lost.

The pipeline at a moment T holds every opportunity created before T and not closed before T that
is due: its expected close, as known at T, lies before the end of the fiscal quarter that runs when
the period is over. One without an expected close is due: nobody has put it off. Amounts are those
known at T (handbook §1), an unknown one adds 0.

Over the period from S (inclusive) to E (exclusive, never past as-of) every opportunity enters
once and leaves once:

* *opening*: in the pipeline at S; *created*: created within [S, E), and in the pipeline at E or
  closed by then; *slipped in*: open at S but due later, and in the pipeline at E or closed by then;
* *won*, *lost*: entered, and closed within [S, E); *slipped out*: in the pipeline at S, open at E
  and due later; *closing*: in the pipeline at E.

It enters with its amount at S (a created one at E) and leaves with its amount at E; the
difference has *grown* or *shrunk* it. So opening + created + slipped in + grown − shrunk −
slipped out − lost − won = closing for each opportunity, and to the cent for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, cast, false, func, or_, select

from data.tables import MONEY, opportunities, opportunity_stages
from metrics.calendar import Cadence, Period
from metrics.engine import cached_rows
from metrics.facts.base import Column, Fact
from metrics.facts.opportunities import links
from metrics.funnel.model import MOVES, Movement, Pipeline, Sums
from metrics.funnel.question import Question

NUMBERS = ("count", "amount", "unknown")


def due_period(question: Question) -> Period:
    """The fiscal quarter that runs when the view's period is over: a quarter's end would leave
    nothing to be due in it."""
    return question.calendar.period_of(question.view.period.end, Cadence.QUARTERLY)


def _known_before(moments: dict[str, datetime]) -> FromClause:
    """Per opportunity and moment: the last amount and expected close of a row before it, and
    ``changed``, its newest row of all."""
    s = opportunity_stages.c
    columns: list[ColumnElement] = []
    for name, moment in moments.items():
        for value in (s.amount, s.expected_close_on):
            known_at = case((and_(s.entered_at < moment, value.is_not(None)), s.entered_at))
            place = func.row_number().over(
                partition_by=s.opportunity_id,
                order_by=(known_at.desc().nulls_last(), s.stage.desc()),
            )
            known = case((known_at.is_not(None), value))
            columns += [
                known.label(f"{value.name}_{name}"),
                place.label(f"place_{value.name}_{name}"),
            ]
    rows = select(s.opportunity_id, s.entered_at, *columns).subquery("stage_rows")
    values = [c.name for c in columns[::2]]
    return (
        select(
            rows.c.opportunity_id,
            func.max(rows.c.entered_at).label("changed"),
            *(
                func.max(case((rows.c[f"place_{name}"] == 1, rows.c[name]))).label(name)
                for name in values
            ),
        )
        .group_by(rows.c.opportunity_id)
        .subquery("known")
    )


def _true(condition: ColumnElement) -> ColumnElement[bool]:
    """Unknown counts as no."""
    return func.coalesce(condition, false())


def movement_statement(question: Question) -> Select:
    """One row a source and loss reason (NULL but for deals lost in the period); for each of
    ``MOVES``, ``closing``, ``open`` and ``lost_deals`` its count, amount and unknown amounts."""
    start, end = question.bounds(question.view.period)
    known = _known_before({"start": start, "end": end})
    o = opportunities.c
    source = opportunities.outerjoin(known, known.c.opportunity_id == o.opportunity_id)
    dimensions, conditions = question.filtered(Fact(source=source, links=links()))
    is_closed = o.status.in_(("won", "lost"))

    def as_known(moment: datetime, name: str, today: Column) -> Column:
        """What stands in the record, unless it may have been changed after the moment."""
        was_other = or_(and_(is_closed, o.closed_at >= moment), known.c.changed >= moment)
        return case((_true(was_other), func.coalesce(known.c[name], today)), else_=today)

    def is_due(moment: datetime, name: str) -> ColumnElement[bool]:
        expected = as_known(moment, f"expected_close_on_{name}", o.expected_close_on)
        return func.coalesce(expected < due_period(question).end, True)

    def is_open(moment: datetime) -> ColumnElement[bool]:
        return _true(and_(o.created_at < moment, or_(o.status == "open", o.closed_at >= moment)))

    closed = _true(and_(is_closed, o.closed_at >= start, o.closed_at < end))
    deals = (
        select(
            dimensions.column("sourced_by").label("source"),  # type: ignore[union-attr]
            o.loss_reason,
            o.status,
            as_known(start, "amount_start", o.amount).label("amount_start"),
            case((closed, o.amount), else_=as_known(end, "amount_end", o.amount)).label(
                "amount_end"
            ),
            is_open(start).label("open_start"),
            is_open(end).label("open_end"),
            is_due(start, "start").label("due_start"),
            is_due(end, "end").label("due_end"),
            _true(and_(o.created_at >= start, o.created_at < end)).label("is_created"),
            closed.label("is_closed"),
        )
        .select_from(dimensions.source)
        .where(o.created_at <= question.as_of, *conditions)
        .subquery("deals")
    )
    return _summed(deals)


def _summed(deals: FromClause) -> Select:
    d = deals.c
    in_start = and_(d.open_start, d.due_start)
    closing = and_(d.open_end, d.due_end)
    stays = or_(closing, d.is_closed)
    created = and_(d.is_created, stays)
    slipped_in = and_(d.open_start, ~d.due_start, stays)
    entered = or_(in_start, created, slipped_in)
    start, end = func.coalesce(d.amount_start, 0), func.coalesce(d.amount_end, 0)
    was_there = or_(in_start, slipped_in)
    lost_now = and_(d.is_closed, d.status == "lost")
    # Name: which deals, and their money; an amount is unknown where the money's column is NULL.
    parts: dict[str, tuple[ColumnElement[bool], Column, Column]] = {
        "opening": (in_start, start, d.amount_start),
        "created": (created, end, d.amount_end),
        "slipped_in": (slipped_in, start, d.amount_start),
        "grown": (and_(was_there, end > start), end - start, end),
        "shrunk": (and_(was_there, end < start), start - end, end),
        "slipped_out": (and_(in_start, d.open_end, ~d.due_end), end, d.amount_end),
        "lost": (and_(entered, lost_now), end, d.amount_end),
        "won": (and_(entered, d.is_closed, d.status == "won"), end, d.amount_end),
        "closing": (closing, end, d.amount_end),
        "open": (d.open_end, end, d.amount_end),
        "lost_deals": (lost_now, end, d.amount_end),
    }
    columns = []
    for name, (which, amount, known) in parts.items():
        columns += [
            func.sum(case((which, 1), else_=0)).label(f"{name}_count"),
            func.sum(cast(case((which, amount), else_=0), MONEY)).label(f"{name}_amount"),
            func.sum(case((and_(which, known.is_(None)), 1), else_=0)).label(f"{name}_unknown"),
        ]
    reason = case((lost_now, d.loss_reason))
    is_lost = case((lost_now, 1), else_=0)
    return select(d.source, reason.label("reason"), is_lost.label("is_lost"), *columns).group_by(
        d.source, reason, is_lost
    )


def pipeline(question: Question) -> Pipeline:
    """Raises ``UnsupportedDimension`` for a filter that opportunities do not know."""
    rows = cached_rows(question.warehouse, movement_statement(question))
    found = {row["source"] for row in rows}
    sources = [_movement(source, [r for r in rows if r["source"] == source]) for source in found]
    shown = [m for m in sources if m.open.count or any(part.count for part in m.moves.values())]
    reasons = {row["reason"] for row in rows if row["is_lost"]}
    losses = [
        (reason, _sums([r for r in rows if r["is_lost"] and r["reason"] == reason], "lost_deals"))
        for reason in reasons
    ]
    return Pipeline(
        due_label=_due_label(due_period(question)),
        total=_movement(None, rows),
        sources=tuple(sorted(shown, key=lambda m: (-m.closing.amount, m.source or "~"))),
        losses=tuple(sorted(losses, key=lambda loss: (-loss[1].count, loss[0] or "~"))),
    )


def _due_label(period: Period) -> str:
    return period.label.partition(",")[0]


def _movement(source: str | None, rows: Sequence[dict[str, Any]]) -> Movement:
    return Movement(
        source,
        {name: _sums(rows, name) for name in MOVES},
        _sums(rows, "closing"),
        _sums(rows, "open"),
    )


def _sums(rows: Sequence[dict[str, Any]], name: str) -> Sums:
    count, amount, unknown = (
        sum((row[f"{name}_{number}"] for row in rows), start=0) for number in NUMBERS
    )
    return Sums(int(count), _money(amount), int(unknown))


def _money(amount: Any) -> Decimal:
    return Decimal(amount).quantize(Decimal("0.01"))
