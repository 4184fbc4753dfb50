"""The review page's parts: past reviews, opening one, its agenda, closing it."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from data.errors import ScorecardError
from metrics.review.closing import close_with_pages
from metrics.review.meetings import Meeting, Plan, list_reviews, may_lead, open_review, read_plan
from pages.view import links
from pages.view.agenda_bar import agenda_words, meeting_name
from pages.view.asks import item_views, items_of
from pages.view.landing import go_next
from pages.view.links import plain_label
from pages.view.popover import say, show_said
from pages.view.request import Request
from pages.view.review_html import heading, moment_words, note
from pages.view.review_sections import places
from pages.view.state import to_query
from pages.view.walk import Walk, address_of, first_view

SAID = "review"
_CLOSING = "review-closing"
SHOWN_REVIEWS = 12


def _try(change: Callable[[], object], done: str) -> None:
    """Runs before the page is drawn anew, so that it shows what then holds."""
    try:
        change()
        say(SAID, done)
    except ScorecardError as error:
        say(SAID, str(error))


def show_told() -> None:
    show_said(SAID)


# -- without a review -----------------------------------------------------------------------------


def show_reviews(request: Request) -> None:
    """The newest reviews, each a link of its own."""
    found = list_reviews()
    st.html(heading("Reviews", f"{len(found)} so far" if found else ""))
    if not found:
        st.html(note("No review has been held yet."))
    with st.container(key="review-list", gap=None):
        for meeting in found[:SHOWN_REVIEWS]:
            state = f"closed by {meeting.closed_by}" if meeting.is_closed else "open"
            st.button(
                plain_label(f"{meeting_name(meeting)}, {state}"),
                key=f"review-open-{meeting.id}",
                type="tertiary",
                on_click=_visit,
                args=(meeting, request),
            )


def _visit(meeting: Meeting, request: Request) -> None:
    st.query_params.from_dict({"review": [meeting.id]})


def show_opening(request: Request) -> None:
    """Begin a review of the view's cadence, over the view's period and filters."""
    if not may_lead(request.viewer.role):
        return
    cadence = request.view.cadence
    plan = read_plan(cadence, places())
    told = f"{agenda_words(plan.agenda)}, of {request.view.period.label}"
    if request.view.filters:
        told += ", under these filters"
    with st.container(key="review-opening", gap="small"):
        st.html(heading(f"Open a {cadence.value} review", told))
        with st.form("review-open", border=False):
            today = datetime.now(UTC).astimezone(request.config.company.zone).date()
            st.date_input("Held on", value=today, key="review-date", format="YYYY-MM-DD")
            st.form_submit_button("Open the review", on_click=_open, args=(plan, request))


def _open(plan: Plan, request: Request) -> None:
    view = replace(request.view, as_of=None, present=False, review=None, item=None, metric=None)
    query = to_query(view, request.bounds) | {"period": [view.period.id]}
    address = links.encoded(query)

    def change() -> None:
        meeting = open_review(
            request.viewer.username,
            plan,
            held_on=st.session_state["review-date"],
            as_of=request.view.as_of or request.bounds.as_of,
            query=address,
        )
        _visit(meeting, request)

    _try(change, "The review is open: its address is its link for everybody.")


# -- of a review ----------------------------------------------------------------------------------


def show_head(meeting: Meeting, request: Request) -> None:
    """Its name, when it was, of which moment, who takes part."""
    company = request.config.company
    as_of = moment_words(meeting.as_of, company.zone, company.locale)
    people = ", ".join(meeting.participants) or "no participants named"
    state = "open"
    if meeting.closed_at is not None:
        closed = moment_words(meeting.closed_at, company.zone, company.locale)
        state = f"closed {closed} by {meeting.closed_by}"
    st.html(
        f'<div class="review-head"><h2>{html.escape(meeting_name(meeting))}</h2>'
        f"<p>{html.escape(f'{state} · as of {as_of} · {people}')}</p></div>"
    )


def show_agenda(meeting: Meeting, request: Request) -> None:
    """The agenda, each item a link that opens its view in the walk."""
    st.html(heading("Agenda", agenda_words(meeting.agenda)))
    walk = Walk(meeting, None)
    with st.container(key="review-agenda", gap=None):
        for number, item in enumerate(meeting.agenda, 1):
            owner = f" · {item.owner}" if item.owner else ""
            st.button(
                plain_label(f"{number}  {item.title}{owner} · {item.minutes} min"),
                key=f"review-item-{number}",
                type="tertiary",
                on_click=_walk_to,
                args=(walk, number, request, request.view.present),
            )
    if not request.view.present:
        st.button(
            "Present the agenda",
            key="review-present",
            icon=":material/present_to_all:",
            on_click=_walk_to,
            args=(walk, 1, request, True),
        )


def _walk_to(walk: Walk, number: int, request: Request, present: bool) -> None:
    shown = replace(request, view=replace(request.view, present=present))
    go_next(address_of(walk, number, shown))


def show_closing(meeting: Meeting, request: Request) -> None:
    """Close the review, after a question: what is frozen stays for good."""
    if meeting.is_closed or request.view.present or not may_lead(request.viewer.role):
        return
    asked = st.session_state.get(_CLOSING)
    if asked == (meeting.id, True):
        _ask(None)
        _close(meeting, request)
    if asked != (meeting.id, False):
        st.button("Close the review", key="review-close", on_click=_ask, args=(meeting,))
        return
    with st.container(key="review-confirm", gap="small"):
        st.html(note("Closing freezes every page of the agenda, for good. Close it now?"))
        with st.container(horizontal=True, gap="small"):
            st.button("Yes, close and freeze", key="review-yes", on_click=_ask,
                      args=(meeting, True))  # fmt: skip
            st.button("Keep it open", key="review-no", on_click=_ask, args=(None,))


def _ask(meeting: Meeting | None, is_sure: bool = False) -> None:
    st.session_state[_CLOSING] = None if meeting is None else (meeting.id, is_sure)


def _close(meeting: Meeting, request: Request) -> None:
    """Pages, then figures, page by page on the bar; the run after it shows what then holds."""
    bar = st.progress(0.0, "Freezing the pages of the agenda")

    def told(done: int, of: int) -> None:
        bar.progress(done / (of + 1), f"Frozen {done} of {of} pages")

    _try(
        lambda: close_with_pages(
            request.viewer.username,
            request.warehouse,
            meeting,
            items_of(meeting, request),
            item_views(meeting, request),
            first_view(meeting, request).question(request.bounds),
            request.formats,
            told,
        ),
        "The review is closed and its pages are frozen.",
    )
    st.rerun()
