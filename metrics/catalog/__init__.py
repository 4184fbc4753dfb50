"""The catalog: the one place where a KPI is declared; everything else finds it here."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from data.errors import unknown
from metrics.catalog import (
    agreement,
    blocks,
    credit,
    disputes,
    marketing,
    pipeline,
    reconciliation,
    sales,
    shared,
    velocity,
)
from metrics.errors import QueryError
from metrics.model import Kind, Metric

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
        *reconciliation.METRICS,
        *disputes.METRICS,
    )
}


# What derived KPIs and pages are made of beside KPIs; no KPIs themselves.
BLOCKS: dict[str, Metric] = {
    metric.id: metric for metric in (*blocks.METRICS, *reconciliation.BLOCKS)
}


def find_metric(metric_id: str) -> Metric:
    """The metric of an id; raises ``QueryError`` with the nearest id."""
    metric = CATALOG.get(metric_id) or BLOCKS.get(metric_id)
    if metric is None:
        raise QueryError(unknown("metric", metric_id, CATALOG))
    return metric


_BY_DAY = re.compile(r"(\w+)_by_day_([1-9]\d{0,3})")


def by_day(metric: Metric, days: int) -> str:
    """What a question calls a cohort conversion by another age than its window's: an early read."""
    return f"{metric.id}_by_day_{days}"


@lru_cache(maxsize=1_000)
def asked_metric(metric_id: str) -> Metric:
    """What a question means by an id: a metric, or a conversion ``by_day``. Raises ``QueryError``
    with the nearest id."""
    early = _BY_DAY.fullmatch(metric_id)
    of = CATALOG.get(early[1]) if early is not None else None
    if early is None or of is None or of.kind is not Kind.COHORT:
        return find_metric(metric_id)
    return replace(of, id=metric_id, window_days=int(early[2]))
