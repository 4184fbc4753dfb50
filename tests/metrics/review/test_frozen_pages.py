"""The frozen pages of a review: whole, equal to what was shown, readable for years and by anybody
who may, and made into files without a warehouse."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from data import reviews
from data.errors import ReviewError
from data.row_scope import EVERYTHING, RowScope
from data.warehouse import Warehouse
from metrics.errors import RoleError
from metrics.memory.commentary import comment_as
from metrics.memory.resolutions import act_as, decide_as
from metrics.report.cells import Cell
from metrics.report.document import Ask, Document
from metrics.report.format import Formats
from metrics.report.kpi_section import KpiSection
from metrics.report.page_section import PageSection
from metrics.report.pdf import _as_json
from metrics.report.pptx import write_pptx
from metrics.report.scorecard_section import ScorecardSection
from metrics.review.closing import close_with_pages
from metrics.review.frozen_pages import FrozenPage, FrozenReview, pack, read_pages, unpack
from metrics.review.meetings import Meeting
from metrics.review.papers import Item, build_pages, whole_document
from metrics.review.snapshot import close_review
from pages.view.section_html import part_foot_html, part_words_html
from tests.e2e.server import ROOT, environment
from tests.metrics.report.taken_away import slide_text, slides_of, squeezed
from tests.metrics.review.small_company import begin, february, views
from tests.metrics.review.test_snapshot import small, warehouse

__all__ = ["small", "warehouse"]  # fixtures
FORMATS = Formats("en_US", "USD")
PATHS = ("scorecard", "kpi?metric=mqls", "attribution", "funnel", "sla", "reconciliation")
SAMPLE = Path(__file__).parent / "frozen_pages_format_1.txt"
# What a fresh process makes of a closed review, with nothing but the state database.
FRESH = """
import sys
from data.row_scope import EVERYTHING
from metrics.report.pptx import write_pptx
from metrics.review.frozen_pages import read_pages
from metrics.review.meetings import find_review
from metrics.review.papers import whole_document
meeting = find_review(sys.argv[1])
sys.stdout.buffer.write(write_pptx(whole_document(meeting, read_pages(meeting.id, EVERYTHING))))
"""


def items(warehouse: Warehouse) -> list[Item]:
    """One of each page, the scorecard twice; then a section of the review."""
    view = february(warehouse)
    asks = [Ask(view, path="scorecard"), Ask(view, "mqls", "channel", path="kpi")]
    asks += [Ask(view, path=path) for path in (*PATHS[2:], "scorecard")]
    found = [Item(n, ask=ask) for n, ask in enumerate(asks, 1)]
    return [*found, Item(len(found) + 1, section="wins"), Item(len(found) + 2)]


def closed(warehouse: Warehouse) -> Meeting:
    meeting = begin(warehouse, "ana", *PATHS)
    at = views(warehouse, *PATHS)
    first = february(warehouse)
    return close_with_pages("ana", warehouse, meeting, items(warehouse), at, first, FORMATS)


def texts(review: FrozenReview) -> list[str]:
    """Every word and figure of the pages, as the screen's HTML has them."""
    return [
        part_words_html(part) + part_foot_html(part)
        for page in review.pages
        if isinstance(page.section, PageSection)
        for part in page.section.parts
    ]


def test_every_page_is_frozen_once_in_the_agenda_s_order(warehouse: Warehouse, add):
    add("ana", "admin")
    decide_as(warehouse.config, "ana", "Score webinars lower")
    meeting = closed(warehouse)
    found = read_pages(meeting.id, EVERYTHING)
    assert found is not None
    kinds = [(page.items, type(page.section).__name__) for page in found.pages]
    assert kinds == [
        ((1, 7), "ScorecardSection"),
        ((2,), "KpiSection"),
        *(((n,), "PageSection") for n in (3, 4, 5, 6, 8)),
        *(((), "PageSection") for _ in range(4)),
    ]
    assert found.page_of(7) is found.page_of(1)
    assert found.page_of(9) is None
    # The memory as it was, named by the agenda or not.
    assert [page.section.title for page in found.pages[-4:]] == [
        *("Decisions", "Last actions", "Open disputes", "What was said"),
    ]
    with pytest.raises(RoleError, match="sees a part"):
        read_pages(meeting.id, RowScope.parse(["region=EMEA"]))
    assert read_pages("0" * 16, EVERYTHING) is None


