"""Disputes as events that KPIs count: from the state database into a question.

A dispute stands on the event clock where the data reached when it was raised and settled, so that
a figure as of a moment is the same whenever it is asked for. The events are part of the question
(``MetricQuery.disputes``): an answer that is kept is kept with the very disputes that it counts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from data.errors import ConfigError, StateError
from data.review_memory.disputes import Dispute, DisputeEvent, read_disputes
from data.review_memory.filters import lies_within
from data.row_scope import RowScope
from data.state import has_state
from data.warehouse import Warehouse
from metrics.catalog import CATALOG

if TYPE_CHECKING:
    from metrics.query import MetricQuery

# The facts that are made of them (``metrics/facts/disputes.py``).
FACTS = frozenset({"disputes_open", "disputes_raised"})


def with_disputes(warehouse: Warehouse, query: MetricQuery) -> MetricQuery:
    """The question with the disputes that its KPIs count, of those that the viewer may see; as it
    is where it counts none, has them already, or the state database does not answer."""
    if query.disputes is not None or not counts_disputes(query):
        return query
    try:
        disputes = read_disputes(warehouse.config.company.name) if has_state() else []
    except (StateError, ConfigError):
        return query
    seen = [dispute for dispute in disputes if is_seen(dispute, warehouse.scope)]
    return replace(query, disputes=tuple(map(_event, seen)))


def counts_disputes(query: MetricQuery) -> bool:
    return any(
        metric.numerator is not None and metric.numerator.fact in FACTS
        for metric in query.definitions
    )


def is_seen(dispute: Dispute, scope: RowScope) -> bool:
    """Whether somebody with this scope may see what was disputed: a figure of no more than theirs,
    and of a KPI that they are told at all."""
    if scope.is_whole:
        return True
    metric = CATALOG.get(dispute.shown.metric)
    if metric is None or metric.whole_company:
        return False
    return lies_within(dispute.shown.where, scope.members)


def _event(dispute: Dispute) -> DisputeEvent:
    shown, settled = dispute.shown, dispute.settled
    return DisputeEvent(
        id=dispute.id,
        metric=shown.metric,
        period=shown.period,
        raised_at=shown.data_through,
        settled_at=None if settled is None else settled.settled_as_of,
        where=shown.where,
    )
