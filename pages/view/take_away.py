"""The Download popover: what a page shows as slides, PDF, spreadsheet or picture, made on the click
that asks for it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st

from data.audit import DetailValue, without_people
from data.errors import ScorecardError
from data.view_address import address_text
from metrics.report.document import (
    Ask,
    Document,
    Section,
    build_section,
    frame_document,
    with_exceptions,
)
from metrics.report.kpi_section import KpiSection
from metrics.report.table_csv import table_csv
from pages.view.export import HELP, show_download
from pages.view.popover import show_heading
from pages.view.request import Request
from pages.view.state import to_query

KEY = "take-away"
# The pages that can be taken away; a KPI's only once it is named.
PATHS = ("scorecard", "kpi")
MIME = {
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "png": "image/png",
}
Write = Callable[[], bytes]


def show_take_away(path: str, base: str, request: Request) -> None:
    """The popover for the page at ``path``, its content only while it is open; ``base`` is the
    app's address."""
    if path not in PATHS or (path == "kpi" and request.view.metric is None):
        return
    with st.popover("Download", icon=":material/download:", key=KEY, on_change="rerun") as popover:
        if not popover.open:
            return
        with st.container(key=f"{KEY}-body", gap="small", width=300):
            _show_body(_Files(path, base, request))


def _show_body(files: _Files) -> None:
    show_heading("To show")
    files.offer("PowerPoint", "pptx", files.slides)
    files.offer("PDF", "pdf", files.paper)
    if files.is_kpi:
        files.offer("Chart as picture (PNG)", "png", files.chart)
    show_heading("To work with")
    files.offer("Excel", "xlsx", files.workbook, about=HELP)
    files.offer("CSV", "csv", lambda: table_csv(files.section().tables[0]), about=HELP)
    words = "The scorecard, and a page for each exception." if not files.is_kpi else ""
    told = f"{words} A file is made when you ask for it, which takes a few seconds."
    st.html(f'<p class="pop-note">{escape(told.strip())}</p>')


class _Files:
    """The files of one page in one view."""

    def __init__(self, path: str, base: str, request: Request) -> None:
        self.request = request
        # Read now: a file is made outside any run, where no session is at hand.
        self.view, self.formats = request.question, request.formats
        self.metric = request.view.metric if path == "kpi" else None
        self.name = f"{self.metric or path}-{self.view.period.id}"
        self.link = base + address_text(path, to_query(request.view, request.bounds))

    @property
    def is_kpi(self) -> bool:
        return self.metric is not None

    def offer(self, label: str, form: str, write: Write, *, about: str | None = None) -> None:
        """A button for one file, which is named after the page and its period."""
        show_download(
            write,
            viewer=self.request.viewer,
            file_name=f"{self.name}.{form}",
            key=f"{KEY}-{form}-{self.name}",
            what=self._exported(form),
            label=label,
            mime=MIME[form],
            about=about,
        )

    def section(self) -> Section:
        ask = Ask(self.view, self.metric, self.request.view.by)
        return build_section(self.request.warehouse, ask, self.formats)

    def document(self) -> Document:
        warehouse = self.request.warehouse
        if self.is_kpi:
            sections = [self.section()]
        else:
            sections = with_exceptions(warehouse, self.view, self.formats)
        return frame_document(
            warehouse, self.view, sections, title=sections[0].title, link=self.link
        )

    # The libraries that write files take memory and time to load: whoever asks for the first file
    # loads them, and no start of the app.

    def slides(self) -> bytes:
        from metrics.report.pptx import write_pptx

        return write_pptx(self.document())

    def paper(self) -> bytes:
        from metrics.report.pdf import write_pdf

        return write_pdf(self.document())

    def workbook(self) -> bytes:
        from metrics.report.xlsx import write_xlsx

        document = frame_document(
            self.request.warehouse, self.view, [self.section()], title="", link=self.link
        )
        tables = document.sections[0].tables
        about = (document.period, document.origin, *document.notices, self.link)
        return write_xlsx(tables, self.formats.currency, about=about)

    def chart(self) -> bytes:
        document = self.document()
        (section,) = document.sections
        if not isinstance(section, KpiSection) or section.trend_picture is None:
            raise ScorecardError("There is nothing to draw: no period of this KPI has a figure.")
        title = f"{section.title}: {section.value}, {document.period}"
        return section.trend_picture.png(title=title, subtitle=document.origin)

    def _exported(self, form: str) -> dict[str, DetailValue]:
        """The file in the audit log: what it is about, and never whom."""
        return {
            "metric": self.metric or "scorecard",
            "format": form,
            "period": self.view.period.id,
            "as_of": self.view.as_of.isoformat(timespec="seconds"),
            "filters": without_people(self.view.where),
        }
