"""Figures that are made rep by rep (quotas) and added up to managers, teams and the company."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select

from data.tables import reps
from data.warehouse import Warehouse
from metrics.cache import cached_rows
from metrics.calendar import Span
from metrics.derived import Members, by_name, no_data
from metrics.model import Metric, Parts, Status
from metrics.query import MetricQuery, Row

# What is known of a rep: a quota has no other dimension.
OF_REPS = ("rep", "manager", "team")


def not_of_reps(query: MetricQuery) -> str | None:
    """The dimension of a question that reps do not have, if any."""
    asked = (*query.by, *(name for name, _ in query.where))
    return next((name for name in asked if name not in OF_REPS), None)


class Roster:
    """Who is who's: rep, manager and team of every rep, in one small query."""

    def __init__(self, warehouse: Warehouse) -> None:
        r = reps.c
        rows = cached_rows(warehouse, select(r.rep_id, r.manager, r.team))
        self._known = {row["rep_id"]: row for row in rows}

    def member(self, rep_id: str | None, dimension: str) -> str | None:
        if dimension == "rep":
            return rep_id
        known: dict[str, Any] = self._known.get(rep_id, {})
        return known.get(dimension)


def add_up_reps(
    metric: Metric, span: Span, query: MetricQuery, rows: Iterable[Row], roster: Roster
) -> Iterator[Row]:
    """The rows of the question over one span, of the rows by rep over that span.

    Reps without a target are left out; where nobody is left the row says why.
    """
    groups: dict[Members, list[Row]] = {} if query.by else {(): []}
    lacking = "nobody has a quota"
    for row in rows:
        rep_id = row.members[0]
        if any(roster.member(rep_id, name) not in members for name, members in query.where):
            continue
        members = tuple(roster.member(rep_id, name) for name in query.by)
        groups.setdefault(members, []).append(row)
    for members in sorted(groups, key=by_name):
        with_target = [row for row in groups[members] if row.status is not Status.NO_DATA]
        if with_target:
            yield _added(metric, members, with_target)
        else:
            reasons = [row.reason for row in groups[members] if row.reason]
            alone = len(groups[members]) == 1 and reasons
            yield no_data(metric, span, members, reasons[0] if alone else lacking)


def _added(metric: Metric, members: Members, rows: list[Row]) -> Row:
    top = sum(row.numerator or 0 for row in rows)
    bottom = sum(row.denominator or 0 for row in rows)
    found = Parts(top / bottom if bottom else None, top, bottom)
    status = min((row.status for row in rows), key=list(Status).index)
    return Row(metric.id, rows[0].span, members, *found[:3], status)
