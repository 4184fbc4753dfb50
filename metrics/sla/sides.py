"""The two sides of the agreement as the scorecard's own tiles, and what each segment was given."""

from __future__ import annotations

from collections.abc import Sequence

from metrics.catalog import CATALOG
from metrics.engine import run_query
from metrics.model import Metric, Status, Team
from metrics.query import MetricQuery, Row
from metrics.scorecard import Selection, Tile
from metrics.sla.model import Rate, SegmentRow
from metrics.sla.question import Question
from metrics.tiles import Board

# By side, what stands on the page; the first is the side's headline and has the chart.
MARKETING = ("mql_delivery", "mqls", "mql_completeness", "lead_rejection_rate")
SALES = ("sla_response", "response_hours", "overdue_handoffs")
JOINT = ("wasted_effort_share", "redundant_outreach_rate")
SHOWN_FIGURES = 3


def _known(ids: Sequence[str]) -> tuple[Metric, ...]:
    """The KPIs of a side that the catalog has."""
    return tuple(CATALOG[id_] for id_ in ids if id_ in CATALOG)[:SHOWN_FIGURES]


def marketing_metrics() -> tuple[Metric, ...]:
    """Delivery against the committed number; plain MQLs where it has none to be held against."""
    found = _known(MARKETING)
    return tuple(m for m in found if m.id != "mqls") if found[0].id != "mqls" else found


def sides(question: Question) -> dict[Team, tuple[Tile, ...]]:
    """Marketing's, sales' and the joint tiles: one question to the engine for all of them."""
    columns = {
        Team.MARKETING: marketing_metrics(),
        Team.SALES: _known(SALES),
        Team.SHARED: _known(JOINT),
    }
    board = Board(question.warehouse, question.frame, Selection(goals=(), columns=columns))
    found = board.columns()
    return {team: found[team.value] for team in columns}


def segments(question: Question) -> tuple[SegmentRow, ...] | str:
    """What marketing delivered in the period, by segment; in words why that cannot be told."""
    delivered, complete = "mqls", "mql_completeness"
    wanted = [id_ for id_ in (delivered, complete) if id_ in CATALOG]
    span = question.frame.equal_part(question.view.period)
    query = MetricQuery(
        tuple(wanted), (span,), question.as_of, by=("segment",), where=question.view.where
    )
    rows = run_query(question.warehouse, query)
    by_metric = {id_: {r.members[0]: r for r in rows if r.metric == id_} for id_ in wanted}
    lacking = [row for row in by_metric[delivered].values() if row.status is Status.NO_DATA]
    if lacking:
        return lacking[0].reason or "nothing was delivered"
    return tuple(
        SegmentRow(
            segment, int(row.value or 0), _rate(by_metric.get(complete, {}).get(segment))
        )
        for segment, row in by_metric[delivered].items()
        if row.value
    )


def _rate(row: Row | None) -> Rate | None:
    if row is None or row.numerator is None or row.denominator is None:
        return None
    return Rate(int(row.numerator), int(row.denominator))
