"""Slides, PDF, mail and spreadsheet say what the pages say; the data stay text in all of them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from data.config import PROJECT_DIR
from data.state import close_state
from data.tables import lead_stages
from data.warehouse import Warehouse, open_warehouse
from metrics.drivers import cause_of_tile
from metrics.exceptions import find_exceptions
from metrics.kpi import build_kpi
from metrics.model import Unit
from metrics.report import slide_parts
from metrics.report.cells import POINTS, Cell, Table
from metrics.report.chart_file import LIGHT, MARGIN, resolve_colours
from metrics.report.document import Ask, Document, build_document
from metrics.report.format import Formats
from metrics.report.html_mail import write_html, write_text
from metrics.report.kpi_section import KpiSection
from metrics.report.pdf import write_pdf
from metrics.report.pptx import write_pptx
from metrics.report.scorecard_section import ScorecardSection
from metrics.report.table_csv import table_csv
from metrics.report.xlsx import write_xlsx
from metrics.scorecard import Scorecard, build_scorecard
from metrics.view import View
from pages.view import kpi_html
from pages.view.cards import column_html, goals_html
from pages.view.exceptions import exceptions_html
from tests.build import fill
from tests.conftest import forget_warehouses
from tests.metrics.report.taken_away import (
    CONTROL,
    FORMULA,
    MARKUP,
    TYPESET,
    MailPage,
    Workbook,
    charts_of,
    fonts_of,
    page_texts,
    pdf_text,
    sizes_of,
    slide_text,
    slides_of,
    squeezed,
    with_nasty_channels,
)
from tests.metrics.test_scorecard import CONFIG, monday, rows, view_of

FORMATS = Formats("en_US", "USD")
LINK = "https://scorecard.test/scorecard?cadence=weekly"
KPIS = 10


class Taken:
    """One view of one company: the document, every file of it, and what the pages show."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.view: View = view_of(warehouse, 50, monday(51) + timedelta(hours=1))
        self.card: Scorecard = build_scorecard(warehouse, self.view)
        self.metrics = [tile.metric.id for tile in self.card.tiles[:KPIS]]
        asks = [Ask(self.view), *(Ask(self.view, metric, "channel") for metric in self.metrics)]
        self.document: Document = build_document(warehouse, asks, FORMATS, link=LINK)
        self.slides = slides_of(write_pptx(self.document))
        self.pdf = write_pdf(self.document)
        self.pdf_text = squeezed(pdf_text(self.pdf))
        self.mail = MailPage(write_html(self.document))
        self.slide_text = squeezed("\n".join(map(slide_text, self.slides)))
        self.pages = _pages(self)

    def kpi_slides(self, metric: str):
        """The two slides of a KPI."""
        first = len(self.slides) - 2 * KPIS + 2 * self.metrics.index(metric)
        return self.slides[first : first + 2]


