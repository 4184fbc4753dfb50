"""The Download popover: what a page shows as slides, PDF, spreadsheet or picture; of a review all
its pages, made with progress.

A page of a closed review is made from what was frozen, with no warehouse at hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import streamlit as st

from data.audit import DetailValue, without_people
from data.errors import ScorecardError
from data.view_address import address_text
from metrics.report import pdf, pptx, xlsx
from metrics.report.cells import Table
from metrics.report.charts_of import charts_of
from metrics.report.document import (
    Ask,
    Document,
    Section,
    build_section,
    frame_document,
    with_exceptions,
)
from metrics.report.scorecard_section import ScorecardSection
from metrics.report.table_csv import table_csv
from pages.view.asks import ask_of
from pages.view.auth import Viewer
from pages.view.export import HELP, show_download
from pages.view.frozen_page import Frozen, frozen_at
from pages.view.popover import show_heading
from pages.view.request import Request
from pages.view.review_files import show_review_files
from pages.view.state import to_query
from pages.view.walk import current_walk

KEY = "take-away"
EXCEPTIONS = "The scorecard, and a page for each exception."


@dataclass(frozen=True)
class _Source:
    """One page to take away: its ``section``, the ``document`` that holds it, and for file names
    and the audit log what it is."""

    name: str
    section: Callable[[], Section]
    document: Callable[[Section], Document]
    what: dict[str, DetailValue]
    currency: str
    told: str = ""


def show_take_away(path: str, base: str, request: Request) -> None:
    """The popover for the page at ``path``, its content only while it is open; ``base`` is the
    app's address. Nothing on a page that is none to write."""
    walk = current_walk()
    link = base + address_text(path, to_query(request.view, request.bounds))
    if walk is not None:
        frozen, _ = frozen_at(walk.meeting, walk.at, request.viewer)
        if frozen is not None:
            show_frozen_files(frozen, request.viewer)
            return
        if path == "review":
            if walk.at is None:
                meeting = walk.meeting
                with_popover(lambda: show_review_files(meeting, request.viewer, request, link))
            return
    ask = ask_of(path, request.view, request)
    if ask is not None:
        with_popover(lambda: _show_files(_of_page(ask, link, request), request.viewer))


def show_frozen_files(frozen: Frozen, viewer: Viewer) -> None:
    """The popover for a frozen page."""
    with_popover(lambda: _show_files(_of_frozen(frozen), viewer))


def with_popover(show: Callable[[], None]) -> None:
    """The popover, ``show`` only while it is open."""
    with st.popover("Download", icon=":material/download:", key=KEY, on_change="rerun") as popover:
        if popover.open:
            with st.container(key=f"{KEY}-body", gap="small", width=300):
                show()


# -- where it comes from --------------------------------------------------------------------------


def _of_page(ask: Ask, link: str, request: Request) -> _Source:
    # Read now: a file is made outside any run, where no session is at hand.
    warehouse, formats, view = request.warehouse, request.formats, ask.view
    name = ask.metric if ask.path == "kpi" and ask.metric else ask.path or "page"

    def document(section: Section) -> Document:
        sections = [section]
        if isinstance(section, ScorecardSection):
            sections = with_exceptions(warehouse, view, formats)
        return frame_document(warehouse, view, sections, title=section.title, link=link)

    return _Source(
        f"{name}-{view.period.id}",
        lambda: build_section(warehouse, ask, formats),
        document,
        {
            "metric": name,
            "period": view.period.id,
            "as_of": view.as_of.isoformat(timespec="seconds"),
            "filters": without_people(view.where),
        },
        formats.currency,
        EXCEPTIONS if ask.path == "scorecard" else "",
    )


def _of_frozen(frozen: Frozen) -> _Source:
    section = frozen.page.section
    meeting = frozen.meeting
    notice = f"Frozen {frozen.taken}, when the review was closed."
    return _Source(
        f"review-{meeting.held_on.isoformat()}-{frozen.item}",
        lambda: section,
        lambda section: frozen.review.document_of(section, notice),
        {"metric": f"review {meeting.id}", "item": frozen.item},
        frozen.snapshot.currency,
        notice,
    )


# -- the files ------------------------------------------------------------------------------------


def _show_files(source: _Source, viewer: Viewer) -> None:
    try:
        with st.spinner("Reading the page"):
            section = source.section()
    except ScorecardError as error:
        st.html(f'<p class="pop-note">{escape(str(error))}</p>')
        return
    files = _Files(source, section, viewer)
    show_heading("To show")
    files.offer("PowerPoint", "pptx", pptx.MIME, lambda: pptx.write_pptx(files.document()))
    files.offer("PDF", "pdf", pdf.MIME, lambda: pdf.write_pdf(files.document()))
    files.offer_charts()
    show_heading("To work with")
    files.offer("Excel", "xlsx", xlsx.MIME, files.workbook, about=HELP)
    files.offer_tables()
    told = f"{source.told} A file is made when you ask for it, which takes a few seconds."
    st.html(f'<p class="pop-note">{escape(told.strip())}</p>')


class _Files:
    """The files of one page in one view."""

    def __init__(self, source: _Source, section: Section, viewer: Viewer) -> None:
        self.source, self.section, self.viewer = source, section, viewer

    def offer(
        self,
        label: str,
        form: str,
        mime: str,
        write: Callable[[], bytes],
        *,
        about: str | None = None,
        part: str = "",
    ) -> None:
        """A button for one file, which is named after the page, its period and its ``part``."""
        name = f"{self.source.name}-{part}" if part else self.source.name
        show_download(
            write,
            viewer=self.viewer,
            file_name=f"{name}.{form}",
            key=f"{KEY}-{form}-{name}",
            what=self.source.what | {"format": form},
            label=label,
            mime=mime,
            about=about,
        )

    def offer_charts(self) -> None:
        """One chart as a picture; of several the one that is chosen."""
        charts = {chart.id: chart for chart in charts_of(self.section)}
        if not charts:
            return
        chosen = _choice("Chart", {id_: chart.title for id_, chart in charts.items()})
        chart = charts[chosen]

        def write() -> bytes:
            document = self.document()
            title = f"{chart.headline}, {document.period}"
            return chart.picture.png(title=title, subtitle=document.origin)

        part = chosen if len(charts) > 1 else ""
        self.offer("Chart as picture (PNG)", "png", "image/png", write, part=part)

    def offer_tables(self) -> None:
        """One table as CSV; of several the one that is chosen."""
        tables: dict[str, Table] = {table.name: table for table in self.section.tables}
        if not tables:
            return
        chosen = _choice("Table", {name: name for name in tables})
        place = list(tables).index(chosen)
        part = f"table-{place + 1}" if len(tables) > 1 else ""
        table = tables[chosen]
        self.offer("CSV", "csv", "text/csv", lambda: table_csv(table), about=HELP, part=part)

    def document(self) -> Document:
        return self.source.document(self.section)

    def workbook(self) -> bytes:
        document = self.document()
        link = (document.link,) if document.link else ()
        about = (document.period, document.origin, *document.notices, *link)
        return xlsx.write_xlsx(self.section.tables, self.source.currency, about=about)


def _choice(label: str, names: dict[str, str]) -> str:
    """Which of several; the only one without a question."""
    if len(names) == 1:
        return next(iter(names))
    return st.selectbox(
        label,
        list(names),
        format_func=names.__getitem__,
        key=f"{KEY}-{label.lower()}",
        label_visibility="collapsed",
    )
