"""The credit, funnel, SLA and reconciliation pages as files: every figure of the page is in them,
charts that can be edited hold the same numbers, and a slide is read from the back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from data.state import close_state
from data.warehouse import Warehouse, open_warehouse
from metrics.attribution.board import Asked, build_credit, build_returns
from metrics.calendar import Cadence, Calendar
from metrics.engine import run_query
from metrics.funnel import build_funnel
from metrics.model import Unit
from metrics.query import MetricQuery
from metrics.reconcile import Ledger
from metrics.report import slide_parts
from metrics.report.cells import Cell, Table
from metrics.report.charts_of import charts_of
from metrics.report.document import Ask, Document, build_document
from metrics.report.format import Formats
from metrics.report.native_chart import NativeChart, Role, Series
from metrics.report.page_section import PageSection, Part
from metrics.report.pdf import write_pdf
from metrics.report.pptx import write_pptx
from metrics.report.slide_flow import _pieces, columns_of
from metrics.report.xlsx import write_xlsx
from metrics.sla import build_sla
from metrics.view import View
from pages.view import credit_html, funnel, reconciliation_html, sla_html
from tests.conftest import forget_warehouses
from tests.e2e.server import run_command
from tests.metrics.report.taken_away import (
    Workbook,
    pdf_text,
    sizes_of,
    slide_text,
    slides_of,
    squeezed,
)
from tests.metrics.report.taken_away import (
    charts_of as native_charts_of,
)

FORMATS = Formats("en_US", "USD")
PATHS = ("attribution", "funnel", "sla", "reconciliation")


class Cells(HTMLParser):
    """The texts of table cells and of what is bold or of a figure's class: what a page shows as
    figures."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open = 0
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = dict(attrs).get("class") or ""
        if tag in ("td", "b") or "standing-value" in classes:
            self._open += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "b", "p") and self._open:
            self._open -= 1

    def handle_data(self, data: str) -> None:
        if self._open and re.search(r"\d", data):
            self.found.append(data)


class Company:
    """The demo company's newest whole quarter, on its pages and in every file."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        as_of = warehouse.default_as_of
        period = Calendar(warehouse.config).default_period(Cadence.QUARTERLY, as_of)
        self.view = View(period, as_of)
        asks = [Ask(self.view, path=path) for path in PATHS]
        self.document = build_document(warehouse, asks, FORMATS)
        self.sections = dict(zip(PATHS, self.document.sections, strict=True))
        self.pdf = squeezed(pdf_text(write_pdf(self.document)))
        self.slides = slides_of(write_pptx(self.document))

    def section(self, path: str) -> PageSection:
        found = self.sections[path]
        assert isinstance(found, PageSection)
        return found

    def part(self, path: str, id_: str) -> Part:
        return next(part for part in self.section(path).parts if part.id == id_)


@pytest.fixture(scope="module")
def company_(tmp_path_factory) -> Iterator[Company]:
    folder: Path = tmp_path_factory.mktemp("page-sections")
    settings = {
        "WAREHOUSE_URL": f"duckdb:///{folder / 'demo.duckdb'}",
        "STATE_URL": f"sqlite:///{folder / 'state.sqlite'}",
        "SCORECARD_HOME": str(folder),
    }
    run_command(settings, "data", "demo", "--leads", "4000")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        patch.delenv("SCORECARD_CONFIG", raising=False)
        forget_warehouses()
        yield Company(open_warehouse())
    forget_warehouses()
    close_state()


def _page(company: Company, path: str) -> str:
    """What the page shows, as HTML, by the page's own functions."""
    warehouse, view = company.warehouse, company.view
    if path == "attribution":
        asked = Asked(model=warehouse.config.attribution.model)
        board = build_credit(warehouse, view, asked)
        returns = build_returns(warehouse, board.query)
        return (
            credit_html.facts_html(board, FORMATS)
            + credit_html.table_html(board, FORMATS)
            + credit_html.standing_html(board, FORMATS)
            + credit_html.economics_html(returns, FORMATS)
            + credit_html.payback_html(returns)
            + credit_html.paths_html(board.paths, board.called, FORMATS)
        )
    if path == "funnel":
        found = build_funnel(warehouse, view, None)
        counts, pipeline = found.counts, found.pipeline
        assert counts is not None
        assert pipeline is not None
        assert found.recycled is not None
        assert found.recycled_ever is not None
        splits = "".join(
            funnel.split_html(counts, name, twofold, FORMATS)
            for name in counts.splits
            for twofold in ("cohort", "period")
        )
        return (
            splits
            + funnel.times_html(found.times or (), FORMATS)
            + funnel.leaks_html(found.leaks or (), FORMATS)
            + funnel.pools_html(found.recycled, found.recycled_ever, found.period_short, FORMATS)
            + funnel.sources_html(pipeline, FORMATS)
            + funnel.losses_html(pipeline, FORMATS)
        )
    if path == "sla":
        page = build_sla(warehouse, view)
        assert page.rejections is not None
        assert page.states is not None
        assert page.answerers is not None
        assert page.cost is not None
        return (
            sla_html.figures_html((*page.marketing, *page.sales), FORMATS)
            + sla_html.states_html(page.states, page.period_short, FORMATS)
            + sla_html.segments_html(page, FORMATS)
            + sla_html.answerers_html(page.answerers, FORMATS, names=False)
            + sla_html.rejections_html(
                page.rejections.channels, page.rejections, "Channel", FORMATS, 9
            )
            + sla_html.cost_html(page.cost, FORMATS)
            + sla_html.effort_html(page.effort, page.cost_label, FORMATS)
        )
    balance = Ledger(warehouse, "mql", view.period.span, view.as_of).balance()
    return reconciliation_html.headline_html(
        "mql", balance, FORMATS
    ) + reconciliation_html.reasons_html(balance, FORMATS)


