"""Comments on a KPI in the view's period: read by everybody, written by its owner's editors."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from data.review_memory.comments import Comment, comment_versions
from metrics.memory.commentary import change_comment_as, comment_as, comments_on, line_of
from metrics.model import Metric
from metrics.roles import may_edit
from pages.view.memory.forms import begin_edit, keep, note_popover, show_kept
from pages.view.memory.wording import Wording, escaped
from pages.view.request import Request, current

NEW = ""
# What a projected page has room for: the newest.
SHOWN_IN_ROOM = 1


def show_comments(metric: Metric, review_id: str | None = None) -> None:
    """What was said of a KPI in the view's period and under its filters; below it the form, for
    who may use it and not when presenting."""
    text = comment_words(metric)
    if text:
        st.html(text)
    show_comment_form(metric, review_id)


def comment_words(metric: Metric) -> str:
    """The comments alone, as HTML; when presenting the newest, so that they find room. Nothing
    where there are none."""
    request = current()
    found = comments_on(request.warehouse, request.question, metric)
    if request.view.present:
        found = sorted(found, key=lambda one: one.written_at)[-SHOWN_IN_ROOM:]
    if not found:
        return ""
    return comments_html(found, Wording(request), with_history=not request.view.present)


def show_comment_form(metric: Metric, review_id: str | None = None) -> None:
    """The form alone, for who may use it and not when presenting."""
    request = current()
    if not request.view.present and may_edit(request.viewer.role, metric.team):
        found = comments_on(request.warehouse, request.question, metric)
        _show_form(metric, found, review_id, request)


def comments_html(found: Sequence[Comment], wording: Wording, *, with_history: bool) -> str:
    said = "".join(_comment(one, wording, with_history=with_history) for one in found)
    return f'<section class="said" aria-label="Comments">{said}</section>'


def _comment(one: Comment, wording: Wording, *, with_history: bool) -> str:
    by = wording.byline(one.begun_by, one.begun_at, one.written_by, one.written_at, one.version)
    earlier = _earlier(one, wording) if with_history and one.version else ""
    return (
        f'<div class="note" data-note="{escaped(one.id)}"><p>{_texts(one)} '
        f'<span class="by">{escaped(by)}</span></p>{earlier}</div>'
    )


def _texts(one: Comment) -> str:
    parts = (("What happened", one.happened), ("What we do", one.doing))
    return " ".join(f"<b>{name}</b> {escaped(text)}" for name, text in parts if text)


def _earlier(one: Comment, wording: Wording) -> str:
    lines = "".join(
        f'<p>{_texts(old)} <span class="by">{escaped(wording.name(old.written_by))}, '
        f"{escaped(wording.day(old.written_at))}</span></p>"
        for old in reversed(comment_versions(one.id)[:-1])
    )
    return f"<details><summary>Before that</summary>{lines}</details>"


def _show_form(
    metric: Metric, found: Sequence[Comment], review_id: str | None, request: Request
) -> None:
    # What was typed belongs to one KPI, period and filter: another view has fields of its own.
    key = f"memory-comment-{metric.id}-{request.question.period.id}-{hash(request.question.where)}"
    by_id = {one.id: one for one in found}
    with note_popover("Comment", key, icon=":material/edit_note:"):
        chosen = NEW
        if found:
            chosen = st.selectbox(
                "Write",
                [NEW, *by_id],
                format_func=lambda one: f"Change: {line_of(by_id[one])[:60]}" if one else "New",
                key=f"{key}-which",
                label_visibility="collapsed",
            )
        _show_fields(key, metric, by_id.get(chosen), review_id, request)
    show_kept(key)


def _show_fields(
    key: str, metric: Metric, seen: Comment | None, review_id: str | None, request: Request
) -> None:
    fields = [f"{key}-{seen.id if seen else 'new'}-{part}" for part in ("happened", "doing")]
    if seen is not None:
        seen = begin_edit(key, seen, dict(zip(fields, (seen.happened, seen.doing), strict=True)))
    with st.form(f"{key}-form", border=False):
        st.text_area("What happened", key=fields[0], max_chars=2000, height=90)
        st.text_area("What we do", key=fields[1], max_chars=2000, height=90)
        st.form_submit_button(
            "Keep the change" if seen else "Keep the comment",
            on_click=_keep,
            args=(key, fields, metric, seen, review_id, request),
        )


def _keep(
    key: str,
    fields: Sequence[str],
    metric: Metric,
    seen: Comment | None,
    review_id: str | None,
    request: Request,
) -> None:
    happened, doing = (st.session_state[field] for field in fields)
    username = request.viewer.username

    def change() -> Comment:
        if seen is not None:
            return change_comment_as(username, seen, happened=happened, doing=doing)
        return comment_as(
            request.warehouse,
            username,
            metric.id,
            request.question,
            happened=happened,
            doing=doing,
            review_id=review_id,
        )

    keep(key, change, [*fields, f"{key}-which"], "Kept.")
