"""The queue: handoffs without an answer at the as-of moment, whenever they were handed over.

Longest overdue first, in business time, then due soonest. The period of a view does not narrow
it: what slipped through in spring is still waiting.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, case, func, select

from data.derive import stale_reason
from data.tables import handoff_clock, handoffs
from data.warehouse import Warehouse
from data.zones import known_zones
from metrics.compile import UnsupportedDimension
from metrics.engine import cached_rows
from metrics.errors import QueryError
from metrics.facts.base import Column
from metrics.facts.handoffs import handed, response_at
from metrics.facts.waiting import is_due_soon, seconds_left, with_time_left
from metrics.personal import personal
from metrics.records import RecordColumn
from metrics.sla.model import QueueRow, QueueSummary
from metrics.sla.question import Question
from metrics.sla.responses import team_label
from metrics.view import View

PAGE = 25
MAX_DOWNLOAD = 100_000

DOWNLOAD = (
    RecordColumn("handoff_id", "Handoff"),
    RecordColumn("lead_id", "Lead id"),
    RecordColumn("lead", "Lead"),
    RecordColumn("company", "Company"),
    RecordColumn("priority", "Priority"),
    RecordColumn("rep", "Rep"),
    RecordColumn("team", "Team"),
    RecordColumn("state", "State"),
    RecordColumn("handed_at", "Handed over", "moment"),
    RecordColumn("due_at", "Due", "moment"),
    RecordColumn("zone", "Rep's time zone"),
    RecordColumn("over_hours", "Business hours past due", "hours"),
)


class Queue:
    """The queue of a view; ``shows_people`` False leaves the leads' names out.

    Raises ``QueryError`` where there is none: an empty table, a stale clock, a filter that
    handoffs do not know.
    """

    def __init__(self, warehouse: Warehouse, view: View, *, shows_people: bool = True) -> None:
        if reason := missing_clock(warehouse):
            raise QueryError(reason)
        self.warehouse = warehouse
        self._question = Question(warehouse, view)
        self._shows_people = shows_people
        try:
            self._listed = self._list().subquery("queue")
        except UnsupportedDimension as error:
            raise QueryError(refused(error)) from error

    def _list(self) -> Select:
        as_of = self._question.as_of
        fact = handed(self._question.context)
        dimensions, conditions = self._question.filtered(fact)
        h, c = handoffs.c, handoff_clock.c
        lead = _known(dimensions.linked("lead", "full_name"))
        shown = {
            "lead": personal(lead, self._shows_people),
            "company": _known(dimensions.linked("account", "name")),
            "rep": func.coalesce(dimensions.linked("rep", "name"), h.assigned_to),
            "manager": _known(dimensions.linked("rep", "manager")),
            "team_name": _known(dimensions.linked("rep", "team")),
            "timezone": _known(dimensions.linked("rep", "timezone")),
        }
        return (
            select(
                h.handoff_id,
                h.lead_id,
                h.priority,
                h.handed_at,
                c.due_at,
                c.calendar,
                (-seconds_left(as_of)).label("over_seconds"),
                case((c.due_at <= as_of, 1), else_=0).label("is_overdue"),
                case((is_due_soon(as_of), 1), else_=0).label("is_due_soon"),
                *(column.label(name) for name, column in shown.items()),
            )
            .select_from(with_time_left(dimensions.source, as_of))
            .where(*conditions, response_at(as_of).is_(None))
        )

    @property
    def statement(self) -> Select:
        """All of it, in order: the same on every call."""
        q = self._listed.c
        return select(self._listed).order_by(
            q.is_overdue.desc(),
            case((q.is_overdue == 1, -q.over_seconds)).asc().nulls_last(),
            q.due_at,
            q.handoff_id,
        )

    def summary(self) -> QueueSummary:
        q = self._listed.c
        statement = select(
            func.count().label("n"),
            func.coalesce(func.sum(q.is_overdue), 0).label("overdue"),
            func.coalesce(func.sum(q.is_due_soon), 0).label("soon"),
        ).select_from(self._listed)
        (row,) = cached_rows(self.warehouse, statement)
        overdue, soon = int(row["overdue"]), int(row["soon"])
        return QueueSummary(overdue, soon, int(row["n"]) - overdue - soon)

    def page(self, offset: int = 0, limit: int = PAGE) -> list[QueueRow]:
        rows = cached_rows(self.warehouse, self.statement.limit(limit).offset(offset))
        return [_row(row) for row in rows]

    def stream(self, limit: int = MAX_DOWNLOAD) -> Iterator[list[dict[str, Any]]]:
        """Rows for a file, by the names of ``DOWNLOAD``, some thousand at a time."""
        for rows in self.warehouse.stream(self.statement.limit(limit)):
            yield [_flat(_row(row)) for row in rows]


def missing_clock(warehouse: Warehouse) -> str | None:
    """Why the handoffs' clock cannot be read, or None."""
    if warehouse.empty_tables(("handoffs",)):
        return "The table handoffs is empty."
    return stale_reason(warehouse.whole)


def refused(error: UnsupportedDimension) -> str:
    """A filter that handoffs do not know, in words."""
    return f"Handoffs {error.message.rstrip('.')}: clear that filter to see this part."


def _known(column: Column | None) -> Column:
    """A column that every handoff has a link to."""
    assert column is not None
    return column


def _row(row: dict[str, Any]) -> QueueRow:
    zone = row["timezone"]
    return QueueRow(
        handoff_id=row["handoff_id"],
        lead_id=row["lead_id"],
        lead=row["lead"],
        company=row["company"],
        priority=row["priority"],
        rep=row["rep"],
        team=team_label(row["manager"], row["team_name"]),
        zone=zone if zone in known_zones() else row["calendar"],
        handed_at=row["handed_at"],
        due_at=row["due_at"],
        over_seconds=round(row["over_seconds"]),
        is_overdue=bool(row["is_overdue"]),
        is_due_soon=bool(row["is_due_soon"]),
    )


def state_words(row: QueueRow) -> str:
    if row.is_overdue:
        return "overdue"
    return "due soon" if row.is_due_soon else "pending"


def _flat(row: QueueRow) -> dict[str, Any]:
    return {
        **row.__dict__,
        "state": state_words(row),
        "over_hours": round(row.over_seconds / 3600, 2),
    }