@pytest.mark.parametrize("path", PATHS)
def test_every_figure_of_a_page_is_in_its_pdf(company_: Company, path: str):
    shown = Cells(_page(company_, path)).found
    # In the company's month few reasons part the two counts.
    assert len(shown) > (7 if path == "reconciliation" else 10)
    # A page writes "12 of 40" where a table of a file has a column for each.
    pieces = [piece for text in shown for piece in re.split(r"\bof\b|rejected: |○|·|◔|\(|\)", text)]
    missing = [p for p in pieces if squeezed(p) and squeezed(p) not in company_.pdf]
    assert missing == []


def test_a_native_chart_holds_what_the_engine_counts_another_way(company_: Company):
    ids = {"MQL": "mqls", "SAL": "sals", "SQL": "sqls"}
    span = company_.view.period.span
    rows = run_query(
        company_.warehouse, MetricQuery(tuple(ids.values()), (span,), company_.view.as_of)
    )
    counted = {row.metric: row.value for row in rows}
    (chart,) = company_.part("funnel", "period").natives
    by_label = dict(zip(chart.labels, chart.series[0].values, strict=True))
    assert {name: by_label[name] for name in ids} == {n: counted[id_] for n, id_ in ids.items()}
    # On the slide it is a chart of PowerPoint's own, with these figures.
    drawn = [c for slide in company_.slides for c in native_charts_of(slide)]
    values = [tuple(c.plots[0].series[0].values) for c in drawn]
    assert chart.series[0].values in values
    shown = {str(c.chart_type).partition(" ")[0] for c in drawn}
    assert shown >= {"BAR_CLUSTERED", "BAR_STACKED", "COLUMN_CLUSTERED", "LINE"}


