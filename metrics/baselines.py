"""Locked baselines: what they are kept under, reading and locking them, and re-basing one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from data.agreements import count_agreed
from data.errors import ConfigError, StateError
from data.review_memory.disputes import count_changes
from data.state import open_state
from data.state.baselines import add_revision, count_rebased, lock_baselines, read_baselines
from data.state.models import Baseline as Stored
from data.warehouse import Warehouse
from metrics.calendar import Cadence, Calendar, Period
from metrics.catalog import find_metric
from metrics.charting import Basis, Reference, Series, how_charted
from metrics.definitions import definition_parts, hash_of
from metrics.engine import run_query
from metrics.errors import QueryError
from metrics.model import Metric
from metrics.query import Filters, MetricQuery
from metrics.signals import Baseline, fewest_figures, longest_baseline

STATE_TROUBLE = (StateError, ConfigError)


@dataclass(frozen=True)
class Scope:
    """What a baseline holds for. ``fingerprint`` is a hash of all that decides what the numbers
    mean: another definition, window, calendar or company has a baseline of its own."""

    metric: str
    cadence: str
    filters: str
    fingerprint: str

    @property
    def key(self) -> str:
        return hash_of(asdict(self))


def _fingerprint(warehouse: Warehouse, metric: Metric) -> str:
    parts = definition_parts(warehouse.config, metric)
    # A demo company is built anew with other sizes; a real one keeps its baselines.
    return hash_of(parts | {"demo": warehouse.data_version if warehouse.is_demo else None})


def scope_of(warehouse: Warehouse, metric: Metric, cadence: Cadence, where: Filters) -> Scope:
    """The scope of a KPI's baseline; the order in which a filter names things is no difference."""
    named = sorted(
        (name, sorted("~" if member is None else f"={member}" for member in members))
        for name, members in warehouse.scope.narrowed(where)
    )
    return Scope(metric.id, cadence.value, json.dumps(named), _fingerprint(warehouse, metric))


def _reference(stored: Stored) -> Reference:
    return Reference(
        Basis(stored.basis),
        Baseline(stored.mean, stored.mean_range, stored.lowest, stored.highest, stored.count),
        stored.first_period,
        stored.last_period,
        stored.locked_at,
    )


def _columns(scope: Scope, reference: Reference) -> dict[str, Any]:
    return {
        "key": scope.key,
        **asdict(scope),
        "basis": reference.basis.value,
        "first_period": reference.first,
        "last_period": reference.last,
        **asdict(reference.baseline),
    }


def locked_references(scopes: Mapping[str, Scope]) -> dict[str, Reference]:
    """The locked baselines by metric id, of these scopes by metric id. Raises ``STATE_TROUBLE``."""
    found = read_baselines(open_state(), [scope.key for scope in scopes.values()])
    return {
        metric: _reference(found[scope.key])
        for metric, scope in scopes.items()
        if scope.key in found
    }


def lock_references(
    scopes: Mapping[str, Scope], references: Mapping[str, Reference]
) -> dict[str, Reference]:
    """Lock baselines by metric id; what then holds, which may be another process's.

    Raises ``STATE_TROUBLE``.
    """
    rows = [_columns(scopes[metric], reference) for metric, reference in references.items()]
    held = lock_baselines(open_state(), rows)
    return {metric: _reference(held[scopes[metric].key]) for metric in references}


def stamp_of_state() -> tuple[str, int, int, int] | None:
    """Which state database, how many re-bases it holds, how often a dispute was raised or settled,
    and something agreed on: what was computed under another stamp has other limits, counts other
    disputes, or is held against other targets and definitions. None while it does not answer."""
    try:
        store = open_state()
        return str(store.url), count_rebased(store), count_changes(store), count_agreed(store)
    except STATE_TROUBLE:
        return None


def rebase(
    warehouse: Warehouse,
    metric_id: str,
    since: Period,
    *,
    reason: str,
    where: Filters = (),
    locked_by: str | None = None,
) -> Reference:
    """Lock a new baseline over the 12 to 26 complete periods from ``since`` on, with its reason.

    Raises ``QueryError`` with fewer complete periods, ``StateError`` without a reason or when the
    state database does not answer. The old baseline stays on record.
    """
    metric = find_metric(metric_id)
    calendar = Calendar(warehouse.config)
    how = how_charted(metric, since, calendar)
    if how is None:
        raise QueryError(f"{metric.label} has no natural limits and so no baseline.")
    # Windows that reach back before the change say nothing of what came after.
    first = calendar.step(since, how.lag - 1)
    periods = [calendar.step(first, n) for n in range(longest_baseline(how.lag))]
    # A figure that looks back a while is there before its period is over.
    periods = [p for p in periods if calendar.starts_at(p.end) <= warehouse.default_as_of]
    before = [calendar.year_before(period) for period in periods]
    spans = tuple(sorted({how.span(period) for period in (*periods, *before)}))
    query = MetricQuery((metric.id,), spans, warehouse.default_as_of, where=where)
    rows = {(row.metric, row.span): row for row in run_query(warehouse, query)}
    series = Series(calendar, rows, {metric.id: how})
    known = [period for period in periods if series.figure(metric, period) is not None]
    reference = series.reference(metric, known)
    if reference is None:
        raise QueryError(
            f"{metric.label} cannot be re-based from {since.id} on: {len(known)} complete periods "
            f"with a figure since then, and a baseline needs {fewest_figures(how.lag)} that vary."
        )
    scope = scope_of(warehouse, metric, since.cadence, where)
    row = _columns(scope, reference)
    return _reference(add_revision(open_state(), row, reason=reason, locked_by=locked_by))
