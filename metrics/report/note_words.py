"""Who said it and when, of which period: the words that stand by every note of a review's memory;
free of any markup."""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import format_date

from data.review_memory.actions import Action, ActionStatus
from metrics.calendar import Calendar
from metrics.errors import QueryError
from metrics.memory.people import full_names
from metrics.report.words import Judgement, Words

Day = date


class NoteWords:
    """Words for the notes of one page or document: names are read once."""

    def __init__(self, calendar: Calendar, locale: str) -> None:
        self.calendar, self.locale = calendar, locale
        self._names = full_names()

    def name(self, username: str) -> str:
        """A full name; of an account that is gone, and of any other name, as it is."""
        return self._names.get(username, username)

    def day(self, moment: datetime) -> str:
        """``22 Nov 2026``: a naive UTC moment on the company's calendar."""
        return self.date(self.calendar.local(moment).date())

    def date(self, day: date) -> str:
        return format_date(day, "d MMM yyyy", locale=self.locale)

    def period(self, period_id: str) -> str:
        """``Week 46``; an id that the calendar does not know stays as it is."""
        try:
            label = self.calendar.parse_period(period_id).label
        except QueryError:
            return period_id
        return label.partition(",")[0]

    def byline(
        self, begun_by: str, begun_at: datetime, written_by: str, written_at: datetime, version: int
    ) -> str:
        """``Ada Admin, 12 Nov 2026, changed by Bo, 14 Nov 2026``."""
        first = f"{self.name(begun_by)}, {self.day(begun_at)}"
        if not version:
            return first
        who = "" if written_by == begun_by else f" by {self.name(written_by)}"
        return f"{first}, changed{who}, {self.day(written_at)}"

    def action_state(self, one: Action, day: Day) -> tuple[Words, str]:
        """Where an action stands on a day, and what is added to that: "✕ 3 days overdue" and
        "due 12 Nov 2026", "✓ done" and "13 Nov 2026"."""
        due = f"due {self.date(one.due_on)}"
        if one.is_overdue(day):
            late = (day - one.due_on).days
            noun = "day" if late == 1 else "days"
            return Words(f"✕ {late} {noun} overdue", Judgement.BAD), due
        if one.is_open:
            return Words(""), due
        sign = "✓ done" if one.status is ActionStatus.DONE else "dropped"
        reason = f": {one.reason}" if one.reason else ""
        return Words(sign), f"{reason}, {self.day(one.written_at)}".lstrip(", ")
