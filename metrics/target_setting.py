"""Targets set in the app: who may, what is a sound one, and what there is, set and loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from data.audit import Actor
from data.config import DIMENSIONS
from data.errors import AgreementError, unknown
from data.review_memory.versions import checked_words
from data.set_targets import SetVersion, TargetKey, read_set_targets, write_target
from data.warehouse import Warehouse
from metrics.agreed import is_seen, known_set_targets
from metrics.calendar import GRAINS, Calendar, Period
from metrics.catalog import CATALOG
from metrics.errors import QueryError, RoleError
from metrics.members import filter_members
from metrics.memory.people import editor
from metrics.model import Metric, Team
from metrics.targets import GRAIN_OF, read_loaded, read_target_book

MAX_REASON = 1_000
LARGEST = 1e15


@dataclass(frozen=True)
class TargetLine:
    """One target of a list: what holds, where from, and how it came to it.

    ``value`` is what holds, ``loaded`` what the warehouse says; ``versions`` are those set in the
    app, oldest first.
    """

    period: Period
    key: TargetKey
    loaded: float | None
    versions: tuple[SetVersion, ...]

    @property
    def newest(self) -> SetVersion | None:
        return self.versions[-1] if self.versions else None

    @property
    def seen(self) -> int:
        """The number of the newest version; -1 where none was set."""
        return -1 if self.newest is None else self.newest.number

    @property
    def value(self) -> float | None:
        newest = self.newest
        return self.loaded if newest is None or newest.value is None else newest.value


def set_target_as(
    warehouse: Warehouse,
    username: str,
    key: TargetKey,
    value: float | None,
    *,
    seen: int,
    reason: str,
) -> SetVersion:
    """Set a target in somebody's name, made from its version number ``seen`` (-1: none); None as
    ``value`` lets the loaded one hold again.

    Raises ``RoleError`` unless the account may edit what the KPI's team answers for and sees what
    it is a target of, ``QueryError`` for an unknown KPI, ``AgreementError`` for what is no target,
    ``NoteError`` without a reason, ``TargetConflict`` where somebody was first.
    """
    metric, by = _allowed(warehouse, username, key)
    checked = _checked_key(warehouse, metric, key)
    if value is None and seen < 0:
        raise AgreementError("No target was set here, so that none can be taken back.")
    if value is not None and not (isfinite(value) and abs(value) < LARGEST):
        raise AgreementError("A target is a number.", remedy="Give one in the KPI's own unit.")
    return write_target(
        warehouse.config.company.name,
        checked,
        None if value is None else float(value),
        seen=seen,
        reason=checked_words(reason, "The reason", limit=MAX_REASON),
        data_through=warehouse.default_as_of,
        by=by,
    )


def _allowed(warehouse: Warehouse, username: str, key: TargetKey) -> tuple[Metric, Actor]:
    metric = CATALOG.get(key.metric)
    if metric is None:
        raise QueryError(unknown("metric", key.metric, CATALOG))
    by = editor(username, metric.team, f"A target of {metric.label}")
    if not is_seen(key.dimension, key.member, warehouse.scope):
        raise RoleError(
            "This account sees a part of the data, and sets targets of that part alone."
        )
    return metric, by


def _checked_key(warehouse: Warehouse, metric: Metric, key: TargetKey) -> TargetKey:
    if key.grain not in GRAINS:
        raise AgreementError(unknown("grain", key.grain, GRAINS))
    period = Calendar(warehouse.config).period_of(key.period_start, GRAINS[key.grain])
    if period.start != key.period_start:
        raise AgreementError(
            f"{key.period_start.isoformat()} is not the first day of a {key.grain}.",
            remedy=f"Give {period.start.isoformat()}.",
        )
    if key.dimension is None:
        return TargetKey(key.metric, key.grain, key.period_start)
    if key.dimension not in metric.dimensions:
        known = unknown("dimension", key.dimension, metric.dimensions or DIMENSIONS)
        raise AgreementError(f"{metric.label} cannot be split by it: {known}")
    members = filter_members(warehouse)[key.dimension]
    if key.member is None or key.member not in members:
        raise AgreementError(
            f"{key.member!r} is no {key.dimension.replace('_', ' ')} in the data.",
            remedy="Choose one of those that occur.",
        )
    return key


# -- what there is --------------------------------------------------------------------------------


def target_lines(
    warehouse: Warehouse,
    metric: Metric,
    periods: Sequence[Period],
    of: tuple[str, str] | None = None,
) -> list[TargetLine]:
    """The targets of a KPI in some periods of one grain, of the company or of one member.

    Raises ``StateError`` or ``WarehouseError`` when a database does not answer.
    """
    dimension, member = of or (None, None)
    if not is_seen(dimension, member, warehouse.scope):
        return []
    loaded = read_loaded(warehouse, metric.id, warehouse.default_as_of)
    set_here: dict[TargetKey, list[SetVersion]] = {}
    for one in read_set_targets(warehouse.config.company.name, metric.id):
        set_here.setdefault(one.key, []).append(one)
    lines = []
    for period in periods:
        key = TargetKey(metric.id, GRAIN_OF[period.cadence], period.start, dimension, member)
        versions = sorted(set_here.get(key, ()), key=lambda one: one.number)
        lines.append(TargetLine(period, key, loaded.get(key), tuple(versions)))
    return lines


@dataclass(frozen=True)
class Ahead:
    """A KPI's targets in some periods, each None where none is set, and whether each was set in
    the app."""

    metric: Metric
    values: tuple[float | None, ...]
    is_set_here: tuple[bool, ...]


def targets_ahead(
    warehouse: Warehouse,
    always: Sequence[Metric],
    periods: Sequence[Period],
    of: tuple[str, str] | None = None,
) -> list[Ahead]:
    """The targets of every KPI in some periods of one grain, by team: of those named, and of all
    others that have one. Raises ``WarehouseError`` when the warehouse does not answer."""
    as_of = warehouse.default_as_of
    given = known_set_targets(warehouse, as_of)
    where = () if of is None else ((of[0], (of[1],)),)
    dimension, member = of or (None, None)
    if not is_seen(dimension, member, warehouse.scope):
        return []
    book = read_target_book(warehouse, CATALOG, as_of, given).under(where)
    here = {TargetKey(*one[:-1]) for one in given}
    found = []
    for metric in CATALOG.values():
        keys = [TargetKey(metric.id, GRAIN_OF[p.cadence], p.start, *(of or ())) for p in periods]
        values = tuple(book.values.get((k.metric, k.grain, k.period_start)) for k in keys)
        if metric in always or any(value is not None for value in values):
            found.append(Ahead(metric, values, tuple(key in here for key in keys)))
    teams = list(Team)
    return sorted(found, key=lambda one: teams.index(one.metric.team))


def changes_of_targets(warehouse: Warehouse, metric_id: str | None = None) -> list[SetVersion]:
    """Every setting of a target that the viewer may see, the newest first.

    Raises ``StateError`` or ``ConfigError`` when the state database does not answer.
    """
    found = read_set_targets(warehouse.config.company.name, metric_id)
    return [
        one
        for one in reversed(found)
        if is_seen(one.key.dimension, one.key.member, warehouse.scope)
    ]
