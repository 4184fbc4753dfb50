"""Disputes: flags on a KPI's page, the list of those open, and the forms to raise and settle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

import streamlit as st

from data.review_memory.disputes import Dispute
from metrics.catalog import CATALOG
from metrics.errors import QueryError
from metrics.memory.disputes import (
    disputes_of,
    label_of,
    may_settle,
    open_disputes,
    raise_dispute,
    records_of,
    settle_as,
)
from metrics.model import Metric
from pages.view.links import plain_label
from pages.view.memory.forms import keep, note_popover, show_kept
from pages.view.memory.wording import Wording, escaped, filter_words
from pages.view.request import Request, current
from pages.view.state import to_query

NONE_OPEN = "No number is disputed."
_RAISE = "memory-flag"
# What a projected page has room for: the newest.
SHOWN_IN_ROOM = 1


def show_flags(metric: Metric, review_id: str | None = None) -> None:
    """The disputes of a KPI under the view's filters, and when not presenting the forms: anybody
    may flag its number, its owner's editors settle."""
    text = flag_words(metric)
    if text:
        st.html(text)
    show_flag_forms(metric, review_id)


def flag_words(metric: Metric) -> str:
    """The disputes alone, as HTML: those open, and when not presenting those settled. Nothing
    where there are none."""
    request = current()
    found = disputes_of(request.warehouse, request.question, metric)
    if not found:
        return ""
    wording = Wording(request)
    still_open = [dispute for dispute in found if dispute.is_open]
    if request.view.present:
        still_open = still_open[-SHOWN_IN_ROOM:]
    text = "".join(flag_html(one, wording, _records_html(one, request)) for one in still_open)
    settled = [dispute for dispute in found if not dispute.is_open]
    if settled and not request.view.present:
        text += _settled_html(settled, wording)
    return f'<section class="said" aria-label="Disputes">{text}</section>' if text else ""


def show_flag_forms(metric: Metric, review_id: str | None = None) -> None:
    """The forms alone: anybody may flag, those of the owning team settle; not when presenting."""
    request = current()
    if request.view.present:
        return
    _show_raise(metric, review_id, request)
    found = disputes_of(request.warehouse, request.question, metric)
    still_open = [dispute for dispute in found if dispute.is_open]
    for dispute in still_open:
        if may_settle(request.viewer.role, dispute):
            _show_settle(dispute, request, is_named=len(still_open) > 1)


def show_open_disputes() -> None:
    """Every open dispute that the viewer may see, oldest first, each a link to its number."""
    request = current()
    found, wording = open_disputes(request.warehouse), Wording(request)
    with st.container(key="memory-disputes", gap=None):
        if not found:
            st.html(f'<p class="note-none">{NONE_OPEN}</p>')
        for dispute in found:
            with st.container(
                horizontal=True, vertical_alignment="center", key=f"memory-row-{dispute.id}"
            ):
                st.html(flag_html(dispute, wording, "", link=_address(dispute, request)))
                if not request.view.present and may_settle(request.viewer.role, dispute):
                    _show_settle(dispute, request)


# -- as HTML ------------------------------------------------------------------------------------


def flag_html(one: Dispute, wording: Wording, records: str, *, link: str | None = None) -> str:
    """``⚑ Disputed, Week 46: 612. “Two imports counted twice” Ada, 22 Nov 2026``; with ``link``
    the KPI and its filters too. ``records`` is HTML."""
    shown = one.shown
    what = "Disputed"
    if link is not None:
        name = f'<a href="{escaped(link)}" target="_self">{escaped(label_of(one))}</a>'
        what = f"{name}, {escaped(filter_words(shown.where, shows_people=wording.shows_people))}"
    about = f" Record {escaped(one.record_id)}." if one.record_id else ""
    return (
        f'<div class="note flag" data-dispute="{escaped(one.id)}" role="note"><p>'
        f'<span aria-hidden="true">⚑</span> <b>{what}, {escaped(wording.period(shown.period))}: '
        f"{escaped(shown.words)}.</b> “{escaped(one.reason)}”{about} "
        f'<span class="by">{escaped(wording.name(one.raised_by))}, '
        f"{escaped(wording.day(one.raised_at))}</span></p>{records}</div>"
    )


