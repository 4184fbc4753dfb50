"""A closed review as it was, from the state database alone: the warehouse may be gone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from data.errors import ScorecardError
from metrics.report.format import Formats
from metrics.report.sparkline import describe, sparkline_data, sparkline_spec
from metrics.review.meetings import Meeting
from metrics.review.snapshot import FrozenCard, read_snapshot
from pages.view.auth import Viewer
from pages.view.cards import column_html, goals_html
from pages.view.exceptions import exceptions_html
from pages.view.frozen_html import TITLES
from pages.view.review_html import figures_html, heading, moment_words, note, wins_html


def show_frozen(meeting: Meeting, viewer: Viewer) -> None:
    """What closing the review froze, drawn as it was drawn then."""
    try:
        snapshot = read_snapshot(meeting.id, viewer.scope)
    except ScorecardError as error:
        st.html(note(str(error)))
        return
    if snapshot is None:
        return
    formats, zone = Formats(snapshot.locale, snapshot.currency), ZoneInfo(snapshot.timezone)
    taken = moment_words(snapshot.taken_at, zone, snapshot.locale)
    as_of = moment_words(snapshot.as_of, zone, snapshot.locale)
    told = (
        f"{len(snapshot.figures)} figures, frozen {taken}, as of {as_of}; "
        f"data {snapshot.data_version}, program {snapshot.program_version}"
    )
    st.html(heading("As it was", told))
    if snapshot.views.wins is not None:
        st.html(wins_html(snapshot.views.wins, formats, zone))
    for number, card in snapshot.views.cards.items():
        show_card(number, card, formats)
    with st.expander("Every frozen figure", key="review-figures"):
        st.html(figures_html(snapshot.figures, meeting, formats))


def show_card(number: str, card: FrozenCard, formats: Formats) -> None:
    """A scorecard as it was: goals, exceptions, tiles with their trends."""
    shown = card.scorecard
    with st.container(key=f"frozen-{number}"):
        st.html(heading(f"Scorecard, {shown.period_label}", shown.compare_label))
        st.html(goals_html(shown.goals, formats))
        st.html(exceptions_html(card.exceptions, shown, formats))
        for column, (team, tiles) in zip(
            st.columns(max(len(shown.columns), 1), gap="large"), shown.columns.items(), strict=False
        ):
            with column, st.container(key=f"team-{team}-{number}", gap=None):
                st.html(column_html(TITLES.get(team, team), tiles, formats))
                data = sparkline_data(tiles, formats)
                if data.empty:
                    continue
                with st.container(key=f"sparks-{team}-{number}"):
                    st.vega_lite_chart(
                        data,
                        sparkline_spec(len(tiles)),
                        height="stretch",
                        theme=None,
                        key=f"sparks-chart-{team}-{number}",
                        alt=describe(tiles, formats),
                    )
