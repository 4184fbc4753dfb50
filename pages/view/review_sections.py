"""The sections of the review page that an agenda can name: ``review#wins``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from data.errors import ReviewError, WarehouseError
from metrics.report.split_words import SPLIT_RULE
from metrics.review.agenda import Places
from metrics.review.changes import Changes, what_changed
from metrics.review.frozen_pages import read_pages
from metrics.review.meetings import Meeting, last_closed
from metrics.review.page_changes import page_changes, side_by_side
from metrics.review.snapshot import WHOLE_ONLY, read_snapshot
from metrics.review.wins import joint_wins
from pages.view import links
from pages.view.agenda_bar import meeting_name
from pages.view.memory import show_decisions, show_last_actions, show_open_disputes
from pages.view.request import Request
from pages.view.review_html import (
    changes_html,
    heading,
    note,
    unchanged_html,
    wins_html,
)
from pages.view.section_html import table_html

# As many as a screen has room for.
LARGEST, MOST_CELLS = 8, 30
BESIDE = (
    "Over the same days and filters, as of the newest data. A page is computed as a whole: what "
    "moved it cannot be split as a KPI's change is, so its figures stand side by side."
)


@dataclass(frozen=True)
class Section:
    """``show`` draws the section for a review, or for none (the page without one)."""

    title: str
    show: Callable[[Meeting | None, Request], None]


def show_wins(_meeting: Meeting | None, request: Request) -> None:
    wins = joint_wins(request.warehouse, request.question)
    st.html(wins_html(wins, request.formats, request.config.company.zone))


def show_changes(meeting: Meeting | None, request: Request) -> None:
    """What changed since the last closed review; of a closed one since that itself."""
    last = meeting if meeting is not None and meeting.is_closed else last_closed(meeting)
    if last is None:
        st.html(heading("What changed since") + note("No review has been closed yet."))
        return
    st.html(f'<section class="review-part">{heading("What changed since", meeting_name(last))}')
    if not request.viewer.scope.is_whole:
        st.html(note(WHOLE_ONLY))
        return
    snapshot = read_snapshot(last.id, request.viewer.scope)
    if snapshot is None:
        return
    found = what_changed(request.warehouse, snapshot)
    st.html(unchanged_html(found))
    if found.changed:
        _show_split(found, request)
    if not request.view.present:
        _show_pages(last, request)


def _show_pages(last: Meeting, request: Request) -> None:
    """The figures of pages that no KPI is, then and now; made again only when asked for."""
    box = st.expander("Other figures of its pages, then and now", key="review-pages",
                      on_change="rerun")  # fmt: skip
    if not box.open:
        return
    with box:
        try:
            kept = read_pages(last.id, request.viewer.scope)
        except ReviewError as error:
            st.html(note(str(error)))
            return
        if kept is None:
            st.html(note("This review was closed before its pages were kept."))
            return
        with st.spinner("Making the pages again"):
            found = page_changes(request.warehouse, kept, request.formats)
        told = f"{found.figures - len(found.changed)} of {found.figures} figures unchanged"
        st.html(f'<p class="changes-told" role="status">{told}</p>')
        if found.changed:
            st.html(table_html(side_by_side(found, MOST_CELLS)))
        more = len(found.changed) - MOST_CELLS
        for text in (*found.lost, *((f"{more} smaller ones.",) if more > 0 else ()), BESIDE):
            st.html(note(text))


def _show_split(found: Changes, request: Request) -> None:
    st.html(changes_html(found, request.formats, 0, LARGEST) + note(SPLIT_RULE))
    more = len(found.changed) - LARGEST
    if more > 0 and not request.view.present:
        with st.expander(f"{more} smaller changes", key="review-smaller"):
            st.html(changes_html(found, request.formats, LARGEST))


def show_actions(meeting: Meeting | None, _request: Request) -> None:
    st.html(heading("Last actions"))
    show_last_actions(None if meeting is None else meeting.id)


def show_decided(meeting: Meeting | None, _request: Request) -> None:
    st.html(heading("Decisions"))
    show_decisions(None if meeting is None else meeting.id)


def show_disputes(_meeting: Meeting | None, _request: Request) -> None:
    st.html(heading("Open disputes"))
    show_open_disputes()


# In the order in which the page shows them.
SECTIONS: dict[str, Section] = {
    "wins": Section("Joint wins", show_wins),
    "actions": Section("Last actions", show_actions),
    "decisions": Section("Decisions", show_decided),
    "disputes": Section("Open disputes", show_disputes),
    "changes": Section("What changed since", show_changes),
}


def show_section(name: str, meeting: Meeting | None, request: Request) -> None:
    """One section; where the warehouse does not answer, that, and the others stand."""
    try:
        SECTIONS[name].show(meeting, request)
    except WarehouseError as error:
        st.html(heading(SECTIONS[name].title) + note(str(error)))


def places() -> Places:
    """What an agenda can name in this run: the pages and the sections."""
    return Places(links.known_paths(), tuple(SECTIONS))
