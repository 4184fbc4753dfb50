"""The records of one reason, a page at a time, with links into either system, and a file of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

import streamlit as st
from babel.dates import format_datetime

from data.audit import without_people
from metrics.catalog import CATALOG
from metrics.catalog.reconciliation import gap_id
from metrics.facts.stages import stage_label
from metrics.memory.disputes import raise_dispute
from metrics.reconcile import BY_ID, Balance, Ledger, Part
from metrics.reconcile.ledger import DOWNLOAD, MAX_DOWNLOAD, PAGE
from metrics.reconcile.reasons import part_id
from metrics.report.csv_export import csv_chunks
from metrics.report.format import UNDEFINED
from pages.view import reconciliation_html as html
from pages.view.export import show_download
from pages.view.html_table import html_table
from pages.view.links import lead_address
from pages.view.memory.forms import keep, note_popover, show_kept
from pages.view.paging import offset_of, show_paging
from pages.view.records_table import show_records
from pages.view.request import Request
from pages.view.review_bar import go_to, show_strip

REASON_KEY = "reconcile-reason"
# Leads that both teams contacted at nearly the same time: a block of redundant_outreach_rate.
OVERLAP = "_leads_contacted_by_both"
ALL = "All of this reason"


def show_reason(ledger: Ledger, balance: Balance, request: Request) -> None:
    """The records of the reason that the view names, else of the first."""
    if not balance.parts:
        return
    by_id = {part_id(part.side, part.reason): part for part in balance.parts}
    chosen = request.view.reason
    if chosen is not None and chosen not in by_id:
        show_strip(f"Nothing is “{_label(chosen)}” in this period: showing the first reason.")
    chosen = chosen if chosen in by_id else next(iter(by_id))
    part = by_id[chosen]
    st.html(html.heading("Records", f"{part.count:,} of {_one_sided(balance):,} one-sided"))
    _show_choice(by_id, chosen, request)
    key = f"reconcile-{ledger.span.stage}-{chosen}-{request.question.period.id}"
    rows = ledger.page(part.side, part.reason, offset_of(key, part.count, PAGE), PAGE)
    st.html(_records_html(rows, request))
    show_paging(key, part.count, PAGE, "records")
    with st.container(horizontal=True, vertical_alignment="center", key="reconcile-actions"):
        _show_file(ledger, balance, request)
        if gap_id(ledger.span.stage) in CATALOG:
            _show_dispute(part, rows, request)


def _one_sided(balance: Balance) -> int:
    return sum(part.count for part in balance.parts)


def _label(chosen: str) -> str:
    side, _, reason = chosen.partition(".")
    return f"{BY_ID[reason].label}, {side} only"


def _show_choice(by_id: Mapping[str, Part], chosen: str, request: Request) -> None:
    st.session_state[REASON_KEY] = chosen
    st.selectbox(
        "Reason",
        list(by_id),
        key=REASON_KEY,
        format_func=lambda name: f"{_label(name)} ({by_id[name].count:,})",
        on_change=_change_reason,
        args=(request,),
        label_visibility="collapsed",
        width=360,
    )


def _change_reason(request: Request) -> None:
    go_to(replace(request.view, reason=st.session_state[REASON_KEY]), request)


# -- the list -----------------------------------------------------------------------------------


def _records_html(rows: Sequence[Mapping[str, Any]], request: Request) -> str:
    head = ["Lead", "Company", "Match key", "In marketing’s systems", "In sales’ systems"]
    head += ["Source", "Sync"]
    return html_table(head, (_cells(row, request) for row in rows), "records", style="gap")


def _cells(row: Mapping[str, Any], request: Request) -> list[str]:
    lead = row["lead_id"]
    name = UNDEFINED
    if lead is not None:
        shown = escape(row["lead"] or lead)
        name = f'<a href="{escape(lead_address(request, lead))}" target="_self">{shown}</a>'
    here = _record(row["product"], row["record_id"], row["counted_at"], request)
    there = UNDEFINED
    if row["there_record_id"] is not None:
        what = [stage_label(row["there_stage"])]
        what += [] if row["there_status"] == "active" else [row["there_status"]]
        there = _record(
            row["there_product"], row["there_record_id"], row["there_counted_at"], request, what
        )
    sides = (here, there) if row["side"] == "marketing" else (there, here)
    sync = [text for text in (row["sync_status"], row["sync_error"]) if text]
    words = (row["company"], row["match_key"])
    company, key = (UNDEFINED if text is None else escape(text) for text in words)
    source = UNDEFINED if row["channel"] is None else escape(row["channel"])
    return [name, company, key, *sides, source, escape(": ".join(sync)) or UNDEFINED]


def _record(
    product: str | None, record_id: str, at: Any, request: Request, what: Sequence[str] = ()
) -> str:
    """``HS-0012, 4 Oct 2026``; linked where the configuration knows the product's address."""
    address = request.config.links.system_record(product, record_id)
    shown = escape(record_id)
    if address is not None:
        shown = f'<a href="{escape(address)}" rel="noreferrer">{shown}</a>'
    local = request.bounds.calendar.local(at)
    locale = request.config.company.locale
    day = format_datetime(local, "d MMM yyyy", tzinfo=local.tzinfo, locale=locale)
    return ", ".join((shown, *(escape(word) for word in what), escape(day)))


