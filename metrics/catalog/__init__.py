"""The catalog: the one place where a KPI is declared; everything else finds it here."""

from __future__ import annotations

from data.errors import unknown
from metrics.catalog import (
    agreement,
    blocks,
    credit,
    disputes,
    marketing,
    pipeline,
    sales,
    shared,
    velocity,
)
from metrics.errors import QueryError
from metrics.model import Metric

CATALOG: dict[str, Metric] = {
    metric.id: metric
    for metric in (
        *marketing.METRICS,
        *shared.METRICS,
        *velocity.METRICS,
        *sales.METRICS,
        *credit.METRICS,
        *pipeline.METRICS,
        *agreement.METRICS,
        *disputes.METRICS,
    )
}


# What derived KPIs and pages are made of beside KPIs; no KPIs themselves.
BLOCKS: dict[str, Metric] = {metric.id: metric for metric in blocks.METRICS}


def find_metric(metric_id: str) -> Metric:
    """The metric of an id; raises ``QueryError`` with the nearest id."""
    metric = CATALOG.get(metric_id) or BLOCKS.get(metric_id)
    if metric is None:
        raise QueryError(unknown("metric", metric_id, CATALOG))
    return metric
