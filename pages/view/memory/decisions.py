"""Decisions of a review: the list, and the forms of both teams' editors."""

from __future__ import annotations

import streamlit as st

from data.review_memory.decisions import Decision
from metrics.memory.resolutions import (
    change_decision_as,
    decide_as,
    decisions_of,
    withdraw_decision_as,
)
from metrics.model import Team
from metrics.roles import may_edit
from pages.view.memory.forms import begin_edit, keep, note_popover, show_kept
from pages.view.memory.wording import Wording, escaped
from pages.view.request import Request, current

NONE_YET = "Nothing decided yet."


def show_decisions(review_id: str | None) -> None:
    """The decisions of a review (None: those outside one), and the forms when not presenting."""
    request = current()
    found = decisions_of(request.config, review_id)
    wording = Wording(request)
    is_editing = not request.view.present and may_edit(request.viewer.role, Team.SHARED)
    with st.container(key="memory-decisions", gap=None):
        if not found:
            st.html(f'<p class="note-none">{NONE_YET}</p>')
        for decision in found:
            with st.container(
                horizontal=True, vertical_alignment="center", key=f"memory-row-{decision.id}"
            ):
                st.html(decision_html(decision, wording))
                if is_editing and not decision.is_withdrawn:
                    _show_changes(decision, request)
        if is_editing:
            _show_new(review_id, request)


def decision_html(one: Decision, wording: Wording) -> str:
    by = wording.byline(one.begun_by, one.begun_at, one.written_by, one.written_at, one.version)
    words = escaped(one.words)
    if one.is_withdrawn:
        words = f"<s>{words}</s> <b>withdrawn:</b> {escaped(one.reason or '')}"
    return (
        f'<div class="note" data-note="{escaped(one.id)}"><p>{words} '
        f'<span class="by">{escaped(by)}</span></p></div>'
    )


def _show_new(review_id: str | None, request: Request) -> None:
    key = f"memory-decide-{review_id or 'none'}"
    field = f"{key}-words"
    with note_popover("Decide", key, icon=":material/gavel:"), st.form(f"{key}-form", border=False):
        st.text_area("What was decided", key=field, max_chars=2000, height=90)
        st.form_submit_button(
            "Keep the decision", on_click=_decide, args=(key, field, review_id, request)
        )
    show_kept(key)


def _decide(key: str, field: str, review_id: str | None, request: Request) -> None:
    words, username = st.session_state[field], request.viewer.username
    keep(
        key,
        lambda: decide_as(request.config, username, words, review_id=review_id),
        [field],
        "Kept.",
    )


def _show_changes(seen: Decision, request: Request) -> None:
    key = f"memory-decision-{seen.id}"
    words, reason = f"{key}-words", f"{key}-reason"
    seen = begin_edit(key, seen, {words: seen.words})
    with note_popover("Change", key):
        with st.form(f"{key}-form", border=False):
            st.text_area("What was decided", key=words, max_chars=2000, height=90)
            st.form_submit_button(
                "Keep the change", on_click=_change, args=(key, words, seen, request)
            )
        with st.form(f"{key}-withdraw", border=False):
            st.text_input("Why it no longer holds", key=reason, max_chars=300)
            st.form_submit_button(
                "Withdraw it", on_click=_withdraw, args=(key, reason, seen, request)
            )
    show_kept(key)


def _change(key: str, field: str, seen: Decision, request: Request) -> None:
    words, username = st.session_state[field], request.viewer.username
    keep(key, lambda: change_decision_as(username, seen, words), [field], "Changed.")


def _withdraw(key: str, field: str, seen: Decision, request: Request) -> None:
    reason, username = st.session_state[field], request.viewer.username
    keep(key, lambda: withdraw_decision_as(username, seen, reason=reason), [field], "Withdrawn.")
