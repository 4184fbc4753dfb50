"""Locked baselines: what they are kept under, reading and locking them, and re-basing one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from data.errors import ConfigError, StateError
from data.state import open_state
from data.state.baselines import add_revision, count_rebased, lock_baselines, read_baselines
from data.state.models import Baseline as Stored
from data.warehouse import Warehouse
from metrics.calendar import Cadence, Calendar, Period
from metrics.catalog import find_metric
from metrics.charting import Basis, Reference, Series
from metrics.engine import run_query
from metrics.errors import QueryError
from metrics.model import Kind, Metric
from metrics.query import Filters, MetricQuery
from metrics.signals import BASELINE_FROM, BASELINE_TO, Baseline

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
        return _hash(asdict(self))


def _hash(parts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _fingerprint(warehouse: Warehouse, metric: Metric) -> str:
    config = warehouse.config
    # Wording that explains a number does not change it; its definition does. What a derived KPI
    # is made of is code, which has no lasting form; its formula says it.
    left_out = {"label", "owner", "null_rule", "dimensions", "derived"}
    parts = {
        "metric": {name: part for name, part in asdict(metric).items() if name not in left_out},
        "window": config.window_days(metric.id) if metric.kind is Kind.COHORT else None,
        "company": [config.company.name, config.company.timezone],
        "fiscal_year": config.company.fiscal_year_starts,
        "hours": config.business_hours.model_dump(mode="json"),
        "sla": config.sla.model_dump(mode="json") if "handoff_clock" in metric.tables else None,
        # A demo company is built anew with other sizes; a real one keeps its baselines.
        "demo": warehouse.data_version if warehouse.is_demo else None,
    }
    return _hash(parts)


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


def stamp_of_limits() -> tuple[str, int] | None:
    """Which state database, and how many re-bases it holds: what was computed under another stamp
    has other limits. None while it does not answer."""
    try:
        store = open_state()
        return str(store.url), count_rebased(store)
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
    as_of = warehouse.default_as_of
    periods = [calendar.step(since, n) for n in range(BASELINE_TO)]
    before = [calendar.year_before(period) for period in periods]
    spans = tuple(sorted({period.span for period in (*periods, *before)}))
    answers = run_query(warehouse, MetricQuery((metric.id,), spans, as_of, where=where))
    series = Series(calendar, {(row.metric, row.span): row for row in answers})
    known = [period for period in periods if series.figure(metric, period) is not None]
    reference = series.reference(metric, known)
    if reference is None:
        raise QueryError(
            f"{metric.label} cannot be re-based from {since.id} on: {len(known)} complete periods "
            f"with a figure since then, and a baseline needs {BASELINE_FROM} that vary."
        )
    scope = scope_of(warehouse, metric, since.cadence, where)
    row = _columns(scope, reference)
    return _reference(add_revision(open_state(), row, reason=reason, locked_by=locked_by))