@pytest.fixture(scope="module")
def taken(tmp_path_factory) -> Iterator[Taken]:
    folder: Path = tmp_path_factory.mktemp("take-away")
    url = f"duckdb:///{folder / 'company.duckdb'}"
    fill(url, with_nasty_channels(rows()), CONFIG)
    (folder / "scorecard.toml").write_text(CONFIG, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAREHOUSE_URL", url)
        patch.setenv("STATE_URL", f"sqlite:///{folder / 'state.sqlite'}")
        patch.setenv("SCORECARD_CONFIG", str(folder / "scorecard.toml"))
        patch.setenv("SCORECARD_HOME", str(folder))
        forget_warehouses()
        made = Taken(open_warehouse())
    yield made
    forget_warehouses()
    close_state()


def _pages(taken: Taken) -> dict[str, str]:
    """The HTML of the pages' figures: of the scorecard, and of every KPI by its id."""
    found = find_exceptions(taken.card, cause_of_tile(taken.warehouse, taken.view))
    card = goals_html(taken.card.goals, FORMATS) + exceptions_html(found, taken.card, FORMATS)
    for team, tiles in taken.card.columns.items():
        card += column_html(team, tiles, FORMATS)
    pages = {"scorecard": card}
    for metric in taken.metrics:
        kpi = build_kpi(taken.warehouse, taken.view, metric, "channel")
        pages[metric] = (
            kpi_html.header_html(kpi, FORMATS)
            + kpi_html.to_date_html(kpi, FORMATS)
            + kpi_html.segments_html(kpi, FORMATS, titled=True)
            + kpi_html.causes_html(kpi, FORMATS)
        )
    return pages


def missing(texts: list[str], where: str) -> list[str]:
    return [text for text in texts if squeezed(text) not in where]


# -- equal to the screen ----------------------------------------------------------------------


def test_every_figure_of_the_scorecard_page_is_in_every_file(taken):
    shown = page_texts(
        taken.pages["scorecard"], "goal-figure", "goal-line", "tile-change", "tile-target", "<b"
    )
    assert len(shown) > 4 * 15
    for where in (taken.slide_text, taken.pdf_text, squeezed(taken.mail.text)):
        # A tile's parts stand by themselves in a file: "target 45 · ✕ 5 short".
        pieces = [piece for text in shown for piece in text.split(" · ")]
        assert missing(pieces, where.replace("·", "")) == []


def test_every_figure_of_ten_kpi_pages_is_on_slides_and_in_the_pdf(taken):
    assert len(taken.metrics) == KPIS
    for metric in taken.metrics:
        page = taken.pages[metric]
        figures = page_texts(page, "kpi-figure", "word", "<b", "cause")
        assert figures
        on_slides = squeezed("\n".join(map(slide_text, taken.kpi_slides(metric))))
        assert missing(figures, on_slides) == []
        segments = page_texts(page, "bar-cell", "num")
        assert missing([*figures, *segments], taken.pdf_text) == []


def test_a_chart_on_a_slide_is_native_and_holds_the_warehouse_s_own_counts(taken):
    with taken.warehouse.engine.connect() as connection:
        counted = connection.execute(
            select(func.count()).where(
                lead_stages.c.stage == "mql",
                lead_stages.c.entered_at >= monday(50),
                lead_stages.c.entered_at < monday(51),
            )
        ).scalar_one()
    weeks, months = charts_of(taken.kpi_slides("mqls")[0])
    this_year = weeks.plots[0].series[0]
    assert tuple(this_year.values) == (counted,) * 6 == (40.0,) * 6
    assert list(weeks.plots[0].categories) == ["W29", "W30", "W31", "W32", "W33", "W34"]
    targets = {series.name: tuple(series.values) for series in weeks.plots[0].series}
    assert targets["target"] == (45.0,) * 6
    assert len(months.plots[0].series[0].values) == 12


def test_every_slide_is_read_from_the_back_and_has_notes(taken):
    for slide in taken.slides:
        assert min(sizes_of(slide)) >= slide_parts.SMALLEST
        notes = slide.notes_slide.notes_text_frame.text
        assert taken.document.as_of in notes
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.left + shape.width <= 914_400 * slide_parts.WIDTH + 1
            assert shape.top + shape.height <= 914_400 * slide_parts.HEIGHT + 1
    definition = build_kpi(taken.warehouse, taken.view, "mqls").metric.definition
    assert definition in taken.kpi_slides("mqls")[0].notes_slide.notes_text_frame.text


def test_the_pdf_embeds_its_fonts_and_carries_its_origin_on_every_page(taken):
    fonts = fonts_of(taken.pdf)
    assert all(embedded for _, embedded in fonts)
    assert any("ScorecardSans" in name for name, _ in fonts)
    assert taken.pdf_text.count(squeezed(taken.document.origin)) >= 1 + KPIS
    assert squeezed("Board & Sons · as of Mon 24 Aug 2026") in taken.pdf_text


# -- the data are text ------------------------------------------------------------------------


def test_formulas_and_markup_in_the_data_stay_text_in_every_file(taken):
    assert squeezed(FORMULA) in taken.pdf_text
    assert squeezed(MARKUP) in taken.pdf_text
    assert squeezed(TYPESET) in taken.pdf_text
    mail = write_html(build_document(taken.warehouse, [Ask(taken.view, "mqls")], FORMATS))
    assert "<script" not in mail
    assert not taken.mail.tags & {"script", "img", "link", "iframe", "form", "svg"}
    assert taken.mail.links == [LINK]
    on_slide = slide_text(taken.kpi_slides("mqls")[1])
    assert MARKUP[:12] in on_slide
    assert "\x07" not in on_slide


def test_a_workbook_holds_numbers_under_a_header_that_stays(taken):
    card, *kpis = taken.document.sections
    assert isinstance(card, ScorecardSection)
    book = Workbook(write_xlsx(card.tables, "USD", about=("Week 34",)))
    heads, *lines = book.sheet(1)
    assert book.has_frozen_header(1)
    by_id = {line[heads.index("Id")]: line for line in lines if line[0] != "Goals"}
    for tile in taken.card.tiles:
        row = by_id[tile.metric.id]
        shown = "–" if tile.value is None else pytest.approx(tile.value)
        assert row[heads.index("Value")] == shown
    assert by_id["mqls"][heads.index("Target")] == 45.0
    kpi = kpis[taken.metrics.index("mqls")]
    assert isinstance(kpi, KpiSection)
    segments = Workbook(write_xlsx(kpi.tables, "USD"))
    names = {line[0]: line[1] for line in segments.sheet(2)[1:]}
    assert names.pop("All") == 40.0
    assert names == {FORMULA: 10.0, MARKUP: 10.0, TYPESET: 10.0, CONTROL.replace("\x07", " "): 10.0}
    assert segments.formulas() == 0


def test_a_csv_keeps_numbers_plain_and_formulas_from_being_run(taken):
    (kpi,) = [s for s in taken.document.sections if s.title == "MQLs"]
    lines = list(csv.reader(io.StringIO(table_csv(kpi.tables[1]).decode(), newline="")))
    assert ["'" + FORMULA, "10", "0"] in lines


def test_every_form_of_a_figure_is_a_number_in_excel():
    forms = [*Unit, POINTS, "percent", "plain"]
    cells = tuple(Cell("shown", 0.021, form) for form in forms)
    absent = tuple(Cell("–", None, form) for form in forms)
    heads = tuple(map(str, forms))
    (_, numbers, words) = Workbook(
        write_xlsx([Table("a/b: [c]", heads, (cells, absent))], "EUR")
    ).sheet(1)
    expected = [2.1 if form == POINTS else 0.021 for form in forms]
    assert numbers == pytest.approx(expected)
    assert words == ["–"] * len(forms)


# -- charts and colours -----------------------------------------------------------------------


def test_the_colours_of_files_are_the_light_theme_s():
    sheet = (PROJECT_DIR / "pages/view/styles/00_tokens.css").read_text(encoding="utf-8")
    light = dict(re.findall(r"--([\w-]+): light-dark\((#\w+),", sheet))
    assert light == LIGHT


def test_no_colour_of_a_chart_is_left_to_a_browser(taken):
    for section in taken.document.sections[1:]:
        assert isinstance(section, KpiSection)
        if section.trend_picture is not None:
            assert "var(" not in section.trend_picture.svg()
    with pytest.raises(KeyError):
        resolve_colours({"color": "var(--unknown)"})


def test_a_chart_s_picture_is_a_png_of_its_size(taken):
    section = taken.document.sections[1]
    assert isinstance(section, KpiSection)
    assert section.trend_picture is not None
    picture = section.trend_picture
    assert size_of(picture.png()) == (2 * picture.width, 2 * picture.height)
    # By itself it says what it is, and its text does not touch the edge.
    width, height = size_of(picture.png(title="MQLs", subtitle="Board & Sons"))
    assert width == 2 * (picture.width + 2 * MARGIN)
    assert height > 2 * (picture.height + 2 * MARGIN)


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height, as its header has them."""
    assert png.startswith(b"\x89PNG")
    width, height = (int.from_bytes(png[n : n + 4], "big") for n in (16, 20))
    return width, height


def test_the_plain_text_of_a_mail_begins_with_what_needs_the_room(taken):
    text = write_text(taken.document)
    assert text.index(taken.document.sections[0].counted) < text.index("\nMarketing")
    for tile in taken.card.tiles:
        assert tile.label in text
