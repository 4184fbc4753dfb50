"""Actions: who does what by when, carried from meeting to meeting until done or dropped."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st

from data.review_memory.actions import Action, ActionStatus
from metrics.memory.people import full_names
from metrics.memory.resolutions import (
    act_as,
    actions_carried,
    change_action_as,
    end_action_as,
    is_own,
    today,
)
from metrics.model import Team
from metrics.report.words import Judgement
from metrics.roles import may_edit
from pages.view.memory.forms import begin_edit, keep, note_popover, show_kept
from pages.view.memory.wording import Wording, escaped
from pages.view.request import Request, current

NONE_OPEN = "No action is open."
# What a new action is given until somebody chooses: the next weekly meeting.
FIRST_DUE = timedelta(days=7)


def show_last_actions(review_id: str | None) -> None:
    """Every open action, overdue ones marked, and those closed of late or agreed in this review;
    the forms when not presenting."""
    request = current()
    found = actions_carried(request.config, review_id=review_id)
    wording, day = Wording(request), today(request.config)
    edits = not request.view.present and may_edit(request.viewer.role, Team.SHARED)
    with st.container(key="memory-actions", gap=None):
        if not any(action.is_open for action in found):
            st.html(f'<p class="note-none">{NONE_OPEN}</p>')
        for action in found:
            with st.container(
                horizontal=True, vertical_alignment="center", key=f"memory-row-{action.id}"
            ):
                st.html(action_html(action, wording, day))
                if not request.view.present:
                    _show_ends(action, request, is_editor=edits)
        if edits:
            _show_new(review_id, request, day)


def action_html(one: Action, wording: Wording, day: date) -> str:
    """What, who and by when; overdue in words and colour, an end with its reason."""
    told, more = wording.action_state(one, day)
    tag = ' class="bad"' if told.judgement is Judgement.BAD else ""
    sign = f"<b{tag}>{escaped(told.text)}</b>" if told.text else ""
    glue = "" if not sign or more.startswith(":") else ", "
    state = f"{sign}{glue}{escaped(more)}"
    return (
        f'<div class="note" data-note="{escaped(one.id)}" data-state="{one.status}">'
        f"<p>{escaped(one.words)} · <b>{escaped(wording.name(one.owner))}</b> · "
        f'<span class="by">{state}</span></p></div>'
    )


def _show_ends(seen: Action, request: Request, *, is_editor: bool) -> None:
    if not (is_editor or is_own(request.viewer.username, seen)):
        return
    key = f"memory-action-{seen.id}"
    if not seen.is_open:
        st.button(
            "Open again",
            key=f"{key}-reopen",
            type="tertiary",
            on_click=_end,
            args=(key, None, seen, ActionStatus.OPEN, request),
        )
    else:
        st.button(
            "Done",
            key=f"{key}-done-now",
            on_click=_end,
            args=(key, None, seen, ActionStatus.DONE, request),
        )
        with note_popover("Change", key):
            if is_editor:
                _show_fields(key, seen, request)
            reason = f"{key}-reason"
            with st.form(f"{key}-drop", border=False):
                st.text_input("Why it is not done", key=reason, max_chars=300)
                st.form_submit_button(
                    "Drop it",
                    on_click=_end,
                    args=(key, reason, seen, ActionStatus.DROPPED, request),
                )
    show_kept(key)


def _end(
    key: str, reason: str | None, seen: Action, status: ActionStatus, request: Request
) -> None:
    why = st.session_state[reason] if reason else None
    username = request.viewer.username
    typed = [reason] if reason else []
    keep(key, lambda: end_action_as(username, seen, status, reason=why), typed, "Kept.")


def _show_fields(key: str, seen: Action, request: Request) -> None:
    fields = [f"{key}-{part}" for part in ("words", "owner", "due")]
    read = (seen.words, seen.owner, seen.due_on)
    seen = begin_edit(key, seen, dict(zip(fields, read, strict=True)))
    with st.form(f"{key}-form", border=False):
        _show_inputs(fields, request)
        st.form_submit_button(
            "Keep the change", on_click=_change, args=(key, fields, seen, request)
        )


def _show_inputs(fields: list[str], request: Request) -> None:
    words, owner, due = fields
    names = full_names()
    st.text_area("What is to be done", key=words, max_chars=2000, height=90)
    given = st.session_state.get(owner)
    # Somebody without an account can be given an action too.
    others = [given] if given and given not in names else []
    st.selectbox(
        "By whom",
        [*names, *others],
        index=None,
        format_func=lambda name: names.get(name, name),
        key=owner,
        accept_new_options=True,
        placeholder="Choose or type a name",
    )
    st.date_input("By when", key=due, format="YYYY-MM-DD")


def _change(key: str, fields: list[str], seen: Action, request: Request) -> None:
    words, owner, due = (st.session_state[field] for field in fields)
    username = request.viewer.username
    keep(
        key,
        lambda: change_action_as(
            request.config, username, seen, words=words, owner=owner or "", due_on=due
        ),
        fields,
        "Changed.",
    )


def _show_new(review_id: str | None, request: Request, day: date) -> None:
    key = f"memory-act-{review_id or 'none'}"
    fields = [f"{key}-{part}" for part in ("words", "owner", "due")]
    st.session_state.setdefault(fields[2], day + FIRST_DUE)
    with (
        note_popover("Add an action", key, icon=":material/add_task:"),
        st.form(f"{key}-form", border=False),
    ):
        _show_inputs(fields, request)
        st.form_submit_button(
            "Keep the action", on_click=_act, args=(key, fields, review_id, request)
        )
    show_kept(key)


def _act(key: str, fields: list[str], review_id: str | None, request: Request) -> None:
    words, owner, due = (st.session_state[field] for field in fields)
    username = request.viewer.username
    keep(
        key,
        lambda: act_as(
            request.config,
            username,
            words,
            owner=owner or "",
            due_on=due,
            review_id=review_id,
        ),
        fields,
        "Kept.",
    )
