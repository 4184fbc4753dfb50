"""The reconciliation page as a section to write: both counts, the way between them, reasons."""

from __future__ import annotations

from dataclasses import replace

from data.warehouse import Warehouse
from metrics.catalog.reconciliation import stage_name
from metrics.errors import QueryError
from metrics.model import Unit
from metrics.reconcile import BY_ID, Balance, Ledger
from metrics.reconcile.reasons import DEFAULT_STAGE
from metrics.reconcile.trend import gap_trend
from metrics.report import gap_charts as charts
from metrics.report import gap_words as words
from metrics.report.cells import Cell, Table
from metrics.report.chart_file import Picture
from metrics.report.format import UNDEFINED, Formats
from metrics.report.native_chart import NativeChart, Series, Shape
from metrics.report.page_section import Headline, PageSection, Part, lacking, plain
from metrics.view import View

TITLE = "Reconciliation"
PAPER, ROOM = 700, 900
PAPER_TREND = replace(charts.TREND_DESK, height=220)


def gap_section(
    warehouse: Warehouse, view: View, stage: str | None, formats: Formats
) -> PageSection:
    """A stage's counts on both sides (of MQLs when None). Raises ``WarehouseError`` when the
    warehouse does not answer."""
    stage = stage or DEFAULT_STAGE
    name = stage_name(stage)
    beside = f"{name[:1].upper()}{name[1:]}, {view.period.label}"
    try:
        balance = Ledger(
            warehouse, stage, view.period.span, view.as_of, view.where, shows_people=False
        ).balance()
    except QueryError as error:
        return PageSection("reconciliation", TITLE, beside, (lacking("counts", TITLE, str(error)),))
    parts = (
        _counts(stage, balance, bool(view.where), formats),
        _waterfall(balance, view, formats),
        _trend(warehouse, stage, view, formats),
        _reasons(balance, formats),
    )
    return PageSection("reconciliation", TITLE, beside, parts, (words.REASONS_ASIDE,))


def _counts(stage: str, balance: Balance, is_filtered: bool, formats: Formats) -> Part:
    figures = tuple(
        Headline(label, formats.plain(n))
        for label, n in (
            ("Marketing counts", balance.marketing),
            ("Sales counts", balance.sales),
            ("They agree on", balance.matched),
            ("No reason found", balance.not_found),
        )
    )
    told = (plain(words.headline_text(stage, balance, formats)),)
    notes = (words.FILTERED,) if is_filtered else ()
    return Part("counts", "Both counts", "", told, figures=figures, notes=notes)


def _waterfall(balance: Balance, view: View, formats: Formats) -> Part:
    if not balance.marketing and not balance.sales:
        return lacking("waterfall", words.WATERFALL, words.NO_RECORD)
    data = charts.waterfall_rows(balance, formats)
    bars = int(data["mark"].str.startswith("name").sum())
    alt = charts.describe(balance)

    def picture(row: int, text: float, width: int, meanings: bool) -> Picture:
        return Picture(charts.waterfall_spec(bars, row, text, meanings), data, width, alt)

    base = charts.starts_at(balance)
    return Part(
        "waterfall",
        words.WATERFALL,
        view.period.label,
        picture=picture(26, 12.5, PAPER, False),
        room=picture(34 if bars <= 9 else 27, 18.0, ROOM, False),
        notes=(words.starts_words(base, formats),) if base else (),
    )


def _trend(warehouse: Warehouse, stage: str, view: View, formats: Formats) -> Part:
    points = gap_trend(warehouse, stage, view)
    if all(point.gap is None for point in points):
        reason = next((p.reason for p in reversed(points) if p.reason), "no period has both counts")
        return Part("trend", words.TREND, words.TREND_ASIDE, (plain(f"No trend: {reason}."),))
    alt = charts.describe_trend(points)

    def picture(size: charts.Size, width: int) -> Picture:
        data = charts.trend_rows(points, size, formats)
        return Picture(charts.trend_spec(size, len(points)), data, width, alt)

    def cell(n: int | None) -> Cell:
        return Cell(UNDEFINED) if n is None else Cell(formats.plain(n), n, "plain")

    chart = NativeChart(
        words.TREND,
        tuple(point.short for point in points),
        (Series("gap", tuple(p.gap if p.gap is None else float(p.gap) for p in points)),),
        Unit.COUNT,
        tuple(
            UNDEFINED if p.gap is None else formats.difference(p.gap, Unit.COUNT) for p in points
        ),
        Shape.COLUMNS,
        open_at=tuple(n for n, point in enumerate(points) if point.is_open),
    )
    table = Table(
        "Gap over time",
        ("Period", "Marketing", "Sales", "Gap", "State"),
        tuple(
            (
                Cell(point.label),
                *(cell(n) for n in (point.marketing, point.sales, point.gap)),
                Cell("partial" if point.is_open else ""),
            )
            for point in points
        ),
        is_data=True,
    )
    return Part(
        "trend",
        words.TREND,
        words.TREND_ASIDE,
        picture=picture(PAPER_TREND, PAPER),
        room=picture(charts.TREND_ROOM, ROOM),
        natives=(chart,),
        table=table,
        notes=("Hollow: the period is not over.",) if points[-1].is_open else (),
    )


def _reasons(balance: Balance, formats: Formats) -> Part:
    if not balance.parts:
        return lacking("reasons", "Reasons", words.SAME)
    rows = tuple(
        (
            Cell(BY_ID[part.reason].label),
            Cell(words.ONLY[part.side]),
            Cell(formats.plain(part.count), part.count, "plain"),
            Cell(BY_ID[part.reason].meaning),
            Cell(BY_ID[part.reason].remedy),
        )
        for part in balance.parts
    )
    heads = ("Reason", "Only counted by", "Records", "What it means", "Who can mend it")
    table = Table("Reasons", heads, rows)
    return Part("reasons", "Reasons", words.REASONS_ASIDE, table=table)
