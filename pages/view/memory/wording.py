"""Who said it and when, which period and filters: the words that stand by every note. As HTML,
everything from data escaped."""

from __future__ import annotations

import html

from metrics.report.note_words import NoteWords
from metrics.report.view_words import filter_words
from pages.view.request import Request

__all__ = ["Wording", "escaped", "filter_words"]


def escaped(text: object) -> str:
    """Text as HTML; its line breaks stay."""
    return html.escape(str(text)).replace("\n", "<br>")


class Wording(NoteWords):
    """Words for one run of a page: names are read once."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.bounds.calendar, request.config.company.locale)
        self.request = request

    @property
    def shows_people(self) -> bool:
        """Whether single reps are named: not on a projected page, unless the presenter says so."""
        return not self.request.view.present or self.request.view.names
