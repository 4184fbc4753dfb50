"""The queue on the page: read anew every minute, with due times in two zones and links."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import streamlit as st
from babel.dates import format_datetime

from data.audit import without_people
from data.errors import ScorecardError, WarehouseError
from data.zones import known_zones
from metrics.errors import QueryError
from metrics.model import Unit
from metrics.report.csv_export import csv_chunks
from metrics.report.format import UNDEFINED
from metrics.report.sla_words import waiting_words
from metrics.sla import Queue
from metrics.sla.model import QueueRow, QueueSummary
from metrics.sla.queue import DOWNLOAD, MAX_DOWNLOAD, PAGE
from pages.view import last_known
from pages.view.export import show_download
from pages.view.links import lead_address
from pages.view.paging import offset_of, show_paging
from pages.view.parts import show_part
from pages.view.request import Request
from pages.view.review_bar import moment_label, show_strip
from pages.view.sla_html import e, heading, percent, sentence, table

EVERY_SECONDS = 60
TOP_DESK, TOP_ROOM = 6, 8


def _refreshed(request: Request, show: Callable[[Request, Queue], None]) -> None:
    """Run ``show`` now and every minute: when the data have changed the whole page is drawn again.
    A view of an earlier moment cannot change."""
    every = EVERY_SECONDS if request.view.as_of is None else None

    def part(now: Request) -> None:
        try:
            show(now, Queue(now.warehouse, now.question, shows_people=now.sees_people))
        except QueryError as error:
            st.html(heading("No answer yet") + sentence(error.message))
        except ScorecardError as error:
            if isinstance(error, WarehouseError):
                last_known.fall_back(error)
            show_strip(f"The queue could not be read: {error.message}")

    show_part(f"queue-{show.__name__.removeprefix('_show_')}", request, part, every_seconds=every)


def show_top(request: Request) -> None:
    """The most overdue, beside the charts."""
    _refreshed(request, _show_top)


def show_queue(request: Request) -> None:
    """The whole queue, a page at a time."""
    _refreshed(request, _show_queue)


def summary_words(summary: QueueSummary, request: Request) -> str:
    """``14 overdue · 5 due soon · 26 more waiting``."""
    return waiting_words(summary, request.formats)


def _read_at(request: Request) -> str:
    if request.warehouse.is_silent:
        return "as last known"
    zone = viewer_zone(request)
    now = f"{datetime.now(UTC).astimezone(zone):%H:%M:%S}"
    if request.view.as_of is not None:
        return f"as of {moment_label(request.view.as_of, request)}"
    return f"read at {now}, again every minute"


def _show_top(request: Request, queue: Queue) -> None:
    summary = queue.summary()
    present = request.view.present
    st.html(heading("No answer yet", summary_words(summary, request)))
    rows = queue.page(0, PAGE)[: TOP_ROOM if present else TOP_DESK]
    if not rows:
        st.html(sentence("Every handoff has its answer."))
        return
    # A projected page names teams, not reps, unless the presenter turns names on (handbook, §3).
    who = "Team" if present and not request.view.names else "Rep"
    longest = max(abs(row.over_seconds) for row in rows) or 1
    st.html(
        table(
            ["Lead", "Prio", who, "Hours past due"],
            [
                [
                    e(row.company or row.lead or row.lead_id),
                    e(row.priority or "–"),
                    e((row.team if who == "Team" else row.rep) or "(nobody)"),
                    _over(row, longest, request),
                ]
                for row in rows
            ],
            "top",
        )
        + f'<p class="sla-note">Longest overdue first; {e(_read_at(request))}.</p>'
    )


def _over(row: QueueRow, longest: int, request: Request) -> str:
    hours = request.formats.value(abs(row.over_seconds) / 3600, Unit.HOURS)
    if not row.is_overdue:
        soon = "due soon, " if row.is_due_soon else ""
        return f'<span class="left">{soon}{e(hours)} left</span>'
    bar = f'<i class="over-bar" style="width:{percent(0.6 * row.over_seconds / longest)}"></i>'
    return f'<span class="over">{bar}{e(hours)}</span>'


# -- the whole queue --------------------------------------------------------------------------


def viewer_zone(request: Request) -> ZoneInfo:
    """The browser's time zone, else the company's."""
    name = st.context.timezone
    return ZoneInfo(name) if name in known_zones() else request.bounds.calendar.zone


def _show_queue(request: Request, queue: Queue) -> None:
    summary = queue.summary()
    st.html(
        heading("The queue", f"{summary_words(summary, request)} · {_read_at(request)}")
        + sentence(
            "Every handoff without an answer, whenever it was handed over: the longest overdue "
            "first, in business time, then the one due soonest."
        )
    )
    if not summary.total:
        st.html(sentence("Every handoff has its answer."))
        return
    offset = offset_of("sla-queue", summary.total, PAGE)
    rows = queue.page(offset, PAGE)
    st.html(_queue_html(rows, request))
    show_paging("sla-queue", summary.total, PAGE, "handoffs")
    show_download(
        _download(request, queue),
        viewer=request.viewer,
        file_name="sla-queue.csv",
        key="download-sla-queue",
        what={
            "as_of": request.question.as_of.isoformat(timespec="seconds"),
            "filters": without_people(request.question.where),
            "rows": min(summary.total, MAX_DOWNLOAD),
            "names": request.sees_people,
        },
    )
    if summary.total > MAX_DOWNLOAD:
        show_strip(f"The file holds the first {MAX_DOWNLOAD:,} of {summary.total:,} handoffs.")


def _queue_html(rows: Sequence[QueueRow], request: Request) -> str:
    zone = viewer_zone(request)
    pattern = request.config.links.lead
    longest = max((abs(row.over_seconds) for row in rows), default=0) or 1
    names = request.view.names or not request.view.present
    head = ["Lead", "Company", "Prio", "Rep" if names else "Team", "Handed over"]
    head += ["Due, the rep's time", f"Due, {_city(zone.key)}", "Past due or left"]
    head += ["Record"] if pattern else []
    found = []
    for row in rows:
        cells = [
            f'<a href="{e(lead_address(request, row.lead_id))}">{e(row.lead or row.lead_id)}</a>',
            e(row.company or UNDEFINED),
            e(row.priority or UNDEFINED),
            e((row.rep if names else row.team) or "(nobody)"),
            e(_moment(row.handed_at, zone, request)),
            f"{e(_moment(row.due_at, ZoneInfo(row.zone), request))} "
            f'<span class="of">{e(_city(row.zone))}</span>',
            e(_moment(row.due_at, zone, request)),
            _over(row, longest, request),
        ]
        if address := request.config.links.lead_record(row.lead_id):
            cells.append(f'<a href="{e(address)}" rel="noreferrer">CRM</a>')
        found.append(cells)
    return table(head, found, "queue")


def _city(zone: str) -> str:
    """``New York`` of ``America/New_York``."""
    return zone.rpartition("/")[2].replace("_", " ")


def _moment(moment: datetime, zone: ZoneInfo, request: Request) -> str:
    """``Thu 19 Nov, 16:21``; of another year than the view's with it."""
    local = moment.replace(tzinfo=UTC).astimezone(zone)
    this_year = request.question.as_of.year == local.year
    form = "EEE d MMM, HH:mm" if this_year else "d MMM yyyy, HH:mm"
    return format_datetime(local, form, tzinfo=zone, locale=request.config.company.locale)


def _download(request: Request, queue: Queue) -> Callable[[], bytes]:
    """Makes the file, once it is asked for."""
    calendar = request.bounds.calendar

    def make() -> bytes:
        return b"".join(csv_chunks(DOWNLOAD, queue.stream(), calendar))

    return make
