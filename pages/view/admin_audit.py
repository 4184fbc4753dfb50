"""The audit log on the admin page: filtered and paged in the database, the newest first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import streamlit as st

from data.audit import AuditRow, DetailValue, Event
from data.audit_report import csv_lines, details
from data.audit_search import AuditFilter, find_events, people_in_log, stream_events
from pages.view.admin_html import NOTHING, e, heading, moment, table
from pages.view.export import show_download
from pages.view.paging import offset_of, show_paging
from pages.view.request import Request

PAGE = 50
_LIST = "admin-audit"


def show_audit(request: Request) -> None:
    """The filters, a page of the log, and all of what was looked for as a file."""
    st.html(heading("Audit log", "who did what, to what, and when; nothing is ever taken out"))
    wanted = _show_filters(request)
    offset = st.session_state.get(f"offset-{_LIST}", 0)
    page = find_events(wanted, offset=offset, size=PAGE)
    if offset_of(_LIST, page.total, PAGE) != offset:
        page = find_events(wanted, offset=offset_of(_LIST, page.total, PAGE), size=PAGE)
    st.html(audit_html(page.rows, request))
    with st.container(horizontal=True, vertical_alignment="center", key="admin-audit-foot"):
        show_paging(_LIST, page.total, PAGE, "events")
        show_download(
            _file(wanted, request),
            viewer=request.viewer,
            file_name="audit-log.csv",
            key="download-audit",
            what=_exported(wanted, page.total),
        )


def _first_page() -> None:
    st.session_state.pop(f"offset-{_LIST}", None)


def event_label(event: str) -> str:
    """ "sign in failed"."""
    return event.replace("_", " ")


def _show_filters(request: Request) -> AuditFilter:
    with st.container(horizontal=True, vertical_alignment="bottom", key="admin-audit-filters"):
        events = st.multiselect(
            "What",
            [event.value for event in Event],
            key="admin-events",
            format_func=event_label,
            placeholder="Everything",
            on_change=_first_page,
            width=340,
        )
        who = st.selectbox(
            "Who, or to whom",
            people_in_log(),
            index=None,
            key="admin-person",
            placeholder="Everybody",
            on_change=_first_page,
            width=220,
        )
        first = st.date_input(
            "From", value=None, key="admin-from", on_change=_first_page, width=150
        )
        last = st.date_input(
            "To, inclusive", value=None, key="admin-to", on_change=_first_page, width=150
        )
    return audit_filter(events, who, first, last, request)


def audit_filter(
    events: list[str], who: str | None, first: date | None, last: date | None, request: Request
) -> AuditFilter:
    """What is looked for; the days are the company's, both inclusive."""
    starts_at = request.bounds.calendar.starts_at
    return AuditFilter(
        events=tuple(events),
        person=who,
        since=None if first is None else starts_at(first),
        before=None if last is None else starts_at(last + timedelta(days=1)),
    )


def audit_html(rows: tuple[AuditRow, ...], request: Request) -> str:
    """A row an event."""
    if not rows:
        return '<p class="adm-words">Nothing of that kind is in the log.</p>'
    return table(
        "audit",
        ["When", "Who", "What", "About", "More"],
        [
            [
                e(moment(row.at, request)),
                e(row.actor or NOTHING) + ("<small>command line</small>" * (row.source == "cli")),
                f"<b>{e(event_label(row.event))}</b>",
                e(row.subject or NOTHING),
                e(" · ".join(details(row)) or NOTHING),
            ]
            for row in rows
        ],
    )


def _file(wanted: AuditFilter, request: Request) -> Callable[[], bytes]:
    zone = request.config.company.zone

    def make() -> bytes:
        return "".join(csv_lines(stream_events(wanted), zone)).encode()

    return make


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def _exported(wanted: AuditFilter, total: int) -> dict[str, DetailValue]:
    """The file in the audit log itself."""
    return {
        "events": list(wanted.events),
        "person": wanted.person,
        "since": _iso(wanted.since),
        "before": _iso(wanted.before),
        "rows": total,
    }