# -- the file, a dispute ------------------------------------------------------------------------


def _show_file(ledger: Ledger, balance: Balance, request: Request) -> None:
    total = _one_sided(balance)
    show_download(
        _download(ledger, request),
        viewer=request.viewer,
        file_name=f"reconciliation-{ledger.span.stage}.csv",
        key="download-reconciliation",
        label="Download all as CSV",
        what={
            "stage": ledger.span.stage,
            "period": request.question.period.id,
            "as_of": request.question.as_of.isoformat(timespec="seconds"),
            "filters": without_people(request.question.where),
            "rows": min(total, MAX_DOWNLOAD),
            "names": request.sees_people,
        },
    )
    if total > MAX_DOWNLOAD:
        show_strip(f"The file holds the first {MAX_DOWNLOAD:,} of {total:,} records.")


def _download(ledger: Ledger, request: Request) -> Callable[[], bytes]:
    """Makes the file, once it is asked for."""
    calendar = request.bounds.calendar

    def make() -> bytes:
        return b"".join(csv_chunks(DOWNLOAD, ledger.stream(), calendar))

    return make


def _show_dispute(part: Part, rows: Sequence[Mapping[str, Any]], request: Request) -> None:
    """A dispute of the gap that names this reason, or one of the records shown."""
    key = f"reconcile-dispute-{part_id(part.side, part.reason)}-{request.question.period.id}"
    about, text = f"{key}-about", f"{key}-text"
    reason = BY_ID[part.reason]
    with (
        note_popover("Dispute", key, icon=":material/flag:"),
        st.form(f"{key}-form", border=False),
    ):
        st.selectbox("About", [ALL, *(row["record_id"] for row in rows)], key=about)
        st.text_area(
            "What is wrong",
            f"{reason.label}, {part.side} only: ",
            key=text,
            max_chars=2000,
            height=90,
        )
        st.form_submit_button("Raise it", on_click=_raise, args=(key, about, text, request))
    show_kept(key)


def _raise(key: str, about: str, text: str, request: Request) -> None:
    chosen, reason = st.session_state[about], st.session_state[text]
    keep(
        key,
        lambda: raise_dispute(
            request.warehouse,
            request.viewer.username,
            "count_gap",
            request.question,
            reason=reason,
            record_id=None if chosen == ALL else chosen,
        ),
        [text],
        "Raised. It stays open until somebody settles it.",
    )


# -- overlap ------------------------------------------------------------------------------------


def show_overlap(request: Request) -> None:
    """Leads that marketing wrote to while sales worked them, or the other way round."""
    st.html(
        html.heading("Contacted by both", "outbound by marketing and by sales within 3 days")
        + html.sentence(
            "Leads that marketing nurtures while sales works them: pause the nurture, or agree "
            "who speaks. The share of them is the KPI Redundant outreach."
        )
    )
    show_records(request, OVERLAP, request.question.period.span)
