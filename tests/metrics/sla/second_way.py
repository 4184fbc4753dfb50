"""The SLA page in plain Python over dict rows: what the tests hold the SQL against.

The handoffs' clocks are the oracle's (``tests/oracle_handoffs``); this adds counting, with loops.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import ceil
from typing import Any

from metrics.calendar import Span
from metrics.query import MetricQuery
from tests.oracle import Oracle
from tests.oracle_facts import ORDER, Row


class Handed:
    """One handoff with its clock."""

    def __init__(
        self, row: Row, due: datetime, seconds: Fraction | None, target: Fraction, as_of: datetime
    ) -> None:
        self.row, self.due, self.seconds, self.target = row, due, seconds, target
        if due > as_of:
            self.state = "pending"
        elif seconds is None:
            self.state = "unanswered"
        else:
            self.state = "met" if seconds <= target else "late"

    @property
    def slot(self) -> int:
        assert self.seconds is not None
        return min(24, max(0, ceil(8 * self.seconds / self.target) - 1))


class SecondWay(Oracle):
    """The page of a view."""

    def ask(self, as_of: datetime, where: Any) -> None:
        self.as_of, self.where = as_of, where
        day = Span(date(2000, 1, 1), date(2100, 1, 1))
        self.query = MetricQuery(("sla_response",), (day,), as_of, where=where)

    def kept(self, entity: str, row: Row) -> bool:
        member = self._of(entity, row)
        return all(member(name) in members for name, members in self.where)

    def handed(self, span: Span | None) -> Iterator[Handed]:
        """The view's handoffs of some business days; of all when ``span`` is None."""
        for row, due, seconds, target in self._handed(self.query):
            inside = span is None or span.start <= self.day(row["handed_at"]) < span.end
            if inside and self.kept("handoffs", row):
                yield Handed(row, due, seconds, target, self.as_of)

    def states(self, span: Span) -> Counter[str]:
        return Counter(one.state for one in self.handed(span))

    def by(self, span: Span, member: Callable[[Handed], Any]) -> Counter[Any]:
        return Counter((member(one), one.state) for one in self.handed(span))

    def local_hour(self, one: Handed) -> tuple[int, int]:
        local = one.row["handed_at"].replace(tzinfo=UTC).astimezone(self.zone)
        return local.isoweekday(), local.hour

    def dispositions(self, span: Span) -> Counter[tuple[str | None, str | None, str, str | None]]:
        """(channel, campaign, disposition, reason of a rejection) of what was disposed of."""
        found: Counter[Any] = Counter()
        for row in self._all("handoffs"):
            at, verdict = row.get("disposed_at"), row.get("disposition")
            if at is None or verdict is None or max(at, row["handed_at"]) > self.as_of:
                continue
            if span.start <= self.day(at) < span.end and self.kept("handoffs", row):
                member = self._of("handoffs", row)
                reason = row.get("reason") if verdict == "rejected" else None
                found[member("channel"), member("campaign"), verdict, reason] += 1
        return found

    def sql_at(self, lead_id: str) -> datetime | None:
        """The first own SQL, else the first of the later stages."""
        entries = [
            (row["stage"], row["entered_at"])
            for row in self._all("lead_stages")
            if row["lead_id"] == lead_id and row["entered_at"] <= self.as_of
        ]
        own = [at for stage, at in entries if stage == "sql"]
        later = [at for stage, at in entries if stage in ORDER[ORDER.index("sql") + 1 :]]
        return min(own or later, default=None)

    def fates(self, span: Span, days: int) -> Counter[tuple[str | None, bool, str]]:
        """(priority, in time, fate) of leads by their first handoff."""
        first: dict[str, Any] = {}
        for row in self._all("handoffs"):
            key = (row["handed_at"], row["handoff_id"])
            if row["handed_at"] <= self.as_of:
                first[row["lead_id"]] = min(first.get(row["lead_id"], key), key)
        found: Counter[Any] = Counter()
        for one in self.handed(span):
            row = one.row
            if first[row["lead_id"]][1] != row["handoff_id"]:
                continue
            closes = row["handed_at"] + timedelta(days=days)
            sql_at = self.sql_at(row["lead_id"])
            if sql_at is not None and sql_at < row["handed_at"]:
                fate = "already"
            elif closes > self.as_of or one.due > self.as_of:
                fate = "maturing"
            else:
                fate = "converted" if sql_at is not None and sql_at <= closes else "not"
            found[row.get("priority"), one.state == "met", fate] += 1
        return found

    def queue(self) -> list[tuple[str, Fraction]]:
        """(handoff, business seconds past due, negative: left), in order."""
        found = []
        for one in self.handed(None):
            if one.seconds is not None:
                continue
            zone = self._rep_zone(one.row)
            over = (
                self._elapsed(one.due, self.as_of, zone)
                if one.due <= self.as_of
                else -self._elapsed(self.as_of, one.due, zone)
            )
            is_overdue = one.due <= self.as_of
            order = (not is_overdue, -over if is_overdue else 0, one.due, one.row["handoff_id"])
            found.append((order, one.row["handoff_id"], over))
        return [(handoff_id, over) for _, handoff_id, over in sorted(found)]
