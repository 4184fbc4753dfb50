"""The catalog: the one place where a KPI is declared; everything else finds it here."""

from __future__ import annotations

from data.errors import unknown
from metrics.catalog import marketing, sales, shared
from metrics.errors import QueryError
from metrics.model import Metric

CATALOG: dict[str, Metric] = {
    metric.id: metric for metric in (*marketing.METRICS, *shared.METRICS, *sales.METRICS)
}


def find_metric(metric_id: str) -> Metric:
    """The metric of an id; raises ``QueryError`` with the nearest id."""
    if metric_id not in CATALOG:
        raise QueryError(unknown("metric", metric_id, CATALOG))
    return CATALOG[metric_id]
