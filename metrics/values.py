"""Sums to values: what the cells of the statements that a KPI reads make of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from metrics.compile import Key, SumsKey
from metrics.facts.handoffs import UNANSWERED
from metrics.model import Measure, Metric


def cell_name(key: Key, name: str) -> str:
    return f"{key.fact}.{name}" if isinstance(key, SumsKey) else f"values.{name}"


def _number(value: Any) -> float:
    """Engines differ in the types of sums: whole numbers become int, all else float."""
    if value is None:
        return 0
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _measured(measure: Measure, cells: dict[str, Any]) -> float | None:
    """A measure's sum; None when rows are there but every amount is unknown."""
    name = f"{measure.fact}.{measure.column}"
    rows = cells.get(f"{name}__rows")
    if rows and not cells.get(f"{name}__known"):
        return None
    return _number(cells.get(name))


def _share(numerator: float | None, denominator: float | None) -> float | None:
    if numerator is None or not denominator:
        return None
    return numerator / denominator


def ratio_or_sum(metric: Metric, cells: dict[str, Any]):
    assert metric.numerator is not None
    numerator = _measured(metric.numerator, cells)
    if metric.denominator is None:
        return numerator, numerator, None
    denominator = _measured(metric.denominator, cells)
    return _share(numerator, denominator), numerator, denominator


def cohort(metric: Metric, cells: dict[str, Any]):
    assert metric.stages is not None
    fact = f"entered_{metric.stages[0]}"

    def count(name: str) -> int:
        return int(_number(cells.get(f"{fact}.{name}")))

    maturing = count(f"{metric.id}__maturing")
    if maturing:
        numerator = count(f"{metric.id}__converted_matured")
        denominator = count(f"{metric.id}__matured")
    else:
        numerator, denominator = count(f"{metric.id}__converted"), count("n")
    return _share(numerator, denominator), numerator, denominator, maturing


def duration(metric: Metric, cells: dict[str, Any]):
    n = int(_number(cells.get("values.n")))
    value = cells.get("values.value")
    slowest = cells.get("values.slowest")
    total = float(cells["values.total"]) if cells.get("values.total") is not None else None
    if value is not None and float(value) >= UNANSWERED / 1e6:
        return None, None, n, None if slowest is None else float(slowest)
    numerator = total if metric.percentile is None else None
    return (None if value is None else float(value)), numerator, n, None


def still_open(metric: Metric, cells: dict[str, Any]) -> int:
    if metric.maturing is None:
        return 0
    return int(_number(cells.get(f"{metric.maturing.fact}.{metric.maturing.column}")))
