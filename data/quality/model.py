"""A check and its result; how checks are run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, select

from data.tables import CONTRACT
from data.warehouse import Warehouse

SAMPLE_SIZE = 5


class Level(StrEnum):
    """An error makes numbers wrong or impossible; a warning makes some of them doubtful."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Found:
    """How many rows break a rule, and up to five of their ids in order."""

    count: int
    sample: tuple[str | None, ...] = ()
    note: str | None = None


NOTHING = Found(0)


@dataclass(frozen=True)
class Check:
    """One rule about one table.

    ``id`` is permanent. ``rule`` is what holds in good data. ``why`` is what a breach does to
    the numbers, ``remedy`` what to do about it. ``find`` looks for breaches.
    """

    id: str
    table: str
    rule: str
    level: Level
    why: str
    remedy: str
    find: Callable[[Warehouse], Found]


@dataclass(frozen=True)
class Result:
    check: Check
    found: Found

    @property
    def passed(self) -> bool:
        return self.found.count == 0


def rows_of(offending: Select[Any]) -> Callable[[Warehouse], Found]:
    """A finder from a select of the offending rows' ids, as its only column: one query."""

    def find(warehouse: Warehouse) -> Found:
        ids = offending.subquery("offending")
        row_id = next(iter(ids.c))
        statement = (
            select(row_id.label("id"), func.count().over().label("rows"))
            .order_by(row_id.nulls_last())
            .limit(SAMPLE_SIZE)
        )
        rows = warehouse.rows(statement)
        if not rows:
            return NOTHING
        return Found(int(rows[0]["rows"]), tuple(row["id"] for row in rows))

    return find


def run_checks(
    warehouse: Warehouse,
    checks: Iterable[Check],
    *,
    progress: Callable[[str, float], None] | None = None,
) -> list[Result]:
    """Every check's result, in the order given. A table without rows breaks no rule.

    ``progress`` is told the check being run and the share (0–1) done before. Raises
    ``WarehouseError`` where the warehouse does not answer.
    """
    checks = list(checks)
    results = []
    for number, check in enumerate(checks):
        if progress is not None:
            progress(check.id, number / len(checks))
        empty = check.table in CONTRACT and warehouse.row_counts[check.table] == 0
        results.append(Result(check, NOTHING if empty else check.find(warehouse)))
    return results
