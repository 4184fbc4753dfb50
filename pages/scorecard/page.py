"""The scorecard: joint goals on top, Marketing | Shared | Sales side by side below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from metrics.drivers import cause_of_tile
from metrics.exceptions import find_exceptions
from metrics.report.sparkline import draw_sparklines
from metrics.scorecard import Scorecard, Tile, build_scorecard
from pages.view.cards import column_html, goals_html
from pages.view.exceptions import exceptions_html
from pages.view.handbook import handbook_link
from pages.view.links import link, link_to_kpi
from pages.view.memory.on_scorecard import with_memory
from pages.view.request import Request, current

TITLES = {"marketing": "Marketing", "shared": "Shared", "sales": "Sales"}


def show_scorecard() -> None:
    request = current()
    card, said = with_memory(build_scorecard(request.warehouse, request.question), request)
    with st.container(key="goals", gap=None):
        st.html(goals_html(card.goals, request.formats, handbook_link(request)))
        _show_links("goals", card.goals, request)
    found = find_exceptions(card, cause_of_tile(request.warehouse, request.question))
    st.html(exceptions_html(found, card, request.formats, said))
    _show_columns(card, request)


def _show_columns(card: Scorecard, request: Request) -> None:
    with st.container(key="teams"):
        for column, (team, tiles) in zip(
            st.columns(max(len(card.columns), 1), gap="large"), card.columns.items(), strict=False
        ):
            with column:
                _show_column(team, tiles, request)


def _show_column(team: str, tiles: tuple[Tile, ...], request: Request) -> None:
    with st.container(key=f"team-{team}", gap=None):
        st.html(column_html(TITLES.get(team, team), tiles, request.formats, handbook_link(request)))
        _show_links(team, tiles, request)
        drawn = draw_sparklines(tiles, request.formats)
        if not drawn.rows:
            return
        with st.container(key=f"sparks-{team}"):
            st.vega_lite_chart(
                drawn.rows,
                drawn.spec,
                height="stretch",
                theme=None,
                key=f"sparks-chart-{team}",
                alt=drawn.words,
            )


def _show_links(name: str, tiles: Sequence[Tile], request: Request) -> None:
    """One link a tile, laid over it by the style sheet; its definition stays above."""
    with st.container(key=f"links-{name}", gap=None):
        for tile in tiles:
            if name == "goals" and tile.metric.id == "sla_response":
                # The goal is the agreement's, and that has two sides: its page shows both.
                view = replace(request.view, metric=None, by=None, lead=None)
                link("sla", "Open the SLA, both ways", view, request)
            else:
                link_to_kpi(tile.metric.id, f"Open {tile.label}", request)
