"""The oracle's handoffs: business time counted shift by shift (handbook §4)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import holidays

from metrics.query import MetricQuery
from tests.oracle_facts import DAY, NEVER, Facts, Item, Parts, Row


class Handoffs(Facts):
    """The facts, and what became of every handoff."""

    def _handed(self, query: MetricQuery) -> list[tuple[Row, datetime, Fraction | None, Fraction]]:
        """(row, due, business seconds to the answer or None, target in seconds)."""
        found = []
        for row in self._all("handoffs"):
            handed = row["handed_at"]
            if handed > query.as_of:
                continue
            zone = self._rep_zone(row)
            hours = self.config.sla.target_hours(row.get("priority"))
            target = Fraction(hours).limit_denominator(3600) * 3600
            due = self._due(handed, zone, target)
            answered = self._answered(row, query.as_of)
            seconds = None if answered is None else self._elapsed(handed, answered, zone)
            found.append((row, due, seconds, target))
        return found

    def _rep_zone(self, row: Row) -> ZoneInfo:
        named = self.config.business_hours.timezone
        if named != "rep":
            return ZoneInfo(named)
        of_rep = self.reps.get(row.get("assigned_to"), {}).get("timezone")
        return ZoneInfo(of_rep) if of_rep else self.zone

    def _answered(self, row: Row, as_of: datetime) -> datetime | None:
        handed, own = row["handed_at"], row.get("first_response_at")
        if own is not None and handed <= own <= as_of:
            return own
        answers = []
        for touch in self._all("touches"):
            by_sales = touch["team"] == "sales" and touch.get("automated") is not True
            if touch["lead_id"] == row["lead_id"] and (by_sales or touch.get("kind") == "meeting"):
                answers.append(touch["occurred_at"])
        if row.get("disposition") == "rejected" and row.get("reason") is not None:
            answers.append(row.get("disposed_at"))
        known = [at for at in answers if at is not None and handed <= at <= as_of]
        return min(known, default=None)

    def _shift(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """When a day's business hours open and close in UTC; None on a day off."""
        hours = self.config.business_hours
        name = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day.weekday()]
        if name not in hours.days or (
            hours.holidays and day in holidays.country_holidays(hours.holidays, years=day.year)
        ):
            return None
        opens, closes = time.fromisoformat(hours.opens), time.fromisoformat(hours.closes)
        return (
            datetime.combine(day, opens, zone).astimezone(UTC).replace(tzinfo=None),
            datetime.combine(day, closes, zone).astimezone(UTC).replace(tzinfo=None),
        )

    def _elapsed(self, start: datetime, end: datetime, zone: ZoneInfo) -> Fraction:
        total = timedelta()
        day = start.date() - DAY
        while day <= end.date() + DAY:
            shift = self._shift(day, zone)
            if shift is not None:
                opens, closes = max(shift[0], start), min(shift[1], end)
                total += max(closes - opens, timedelta())
            day += DAY
        return Fraction(total // timedelta(seconds=1))

    def _due(self, start: datetime, zone: ZoneInfo, target: Fraction) -> datetime:
        left = timedelta(seconds=float(target))
        day = start.date() - DAY
        while True:
            shift = self._shift(day, zone)
            if shift is not None and shift[1] > start:
                opens = max(shift[0], start)
                if shift[1] - opens >= left:
                    return opens + left
                left -= shift[1] - opens
            day += DAY

    def sla(self, query: MetricQuery) -> Parts:
        items = []
        for row, due, seconds, target in self._handed(query):
            is_due = due <= query.as_of
            met = is_due and seconds is not None and seconds <= target
            items.append(
                Item(
                    self.day(row["handed_at"]),
                    self._of("handoffs", row),
                    top=int(met),
                    bottom=int(is_due),
                    is_open=not is_due,
                )
            )
        return Parts("ratio", items)

    def response(self, query: MetricQuery, share: float) -> Parts:
        items = []
        for row, due, seconds, _ in self._handed(query):
            is_due = due <= query.as_of
            hours = NEVER if seconds is None else float(seconds / 3600)
            items.append(
                Item(
                    self.day(row["handed_at"]),
                    self._of("handoffs", row),
                    span=hours if is_due else None,
                    is_open=not is_due,
                )
            )
        return Parts("percentile", items, share=share)

    def rejections(self, query: MetricQuery) -> Parts:
        items = []
        for row in self._all("handoffs"):
            disposed, verdict = row.get("disposed_at"), row.get("disposition")
            if disposed is None or disposed > query.as_of or row["handed_at"] > query.as_of:
                continue
            member = self._of("handoffs", row)
            counted = int(verdict in ("accepted", "rejected"))
            items.append(Item(self.day(disposed), member, int(verdict == "rejected"), counted))
        return Parts("ratio", items)
