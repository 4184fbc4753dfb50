"""The pages of a closed review in its walk: as they were frozen, whatever the data say now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import streamlit as st

from data.errors import ScorecardError
from metrics.report.chart_file import Picture
from metrics.report.format import Formats
from metrics.report.kpi_page import kpi_parts
from metrics.report.kpi_section import KpiSection
from metrics.report.page_section import PageSection, Part
from metrics.report.scorecard_section import ScorecardSection
from metrics.review.frozen_pages import FrozenPage, FrozenReview, read_pages
from metrics.review.meetings import Meeting
from metrics.review.snapshot import Snapshot, read_snapshot
from pages.view.auth import Viewer
from pages.view.request import Request
from pages.view.review_bar import go_to, show_strip
from pages.view.review_frozen import show_card
from pages.view.review_html import moment_words
from pages.view.section_html import part_foot_html, part_head_html, part_words_html
from pages.view.walk import Walk

# px of a chart and columns of a table that half the page has room for.
HALF, HALF_COLUMNS = 600, 8
BEFORE_PAGES = (
    "This review was closed before its pages were kept: its figures are frozen, on the review's "
    "own page, and this page is live."
)


@dataclass(frozen=True)
class Frozen:
    """What an item of a closed review showed."""

    meeting: Meeting
    item: int
    review: FrozenReview
    page: FrozenPage
    snapshot: Snapshot

    @property
    def section(self) -> PageSection | None:
        """The page as parts; None of a scorecard, which is drawn as tiles."""
        found = self.page.section
        if isinstance(found, ScorecardSection):
            return None
        return kpi_parts(found) if isinstance(found, KpiSection) else found

    @property
    def taken(self) -> str:
        """When it was frozen: "Mon 16 Nov 2026, 14:02"."""
        zone = ZoneInfo(self.snapshot.timezone)
        return moment_words(self.snapshot.taken_at, zone, self.snapshot.locale)


def frozen_at(meeting: Meeting, item: int | None, viewer: Viewer) -> tuple[Frozen | None, str]:
    """What an item showed when its review was closed; where that cannot be shown None, and why.

    Nothing is said of what is no item of a closed review.
    """
    if not meeting.is_closed or item is None or not 1 <= item <= len(meeting.agenda):
        return None, ""
    try:
        review = read_pages(meeting.id, viewer.scope)
        snapshot = read_snapshot(meeting.id, viewer.scope)
    except ScorecardError as error:
        return None, f"{error} This page is live."
    if review is None or snapshot is None:
        return None, BEFORE_PAGES
    page = review.page_of(item)
    if page is None:
        return None, "Nothing was frozen of this page: it is live."
    return Frozen(meeting, item, review, page, snapshot), ""


def show_in_walk(walk: Walk, request: Request) -> bool:
    """Show the item of a closed review as it was frozen; False where the live page is to stand."""
    frozen, why = frozen_at(walk.meeting, walk.at, request.viewer)
    if frozen is None:
        if why:
            show_strip(why)
        return False
    told = [f"Frozen {frozen.taken}, as of {frozen.review.frame.as_of}."]
    if _differs(frozen, request):
        told.append("The period and filters of this link are not applied.")
    with st.container(key="frozen-told", horizontal=True, vertical_alignment="center", gap="small"):
        show_strip(" ".join(told))
        if not request.view.present and walk.item is not None and frozen.page.ask is not None:
            live = replace(request.view, review=None, item=None, as_of=None)
            st.button("Show it live", key="frozen-live", on_click=go_to, args=(live, request))
    show_frozen_page(frozen, present=request.view.present)
    return True


def _differs(frozen: Frozen, request: Request) -> bool:
    ask = frozen.page.ask
    if ask is None:
        return False
    shown = request.question
    return (ask.view.period.id, ask.view.where) != (shown.period.id, shown.where)


def show_frozen_page(frozen: Frozen, *, present: bool) -> None:
    """The page alone."""
    section = frozen.section
    with st.container(key="frozen-page"):
        if section is not None:
            _show_section(section, present=present)
            return
        card = frozen.snapshot.views.card_of(frozen.item)
        if card is not None:
            snapshot = frozen.snapshot
            show_card(str(frozen.item), card, Formats(snapshot.locale, snapshot.currency))


def _show_section(section: PageSection, *, present: bool) -> None:
    """Parts two in a row where both do with half the width; before a room one below the other."""
    for n, row in enumerate(_rows(section.parts, present=present)):
        if len(row) == 1:
            _show_part(row[0], f"{n}-0", present=present)
            continue
        for m, (column, part) in enumerate(zip(st.columns(2, gap="large"), row, strict=True)):
            with column:
                _show_part(part, f"{n}-{m}", present=present)


def _rows(parts: Sequence[Part], *, present: bool) -> list[list[Part]]:
    rows: list[list[Part]] = []
    for part in parts:
        last = rows[-1] if rows else []
        if not present and len(last) == 1 and _is_half(last[0]) and _is_half(part):
            last.append(part)
        else:
            rows.append([part])
    return rows


def _is_half(part: Part) -> bool:
    table = part.table if part.table is not None and not part.table.is_data else None
    wide = part.picture is not None and part.picture.width > HALF
    return not wide and (table is None or len(table.heads) <= HALF_COLUMNS)


def _show_part(part: Part, key: str, *, present: bool) -> None:
    st.html(part_head_html(part) + part_words_html(part))
    picture = (part.room if present else None) or part.picture
    if picture is not None:
        _show_picture(picture, key)
    if foot := part_foot_html(part):
        st.html(foot)


def _show_picture(picture: Picture, key: str) -> None:
    st.vega_lite_chart(
        picture.data,
        picture.spec,
        theme=None,
        width="stretch",
        key=f"frozen-chart-{key}",
        alt=picture.alt,
    )
