"""The joint review: the agenda and its sections, what changed since, and reviews that are over."""

from __future__ import annotations

import streamlit as st

from pages.view import review_parts as parts
from pages.view.request import Request, current
from pages.view.review_frozen import show_frozen
from pages.view.review_plan import show_plan
from pages.view.review_sections import SECTIONS, show_section
from pages.view.walk import Walk, current_walk


def show_review() -> None:
    request, walk = current(), current_walk()
    with st.container(key="review"):
        parts.show_told()
        if walk is None:
            _show_overview(request)
        elif walk.item is not None:
            _show_item(walk, request)
        else:
            _show_meeting(walk, request)


def _show_overview(request: Request) -> None:
    left, right = st.columns((3, 2), gap="large")
    with left:
        show_section("wins", None, request)
        show_section("changes", None, request)
    with right:
        parts.show_reviews(request)
        parts.show_opening(request)
    show_plan(request)


def _show_item(walk: Walk, request: Request) -> None:
    """One section alone, as an item of the agenda names it."""
    name = walk.item.section if walk.item else None
    if name in SECTIONS:
        show_section(name, walk.meeting, request)
    else:
        _show_meeting(walk, request)


def _show_meeting(walk: Walk, request: Request) -> None:
    meeting = walk.meeting
    parts.show_head(meeting, request)
    left, right = st.columns((2, 3), gap="large")
    with left:
        parts.show_agenda(meeting, request)
        parts.show_closing(meeting, request)
    with right:
        for name in SECTIONS:
            # Of a closed review the wins are among what it froze; before the room the table of
            # what changed has no place beside the agenda.
            left_out = name == "wins" if meeting.is_closed else name == "changes"
            if not (left_out and (meeting.is_closed or request.view.present)):
                show_section(name, meeting, request)
    if meeting.is_closed and not request.view.present:
        show_frozen(meeting, request.viewer)