def test_the_tables_add_up_as_the_page_does(company_: Company):
    table = company_.part("attribution", "models").table
    assert table is not None
    for column in range(1, len(table.heads)):
        numbers = [row[column].number or 0.0 for row in table.rows]
        assert sum(numbers[:-1]) == pytest.approx(numbers[-1], abs=0.005)
        assert numbers[-1] > 0
    counts = company_.part("reconciliation", "counts").figures
    marketing, sales, matched, _ = (int(f.value.replace(",", "")) for f in counts)
    reasons = company_.part("reconciliation", "reasons").table
    assert reasons is not None
    only = dict.fromkeys(("Marketing", "Sales"), 0.0)
    for row in reasons.rows:
        only[row[1].text] += row[2].number or 0
    assert marketing - only["Marketing"] == matched == sales - only["Sales"]


def test_every_slide_is_whole_and_read_from_the_back(company_: Company):
    origin = company_.document.origin
    for slide in company_.slides:
        assert min(sizes_of(slide)) >= slide_parts.SMALLEST
        assert origin in slide.notes_slide.notes_text_frame.text
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.left + shape.width <= 914_400 * slide_parts.WIDTH + 9_144
            assert shape.top + shape.height <= 914_400 * slide_parts.HEIGHT + 9_144
        # What stands above the foot ends above it.
        *content, foot = sorted((s.top + s.height, s.top) for s in slide.shapes)
        assert all(bottom <= foot[1] + 9_144 for bottom, _ in content)
    titles = [slide_text(slide).partition("\n")[0] for slide in company_.slides]
    for path in PATHS:
        assert any(company_.section(path).title in title for title in titles)


def test_every_chart_is_a_picture_and_every_table_a_sheet(company_: Company):
    for path in PATHS:
        section = company_.section(path)
        assert charts_of(section)
        book = Workbook(write_xlsx(section.tables, "USD"))
        for number, table in enumerate(section.tables, 1):
            heads, *lines = book.sheet(number)
            assert (heads, len(lines)) == ([*table.heads], len(table.rows))
    chart = charts_of(company_.section("sla"))[0]
    assert chart.picture.png(title=chart.headline).startswith(b"\x89PNG")


def test_a_line_shows_its_limits_thin_and_an_open_period_hollow():
    series = (
        Series("2026", (3.0, 5.0, 4.0)),
        Series("usual from", (2.0, 2.0, None), Role.LIMIT),
        Series("usual to", (6.0, 6.0, None), Role.LIMIT),
    )
    chart = NativeChart("T", ("W1", "W2", "W3"), series, Unit.COUNT, ("3", "5", "4"), open_at=(2,))
    section = PageSection("x", "X", "", (Part("t", "T", natives=(chart,)),))
    document = Document("N", "X", "W3", "now", "all", sections=(section,))
    (slide,) = slides_of(write_pptx(document))
    (drawn,) = native_charts_of(slide)
    main, low, high = drawn.plots[0].series
    assert (low.name, tuple(high.values)) == ("usual from", (6.0, 6.0, None))
    assert low.format.line.width < main.format.line.width
    fills = [main.points[n].marker.format.fill for n in (1, 2)]
    assert [str(fill.fore_color.rgb) for fill in fills if fill.type is not None] == ["FFFFFF"]
    assert main.points[2].format.line.dash_style is not None
    # Both edges are one in the key.
    assert slide_text(slide).count("usual between") == 1


def test_rows_are_shared_out_and_columns_dropped_only_where_they_must_be():
    assert [len(piece) for piece in _pieces([1.0] * 10, 4.9)] == [4, 4, 2]
    assert [len(piece) for piece in _pieces([0.5] * 9, 2.0)] == [3, 3, 3]
    assert _pieces([], 2.0) == []
    wide = tuple(Cell("$1,234,567", 1.0, Unit.MONEY) for _ in range(12))
    found = columns_of(Table("T", ("Channel", *"abcdefghijkl"), ((Cell("email"), *wide),)))
    assert found.left_out == 13 - len(found.places) > 0
    assert sum(found.widths) <= slide_parts.TEXT_WIDTH + 1e-6
    narrow = columns_of(Table("T", ("Channel", "n"), ((Cell("email"), Cell("1", 1.0)),)))
    assert narrow.left_out == 0