def _records_html(one: Dispute, request: Request) -> str:
    if not one.record_total or request.view.present:
        return ""
    kept = records_of(request.warehouse, one)
    told = f"{one.record_total:,} records behind it"
    if len(kept) < one.record_total:
        told += f", the newest {len(kept):,} attached"
    ids = ", ".join(escaped(record.record_id) for record in kept)
    return f"<details><summary>{told}</summary><p class='ids'>{ids}</p></details>"


def _settled_html(found: Sequence[Dispute], wording: Wording) -> str:
    lines = "".join(_settled_line(dispute, wording) for dispute in reversed(found))
    count = "1 settled dispute" if len(found) == 1 else f"{len(found)} settled disputes"
    return f'<div class="note"><details><summary>{count}</summary>{lines}</details></div>'


def _settled_line(one: Dispute, wording: Wording) -> str:
    assert one.settled is not None
    period = wording.period(one.shown.period)
    return (
        f"<p>{escaped(period)}: {escaped(one.shown.words)}. “{escaped(one.reason)}” "
        f'<span class="by">{escaped(wording.name(one.raised_by))}, '
        f"{escaped(wording.day(one.raised_at))}.</span> <b>Settled:</b> "
        f"“{escaped(one.settled.reason)}” "
        f'<span class="by">{escaped(wording.name(one.settled.settled_by))}, '
        f"{escaped(wording.day(one.settled.settled_at))}</span></p>"
    )


def _address(one: Dispute, request: Request) -> str:
    """The disputed number's page, relative to any other page of the app."""
    if one.shown.metric not in CATALOG:
        return "kpi"
    try:
        period = request.bounds.calendar.parse_period(one.shown.period)
    except QueryError:
        period = request.view.period
    view = replace(
        request.view,
        cadence=period.cadence,
        period=period,
        filters=one.shown.where,
        metric=one.shown.metric,
        by=None,
        lead=None,
    )
    return f"kpi?{urlencode(to_query(view, request.bounds), doseq=True)}"


# -- forms --------------------------------------------------------------------------------------


def _show_raise(metric: Metric, review_id: str | None, request: Request) -> None:
    question = request.question
    key = f"{_RAISE}-{metric.id}-{question.period.id}-{hash(question.where)}"
    field = f"{key}-reason"
    with (
        note_popover("Flag this number", key, icon=":material/flag:"),
        st.form(f"{key}-form", border=False),
    ):
        st.text_area(
            "What is wrong with it",
            key=field,
            max_chars=2000,
            height=90,
        )
        st.form_submit_button(
            "Flag it", on_click=_raise, args=(key, field, metric, review_id, request)
        )
    show_kept(key)


def _raise(key: str, field: str, metric: Metric, review_id: str | None, request: Request) -> None:
    reason = st.session_state[field]
    keep(
        key,
        lambda: raise_dispute(
            request.warehouse,
            request.viewer.username,
            metric.id,
            request.question,
            reason=reason,
            review_id=review_id,
        ),
        [field],
        "Flagged. It stays marked until somebody settles it.",
    )


def _show_settle(one: Dispute, request: Request, *, is_named: bool = False) -> None:
    key = f"memory-settle-{one.id}"
    field = f"{key}-reason"
    label = plain_label(f"Settle “{one.reason[:24]}”") if is_named else "Settle"
    with note_popover(label, key), st.form(f"{key}-form", border=False):
        st.text_area("How it was settled", key=field, max_chars=2000, height=90)
        st.form_submit_button("Settle it", on_click=_settle, args=(key, field, one, request))
    show_kept(key)


def _settle(key: str, field: str, one: Dispute, request: Request) -> None:
    reason = st.session_state[field]
    keep(
        key,
        lambda: settle_as(request.warehouse, request.viewer.username, one, reason=reason),
        [field],
        "Settled.",
    )
