"""The two sides of the agreement as the scorecard's own tiles, and what each segment was given."""

from __future__ import annotations

from dataclasses import replace

from metrics.agreements.on_tiles import with_agreements
from metrics.calendar import ONE_DAY, Span
from metrics.catalog import CATALOG
from metrics.engine import run_query
from metrics.model import Status, Team
from metrics.query import MetricQuery, Row
from metrics.scorecard import Selection, TargetState, Tile
from metrics.sla.model import Effort, Rate, SegmentRow
from metrics.sla.question import COST_WEEKS, Question
from metrics.targets import read_target_book
from metrics.tiles import Board

# By side, what stands on the page; the first is the side's headline and has the chart.
MARKETING = ("mql_delivery", "mql_completeness", "lead_rejection_rate")
SALES = ("sla_response", "response_hours", "overdue_handoffs")
# A period's own, though the room asks how many there are now: the tile says both.
BACKLOG = "overdue_handoffs"
# What both pay when the agreement is not kept.
EFFORT = ("wasted_effort_share", "redundant_outreach_rate")
DELIVERED, COMPLETE = "_mqls_delivered", "mql_completeness"
# The commitment is shown by the first of these that has targets of its own.
SEGMENTED_BY = ("segment", "region", "product_line", "channel")


def sides(question: Question, overdue: int | None) -> dict[Team, tuple[Tile, ...]]:
    """Marketing's and sales' tiles: one question to the engine for all of them.

    ``overdue`` counts those of all periods; None: not known.
    """
    columns = {
        team: tuple(CATALOG[id_] for id_ in ids)
        for team, ids in ((Team.MARKETING, MARKETING), (Team.SALES, SALES))
    }
    board = Board(question.warehouse, question.frame, Selection(goals=(), columns=columns))
    found = {
        team: with_agreements(question.warehouse, question.view, board.columns()[team.value])
        for team in columns
    }
    first, *others = found[Team.MARKETING]
    short = question.period_short
    among = f"of {short}" if overdue is None else f"of {short}, {overdue:,} of all time"
    return {
        Team.MARKETING: (_committed(first, question), *others),
        Team.SALES: tuple(
            replace(tile, qualifier=among) if tile.metric.id == BACKLOG else tile
            for tile in found[Team.SALES]
        ),
    }


def _committed(tile: Tile, question: Question) -> Tile:
    """Delivery is a share of what was promised: all of it is its target where none is set.

    A running period is not judged: its target is the whole period's.
    """
    if tile.target is not None or tile.value is None:
        return tile
    is_met = None if question.frame.is_running else tile.value >= 1.0
    state = TargetState(1.0, tile.value - 1.0, is_met, is_limit=False)
    return replace(tile, target=state)


def effort(question: Question) -> tuple[Effort, ...]:
    """The shares of effort that went astray, over as long as leads are followed."""
    span = question.last_weeks(COST_WEEKS)
    if question.frame.is_running:
        # Days to come have no contacts; the part of the span that is over is all of it.
        span = Span(span.start, question.calendar.day_of(question.as_of) + ONE_DAY)
    rows = run_query(
        question.warehouse,
        MetricQuery(EFFORT, (span,), question.as_of, where=question.view.where),
    )
    return tuple(Effort(CATALOG[row.metric], row) for row in rows)


def segments(question: Question) -> tuple[str, tuple[SegmentRow, ...]] | str:
    """(dimension, what marketing delivered to each member in the period), the largest first.

    In words why that cannot be told.
    """
    warehouse, view = question.warehouse, question.view
    book = read_target_book(warehouse, ("mqls",), question.as_of)
    by = next((name for name in SEGMENTED_BY if book.members(name)), SEGMENTED_BY[0])
    wanted = (DELIVERED, "mql_delivery", COMPLETE)
    query = MetricQuery(wanted, (view.period.span,), question.as_of, by=(by,), where=view.where)
    rows = run_query(warehouse, query)
    of: dict[str, dict[str | None, Row]] = {id_: {} for id_ in wanted}
    for row in rows:
        of[row.metric][row.members[0]] = row
    lacking = [row.reason for row in of[DELIVERED].values() if row.status is Status.NO_DATA]
    if lacking:
        return lacking[0] or "nothing can be counted"
    members = {*of[DELIVERED], *(m for m, row in of["mql_delivery"].items() if row.denominator)}
    found = [_segment(member, of) for member in members]
    found.sort(key=lambda row: (-row.delivered, row.segment is None, row.segment or ""))
    return by, tuple(found)


def _segment(member: str | None, of: dict[str, dict[str | None, Row]]) -> SegmentRow:
    delivered = of[DELIVERED].get(member)
    share, complete = of["mql_delivery"].get(member), of[COMPLETE].get(member)
    rate = None
    if complete is not None and complete.numerator is not None and complete.denominator:
        rate = Rate(int(complete.numerator), int(complete.denominator))
    return SegmentRow(
        member,
        int(delivered.value or 0) if delivered is not None else 0,
        rate,
        None if share is None else share.denominator,
    )
