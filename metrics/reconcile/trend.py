"""The gap over the last periods: two counts a period and their difference, with its state."""

from __future__ import annotations

from dataclasses import dataclass

from data.warehouse import Warehouse
from metrics.calendar import Calendar
from metrics.catalog.reconciliation import gap_id
from metrics.engine import run_query
from metrics.model import Status
from metrics.query import MetricQuery
from metrics.view import View

PERIODS = 13


@dataclass(frozen=True)
class GapPoint:
    """One period's gap. ``gap`` is None where it is undefined, ``reason`` then says why."""

    short: str
    label: str
    gap: int | None
    marketing: int | None
    sales: int | None
    is_open: bool
    reason: str | None = None


def gap_trend(warehouse: Warehouse, stage: str, view: View) -> tuple[GapPoint, ...]:
    """The gap at a stage over ``PERIODS`` periods up to the view's, oldest first, under its
    filters. Raises ``WarehouseError``."""
    periods = Calendar(warehouse.config).recent(view.period, PERIODS)
    spans = tuple(period.span for period in periods)
    rows = run_query(warehouse, MetricQuery((gap_id(stage),), spans, view.as_of, where=view.where))
    by_span = {row.span: row for row in rows}
    points = []
    for period in periods:
        row = by_span.get(period.span)
        numbers = (None,) * 3 if row is None else (row.value, row.numerator, row.denominator)
        gap, marketing, sales = (None if n is None else int(n) for n in numbers)
        points.append(
            GapPoint(
                period.short,
                period.label,
                gap,
                marketing,
                sales,
                row is not None and row.status is Status.PARTIAL,
                None if row is None else row.reason,
            )
        )
    return tuple(points)
