"""The whole review as a file: its agenda, every page in its order, its memory. Made with progress,
then handed over; of a closed one from what was frozen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import streamlit as st

from data.errors import ScorecardError
from metrics.report import pdf, pptx, xlsx
from metrics.report.document import Document, Progress
from metrics.review.frozen_pages import read_pages
from metrics.review.meetings import Meeting
from metrics.review.papers import build_pages, whole_document
from pages.view.asks import items_of
from pages.view.auth import Viewer
from pages.view.export import HELP, show_download
from pages.view.popover import show_heading
from pages.view.request import Request
from pages.view.walk import first_view

KEY = "review-file"
# The file that waits to be saved: one in a session, of one review, until another is made.
_MADE = "review-file-made"


@dataclass(frozen=True)
class _Form:
    label: str
    ending: str
    mime: str
    write: Callable[[Document], bytes]
    about: str | None = None


def _workbook(document: Document) -> bytes:
    tables = [table for section in document.sections for table in section.tables]
    about = (document.title, document.period, document.origin, *document.notices)
    return xlsx.write_xlsx(tables, document.currency, about=about)


FORMS = (
    _Form("PowerPoint", "pptx", pptx.MIME, pptx.write_pptx),
    _Form("PDF", "pdf", pdf.MIME, pdf.write_pdf),
    _Form("Excel", "xlsx", xlsx.MIME, _workbook, HELP),
)


@dataclass(frozen=True)
class _Made:
    review_id: str
    state: str
    form: _Form
    content: bytes


def show_review_files(
    meeting: Meeting, viewer: Viewer, request: Request | None, link: str | None = None
) -> None:
    """The forms of a whole review; without a ``request`` (the warehouse is gone) of a closed one
    alone."""
    show_heading("The whole review")
    state = "closed" if meeting.is_closed else "open"
    for form in FORMS:
        if st.button(f"Make {form.label}", key=f"{KEY}-{form.ending}", width="stretch"):
            _make(form, meeting, state, viewer, request, link)
    made: _Made | None = st.session_state.get(_MADE)
    if made is not None and (made.review_id, made.state) == (meeting.id, state):
        show_heading("To save")
        name = f"{meeting.cadence.value}-review-{meeting.held_on.isoformat()}.{made.form.ending}"
        show_download(
            lambda: made.content,
            viewer=viewer,
            file_name=name,
            key=f"{KEY}-save-{made.form.ending}",
            what={"metric": f"review {meeting.id}", "format": made.form.ending},
            label=f"Save the {made.form.label} file",
            mime=made.form.mime,
            about=made.form.about,
        )
    told = "Its pages in the order of the agenda, then decisions, actions, disputes and comments."
    st.html(f'<p class="pop-note">{escape(told)}</p>')


def _make(
    form: _Form,
    meeting: Meeting,
    state: str,
    viewer: Viewer,
    request: Request | None,
    link: str | None,
) -> None:
    bar = st.progress(0.0, "Reading the pages")

    def told(done: int, of: int) -> None:
        bar.progress(done / (of + 1), f"{done} of {of} pages")

    try:
        document = _document(meeting, viewer, request, link, told)
        bar.progress(0.95, f"Writing the {form.label} file")
        content = form.write(document)
    except ScorecardError as error:
        bar.empty()
        st.html(f'<p class="pop-note" role="status">{escape(str(error))}</p>')
        return
    bar.empty()
    st.session_state[_MADE] = _Made(meeting.id, state, form, content)


def _document(
    meeting: Meeting,
    viewer: Viewer,
    request: Request | None,
    link: str | None,
    progress: Progress,
) -> Document:
    """Of a closed review what was frozen, where pages were kept; else the pages as of now."""
    kept = read_pages(meeting.id, viewer.scope) if meeting.is_closed else None
    if kept is not None:
        return whole_document(meeting, kept, link=link)
    if request is None:
        raise ScorecardError("This review was closed before its pages were kept.")
    first = first_view(meeting, request).question(request.bounds)
    live = build_pages(
        request.warehouse, meeting, items_of(meeting, request), first, request.formats, progress
    )
    return whole_document(meeting, live, link=link)
