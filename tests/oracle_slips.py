"""The oracle's slipped deals: each deal's expected closes walked through, one period at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from metrics.calendar import Span
from metrics.query import MetricQuery
from tests.oracle_facts import Facts, Item, Row


class Slips(Facts):
    """Deals that left a period by their expected close."""

    def slipped(self, query: MetricQuery, top: Callable[[Row], Any]) -> list[Item]:
        return [
            Item(span.start, self._of("opportunities", row), top=top(row), only=span)
            for span in query.spans
            for row in self._opportunities(query)
            if self._has_left(row, span, query.as_of)
        ]

    def worth(self, row: Row, as_of: datetime) -> Any:
        return self._amount(row, as_of)

    def _has_left(self, row: Row, span: Span, as_of: datetime) -> bool:
        closed_at = row.get("closed_at") if row["status"] != "open" else None
        if closed_at is not None and closed_at <= as_of and self.day(closed_at) < span.whole.end:
            return False
        place = ""  # where the deal stands to the period: before, within, left, beyond
        for due in self._expected(row, closed_at, as_of):
            if span.start <= due < span.end:
                place = "within"
            elif due < span.whole.end:
                place = "before"
            else:
                place = "left" if place in ("within", "left") else "beyond"
        return place == "left"

    def _expected(self, row: Row, closed_at: datetime | None, as_of: datetime) -> list[date]:
        """The expected closes in the order in which they became known, while the deal was open."""
        known = [
            (stage["entered_at"], stage["stage"], stage["expected_close_on"])
            for stage in self._all("opportunity_stages")
            if stage["opportunity_id"] == row["opportunity_id"]
            and stage.get("expected_close_on") is not None
            and stage["entered_at"] <= as_of
            and (closed_at is None or stage["entered_at"] <= closed_at)
        ]
        return [due for _, _, due in sorted(known)]
