"""A change of process, recorded by its owner: who may, from when on, and what was before.

A re-base starts a new baseline over the periods since the change; the old one stays on record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from data import users
from data.state import open_state
from data.state.baselines import read_revisions
from data.warehouse import Warehouse
from metrics.baselines import rebase, scope_of
from metrics.calendar import Cadence, Calendar, Period
from metrics.catalog import find_metric
from metrics.charting import Charted, Reference, Series, how_charted
from metrics.engine import run_query
from metrics.model import Metric
from metrics.query import Filters, MetricQuery
from metrics.roles import active_account, check_may_edit
from metrics.signals import BASELINE_TO, fewest_figures, longest_baseline

# Longer ago, a change of process is no news. Of a cohort KPI half of them may still be maturing.
CHOICES = 2 * BASELINE_TO


@dataclass(frozen=True)
class LockedBaseline:
    """One baseline on record. ``reason`` and ``locked_by`` (a full name, or a user name whose
    account is gone) are None for the first, which nobody asked for; ``locked_at`` is naive UTC."""

    first: str  # id of a period
    last: str
    count: int
    locked_at: datetime
    reason: str | None
    locked_by: str | None


def baseline_history(
    warehouse: Warehouse, metric: Metric, cadence: Cadence, where: Filters
) -> tuple[LockedBaseline, ...]:
    """The baselines of a KPI at a cadence and under filters, the one that holds first.

    Raises ``StateError`` or ``ConfigError`` when the state database does not answer.
    """
    scope = scope_of(warehouse, metric, cadence, where)
    stored = read_revisions(open_state(), scope.key)
    names: dict[str, str] = {}
    if any(one.locked_by for one in stored):
        names = {account.username: account.full_name for account in users.list_accounts()}
    return tuple(
        LockedBaseline(
            first=one.first_period,
            last=one.last_period,
            count=one.count,
            locked_at=one.locked_at,
            reason=one.reason,
            locked_by=one.locked_by and names.get(one.locked_by, one.locked_by),
        )
        for one in stored
    )


def rebase_choices(
    warehouse: Warehouse, metric: Metric, cadence: Cadence, where: Filters
) -> tuple[Period, ...]:
    """The periods that a new baseline may begin with, newest first: those with enough complete
    periods after them, as far as a year of weeks back. One query.

    Raises ``WarehouseError`` when the warehouse does not answer.
    """
    calendar, as_of = Calendar(warehouse.config), warehouse.default_as_of
    newest = calendar.default_period(cadence, as_of)
    how = how_charted(metric, newest, calendar)
    if how is None:
        return ()
    reach = fewest_figures(how.lag) + how.lag - 1
    periods = calendar.recent(newest, reach + CHOICES)
    spans = tuple(sorted({how.span(period) for period in periods}))
    answers = run_query(warehouse, MetricQuery((metric.id,), spans, as_of, where=where))
    series = Series(calendar, {(row.metric, row.span): row for row in answers}, {metric.id: how})
    begun = series.since_the_data_began(metric, periods)
    known = [series.figure(metric, period) is not None for period in periods]
    return tuple(
        period
        for index, period in reversed(list(enumerate(periods)))
        if period in begun and sum(known[_whole(how, index)]) >= fewest_figures(how.lag)
    )


def _whole(how: Charted, first: int) -> slice:
    """The periods of a baseline since the ``first``: those whose windows lie wholly after it."""
    begins = first + how.lag - 1
    return slice(begins, begins + longest_baseline(how.lag))


def rebase_as(
    warehouse: Warehouse,
    username: str,
    metric_id: str,
    since: Period,
    *,
    reason: str,
    where: Filters = (),
) -> Reference:
    """Re-base a KPI in somebody's name, if the role of that account allows it at this moment.

    Raises ``RoleError``; else as ``metrics.baselines.rebase``.
    """
    account = active_account(username)
    metric = find_metric(metric_id)
    check_may_edit(account.role, metric.team, f"A change of process of {metric.label}")
    return rebase(
        warehouse, metric.id, since, reason=reason, where=where, locked_by=account.username
    )
