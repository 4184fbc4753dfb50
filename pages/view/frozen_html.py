"""Every number of a closed review as HTML, from its snapshot alone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from metrics.report.format import Formats
from metrics.review.meetings import Meeting
from metrics.review.snapshot import Snapshot
from pages.view.cards import column_html, goals_html
from pages.view.exceptions import exceptions_html
from pages.view.review_html import figures_html, wins_html

TITLES = {"marketing": "Marketing", "shared": "Shared", "sales": "Sales"}


def frozen_html(meeting: Meeting, snapshot: Snapshot) -> list[str]:
    """Every frozen number as HTML, part by part: wins, scorecards, the figures of all items."""
    formats = Formats(snapshot.locale, snapshot.currency)
    parts = []
    if snapshot.views.wins is not None:
        parts.append(wins_html(snapshot.views.wins, formats, ZoneInfo(snapshot.timezone)))
    for card in snapshot.views.cards.values():
        parts.append(goals_html(card.scorecard.goals, formats))
        parts.append(exceptions_html(card.exceptions, card.scorecard, formats))
        parts += [
            column_html(TITLES.get(team, team), tiles, formats)
            for team, tiles in card.scorecard.columns.items()
        ]
    parts.append(figures_html(snapshot.figures, meeting, formats))
    return parts
