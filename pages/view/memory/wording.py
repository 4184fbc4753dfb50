"""Who said it and when, which period and filters: the words that stand by every note. As HTML,
everything from data escaped."""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import date, datetime

from babel.dates import format_date

from metrics.errors import QueryError
from metrics.memory.people import full_names
from metrics.report.view_words import filter_words
from pages.view.request import Request

__all__ = ["Wording", "escaped", "filter_words"]


def escaped(text: object) -> str:
    """Text as HTML; its line breaks stay."""
    return html.escape(str(text)).replace("\n", "<br>")


class Wording:
    """Words for one run of a page: names are read once."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self._names: Mapping[str, str] = full_names()

    @property
    def shows_people(self) -> bool:
        """Whether single reps are named: not on a projected page, unless the presenter says so."""
        return not self.request.view.present or self.request.view.names

    def name(self, username: str) -> str:
        """A full name; of an account that is gone, and of any other name, as it is."""
        return self._names.get(username, username)

    def day(self, moment: datetime) -> str:
        """``22 Nov 2026``: a naive UTC moment on the company's calendar."""
        return self.date(self.request.bounds.calendar.local(moment).date())

    def date(self, day: date) -> str:
        return format_date(day, "d MMM yyyy", locale=self.request.config.company.locale)

    def period(self, period_id: str) -> str:
        """``Week 46``; an id that the calendar does not know stays as it is."""
        try:
            label = self.request.bounds.calendar.parse_period(period_id).label
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
