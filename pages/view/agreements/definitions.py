"""Definitions on the Agreements page: how each topic stands, signing it, proposing another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from data.agreements import Topic, Version
from data.errors import ScorecardError, WarehouseError
from metrics.agreements.on_tiles import check_mqls
from metrics.agreements.signing import (
    may_be_signed,
    may_propose,
    may_withdraw,
    register_agreements,
    side_of,
    sign_as,
    withdraw_as,
)
from metrics.agreements.standing import Standing, read_standings
from pages.view.agreements.check import show_check
from pages.view.agreements.proposals import show_proposal
from pages.view.agreements.topic_html import (
    SIDES,
    history_html,
    proposal_html,
    signed_words,
    topic_html,
)
from pages.view.memory.wording import Wording
from pages.view.popover import say, show_said
from pages.view.request import Request

COLUMNS = 3


def show_definitions(topics: Sequence[Topic], request: Request) -> None:
    """The topics side by side; the forms when not presenting."""
    if not request.view.present:
        register_agreements(request.config)
    wording = Wording(request)
    standings = [one for one in read_standings(request.config) if one.topic in topics]
    st.html(f'<div class="team"><h2>Definitions, {signed_words(standings)}</h2></div>')
    with st.container(key="agreed-topics"):
        columns = st.columns(min(COLUMNS, len(topics)), gap="large")
    for column, standing in zip(columns, standings, strict=False):
        with column, st.container(key=f"agreed-{standing.topic}", gap="small"):
            _show_topic(standing, wording, request)
    if not request.view.present:
        st.html("".join(history_html(standing, wording) for standing in standings))


def _show_topic(standing: Standing, wording: Wording, request: Request) -> None:
    is_editing = not request.view.present
    st.html(topic_html(standing, wording, is_projected=not is_editing))
    if standing.topic is Topic.MQL:
        _show_check(request)
    held = standing.reference
    if is_editing and held is not None:
        _show_actions(standing, held, request)
    for version in (*standing.coming, *standing.open):
        if version != held:
            st.html(proposal_html(standing, version, wording))
            if is_editing:
                _show_actions(standing, version, request)
    if is_editing and may_propose(request.viewer.role):
        show_proposal(standing, request)


def _show_check(request: Request) -> None:
    """``12 of 95 MQLs of W46 do not meet the signed rule``, with the way to their records."""
    view = request.question
    try:
        found = check_mqls(request.warehouse, view)
    except WarehouseError:
        return
    show_check(found, view.period.short, request)


def _show_actions(standing: Standing, version: Version, request: Request) -> None:
    """Sign it for one's own team, again where that is done; take it back."""
    viewer, place = request.viewer, f"agreed-act-{standing.topic}-{version.number}"
    side = side_of(viewer.role)
    with st.container(key=place, horizontal=True):
        if side is not None and may_be_signed(standing, version):
            seen = len(version.of(side))
            st.button(
                f"Sign {'again ' if seen else ''}for {SIDES[side].lower()}",
                key=f"{place}-sign",
                icon=":material/signature:",
                on_click=_act,
                args=(
                    place,
                    lambda: sign_as(
                        request.config, viewer.username, standing.topic, version.number, seen=seen
                    ),
                    "Signed.",
                ),
            )
        if may_withdraw(viewer.role, viewer.username, version):
            st.button(
                "Take it back",
                key=f"{place}-withdraw",
                on_click=_act,
                args=(
                    place,
                    lambda: withdraw_as(
                        request.config, viewer.username, standing.topic, version.number
                    ),
                    "Taken back.",
                ),
            )
    show_said(place)


def _act(place: str, change: Callable[[], object], told: str) -> None:
    """Run before the page is drawn anew; what it says stands where the buttons were."""
    try:
        change()
    except ScorecardError as error:
        say(place, str(error))
    else:
        say(place, told)
