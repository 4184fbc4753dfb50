"""A whole review as a document: its agenda, every page of it in order, and its memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from data.warehouse import Warehouse
from metrics.errors import QueryError
from metrics.report.cells import Cell, Table
from metrics.report.document import (
    Ask,
    Document,
    Progress,
    Section,
    build_section,
    frame_document,
)
from metrics.report.format import Formats
from metrics.report.page_section import PageSection, Part, lacking
from metrics.review.agenda import OWN_PAGE
from metrics.review.frozen_pages import FrozenPage, FrozenReview
from metrics.review.meetings import Meeting
from metrics.review.memory_sections import memory_section
from metrics.view import View

# What belongs to the review whether its agenda names it or not, in this order at the end.
ALWAYS = ("decisions", "actions", "disputes", "comments")


@dataclass(frozen=True)
class Item:
    """What one item of an agenda shows: a page in a view, or a section of the review's own page;
    neither for a page that there is nothing to write of."""

    number: int
    ask: Ask | None = None
    section: str | None = None


def build_pages(
    warehouse: Warehouse,
    meeting: Meeting,
    items: Sequence[Item],
    first: View,
    formats: Formats,
    progress: Progress | None = None,
) -> FrozenReview:
    """Every page of a review, each once, in the order of its agenda, as of now.

    A page that cannot be computed says why in its place. Raises ``WarehouseError`` or
    ``StateError`` when a database does not answer.
    """
    wanted: dict[Ask | str, list[int]] = {}
    for item in items:
        what = item.ask or item.section
        if what is not None:
            wanted.setdefault(what, []).append(item.number)
    for name in ALWAYS:
        wanted.setdefault(name, [])
    found: list[FrozenPage] = []
    for done, (what, numbers) in enumerate(wanted.items(), 1):
        ask = None if isinstance(what, str) else what
        if isinstance(what, str):
            section: Section = memory_section(what, warehouse, first, meeting, formats)
        else:
            section = _section(warehouse, what, formats)
        found.append(FrozenPage(tuple(numbers), section, ask))
        if progress is not None:
            progress(done, len(wanted))
    frame = frame_document(warehouse, first, [], title=meeting.name)
    return FrozenReview(frame, tuple(found))


def whole_document(meeting: Meeting, review: FrozenReview, *, link: str | None = None) -> Document:
    """All of a review, to be written: its agenda, then its pages."""
    sections = (opening(meeting), *(page.section for page in review.pages))
    notices = review.frame.notices
    if meeting.is_closed:
        notices = (*notices, "Frozen when the review was closed.")
    return replace(review.frame, sections=sections, link=link, notices=notices)


def _section(warehouse: Warehouse, ask: Ask, formats: Formats) -> Section:
    try:
        return build_section(warehouse, ask, formats)
    except QueryError as error:
        path = ask.path or "page"
        title = path.capitalize()
        return PageSection(path, title, "", (lacking("page", title, str(error)),))


def opening(meeting: Meeting) -> PageSection:
    """The first page of a review's document: what was looked at, in which order."""
    rows = tuple(
        (
            Cell(str(number), number, "plain"),
            Cell(item.title),
            Cell(item.owner),
            Cell(f"{item.minutes} min", item.minutes, "plain"),
        )
        for number, item in enumerate(meeting.agenda, 1)
    )
    table = Table("Agenda", ("", "Item", "Owner", "Minutes"), rows)
    people = ", ".join(meeting.participants)
    minutes = sum(item.minutes for item in meeting.agenda)
    aside = f"{len(rows)} items, {minutes} min"
    notes = (f"Participants: {people}",) if people else ()
    part = Part("agenda", meeting.name, aside, table=table, notes=notes)
    state = "open" if meeting.closed_by is None else f"closed by {meeting.closed_by}"
    return PageSection(OWN_PAGE, meeting.name, state, (part,))