def test_frozen_pages_are_the_live_ones_to_the_character(warehouse: Warehouse, add):
    add("ana", "admin")
    meeting = begin(warehouse, "ana", *PATHS)
    act_as(warehouse.config, "ana", "Call back", owner="Bo", due_on=meeting.held_on)
    comment_as(warehouse, "ana", "mqls", february(warehouse), happened="Late import", doing="")
    live = build_pages(warehouse, meeting, items(warehouse), february(warehouse), FORMATS)
    kept = unpack(pack(live))
    assert kept.frame == live.frame
    for page, again in zip(live.pages, kept.pages, strict=True):
        assert (page.items, page.ask) == (again.items, again.ask)
        assert page.section.tables == again.section.tables
    assert texts(kept) == texts(live)
    # Charts too: the PDF's drawings are the same, and so is every word of the slides.
    documents = [whole_document(meeting, review) for review in (live, kept)]
    before, after = (_as_json(document) for document in documents)
    assert before == after
    slides = [slides_of(write_pptx(document)) for document in documents]
    assert [slide_text(one) for one in slides[0]] == [slide_text(one) for one in slides[1]]
    shown = squeezed("".join(slide_text(one) for one in slides[1]))
    assert squeezed("Call back") in shown
    assert squeezed("Late import") in shown


def test_the_deck_of_a_closed_review_needs_no_warehouse(warehouse: Warehouse, add, tmp_path: Path):
    add("ana", "admin")
    meeting = closed(warehouse)
    frozen = read_pages(meeting.id, EVERYTHING)
    assert frozen is not None
    here = slides_of(write_pptx(whole_document(meeting, frozen)))
    settings = {
        "WAREHOUSE_URL": f"duckdb:///{tmp_path / 'gone.duckdb'}",
        "STATE_URL": f"sqlite:///{tmp_path / 'home' / 'state.sqlite'}",
        "SCORECARD_HOME": str(tmp_path / "home"),
        "SCORECARD_CONFIG": str(tmp_path / "no-such.toml"),
    }
    run = subprocess.run(
        [sys.executable, "-c", FRESH, meeting.id],
        capture_output=True,
        cwd=ROOT,
        env=environment(settings),
        check=True,
    )
    assert [slide_text(s) for s in slides_of(run.stdout)] == [slide_text(s) for s in here]


def test_a_review_frozen_by_an_earlier_program_opens(warehouse: Warehouse):
    """The sample was packed by the first program that froze pages, and is never made anew."""
    found = unpack(base64.b64decode(SAMPLE.read_text()))
    assert {type(page.section) for page in found.pages} == {
        *(ScorecardSection, KpiSection, PageSection),
    }
    funnel = next(p.section for p in found.pages if getattr(p.section, "path", "") == "funnel")
    table = next(table for table in funnel.tables if table.name == "The period")
    assert table.rows[0][2:] == tuple(Cell(str(n), n, "plain") for n in (4, 2))
    assert "MQL" in texts(found)[0] + "".join(texts(found))
    assert len(slides_of(write_pptx(replace(found.frame, sections=_sections(found))))) > 10
    assert all(page.ask is None or page.ask.view.period.id == "2026-02" for page in found.pages)


def _sections(review: FrozenReview):
    return tuple(page.section for page in review.pages)


def test_a_later_format_is_told_and_what_it_takes_away_is_passed_over(warehouse: Warehouse):
    section = PageSection("sla", "SLA", "Week 7", ())
    kept = json.loads(zlib.decompress(pack(FrozenReview(_frame(), (FrozenPage((1,), section),)))))
    kept["pages"][0]["section"]["of_an_older_program"] = {"a": 1}
    again = unpack(zlib.compress(json.dumps(kept).encode()))
    assert again.pages[0].section == section
    kept["format"] = 2
    with pytest.raises(ReviewError, match="format 2, and this program reads format 1"):
        unpack(zlib.compress(json.dumps(kept).encode()))


def _frame():
    return Document("Northwind", "Weekly review", "Week 7", "Mon 16 Feb 2026", "the whole company")


def test_a_page_that_cannot_be_computed_says_why_in_its_place(warehouse: Warehouse, add):
    add("ana", "admin")
    meeting = begin(warehouse, "ana", "funnel")
    view = february(warehouse)
    asked = [Item(1, ask=Ask(view, "no_such_kpi", path="kpi")), Item(2, ask=Ask(view, path="sla"))]
    found = build_pages(warehouse, meeting, asked, view, FORMATS)
    first = found.pages[0].section
    assert isinstance(first, PageSection)
    assert "no_such_kpi" in first.parts[0].words[0].text
    assert found.pages[1].section.title == "SLA"


def test_a_review_without_pages_still_opens(warehouse: Warehouse, add):
    add("ana", "admin")
    meeting = begin(warehouse, "ana", "funnel")
    close_review("ana", warehouse, meeting, views(warehouse, "funnel"), february(warehouse))
    assert reviews.read_pages(meeting.id) is None
    assert read_pages(meeting.id, EVERYTHING) is None
