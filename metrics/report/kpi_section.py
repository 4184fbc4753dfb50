"""A KPI's page as a section to write: figure, trend, what moved it, segments, what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from data.review_memory.comments import Comment
from data.warehouse import Warehouse
from metrics.calendar import Calendar
from metrics.kpi import Kpi, TrendPoint, build_kpi
from metrics.memory.commentary import comments_on, line_of
from metrics.memory.people import full_names
from metrics.model import Direction
from metrics.report import kpi_words, six_twelve, waterfall, words
from metrics.report.cells import Cell, Table, difference_form
from metrics.report.chart_file import Picture
from metrics.report.format import Formats
from metrics.report.kpi_words import OPEN, TEAMS, SegmentWords, ToDate
from metrics.report.line_chart import Size
from metrics.report.native_chart import NativeChart, Role, Series
from metrics.report.words import Words
from metrics.view import Frame, View

# On paper, in px: as wide as a landscape page's text, with text that is read at arm's length.
PAPER, PAPER_WIDTH = Size(250, 13.0, 14, 30), 1000
ROOM_WIDTH = 1848  # of a projected page


@dataclass(frozen=True)
class WaterfallSize:
    """Of a waterfall in px: its width, one bar's row, its text."""

    width: int
    row: int
    text: float


# On paper; and on a slide, where 560 px are 6.9 inches and text is 18 pt.
ON_PAPER, ON_SLIDE = WaterfallSize(500, 27, 13.0), WaterfallSize(560, 46, 20.4)


@dataclass(frozen=True)
class KpiSection:
    """All of one KPI. A picture is None where there is nothing to draw."""

    title: str
    metric: str  # its id
    definition: str
    owner: str
    team: str
    qualifier: str
    value: str
    lines: tuple[tuple[str, Words], ...]
    about: str
    to_date: tuple[ToDate, ...]
    trend_note: str
    trends: tuple[NativeChart, ...]
    trend_picture: Picture | None
    trend_room: Picture | None  # before the room
    split: str
    cause: str
    waterfall: Picture | None
    waterfall_room: Picture | None  # for a slide
    segments: SegmentWords
    comments: tuple[str, ...]
    tables: tuple[Table, ...]


def kpi_section(
    warehouse: Warehouse, view: View, metric: str, by: str | None, formats: Formats
) -> KpiSection:
    """A KPI as its page shows it, split by ``by`` (its first dimension when None).

    Raises ``QueryError`` for an unknown KPI, ``WarehouseError`` or ``StateError`` when a database
    does not answer.
    """
    kpi = build_kpi(warehouse, view, metric, by)
    after = Frame(Calendar(warehouse.config), view).period_name(kpi.period)
    return KpiSection(
        title=kpi.tile.label,
        metric=kpi.metric.id,
        definition=kpi.metric.definition,
        owner=kpi.metric.owner,
        team=TEAMS[kpi.metric.team],
        qualifier=kpi_words.qualifier_line(kpi, formats),
        value=words.headline(kpi.tile, formats),
        lines=tuple(kpi_words.change_lines(kpi, formats)),
        about=kpi_words.about(kpi, formats).strip(),
        to_date=tuple(kpi_words.to_date(kpi, formats)),
        trend_note=kpi_words.trend_note(kpi).strip(),
        trends=(
            _trend("Six weeks", kpi.weeks, kpi, formats),
            _trend("Twelve months", kpi.months, kpi, formats),
        ),
        trend_picture=_trend_picture(kpi, formats, PAPER, PAPER_WIDTH),
        trend_room=_trend_picture(kpi, formats, six_twelve.ROOM, ROOM_WIDTH),
        split=kpi_words.split_line(kpi),
        cause=kpi_words.cause_line(kpi),
        waterfall=_waterfall(kpi, after, formats, ON_PAPER),
        waterfall_room=_waterfall(kpi, after, formats, ON_SLIDE),
        segments=kpi_words.segment_words(kpi, formats),
        comments=_said(comments_on(warehouse, view, kpi.metric)),
        tables=(_trend_table(kpi, formats), _segment_table(kpi, formats)),
    )


def _said(comments: Sequence[Comment]) -> tuple[str, ...]:
    names = full_names() if comments else {}
    return tuple(
        f"{line_of(one)} ({names.get(one.written_by, one.written_by)})" for one in comments
    )


# -- trend ------------------------------------------------------------------------------------


def _trend(title: str, points: Sequence[TrendPoint], kpi: Kpi, formats: Formats) -> NativeChart:
    year, before = kpi.years
    aim = "limit" if kpi.metric.direction is Direction.DOWN else "target"
    main = Series(year, tuple(point.value for point in points))
    others = (
        Series(before, tuple(point.last_year for point in points), Role.BEFORE),
        Series(aim, tuple(point.target for point in points), Role.TARGET),
        _edge("usual from", points, "low"),
        _edge("usual to", points, "high"),
    )
    unit = kpi.metric.unit
    return NativeChart(
        title,
        tuple(point.label for point in points),
        # Figures of a year before, targets and limits that are nowhere have no line.
        (main, *(line for line in others if line.has_values)),
        unit,
        tuple(formats.value(point.value, unit) for point in points),
        open_at=tuple(n for n, point in enumerate(points) if point.status in OPEN),
    )


def _edge(name: str, points: Sequence[TrendPoint], side: str) -> Series:
    """An edge of the natural limits, where they are known."""
    values = tuple(None if p.limits is None else getattr(p.limits, side) for p in points)
    return Series(name, values, Role.LIMIT)


def _trend_picture(kpi: Kpi, formats: Formats, size: Size, width: int) -> Picture | None:
    """The 6-12 chart, None where there is nothing to draw."""
    if all(point.value is None for point in (*kpi.weeks, *kpi.months)):
        return None
    return Picture(
        six_twelve.six_twelve_spec(size, six_twelve.is_split(kpi)),
        six_twelve.six_twelve_data(kpi, formats, size),
        width,
        six_twelve.describe(kpi, formats),
    )


def _waterfall(kpi: Kpi, after: str, formats: Formats, size: WaterfallSize) -> Picture | None:
    drivers = kpi.drivers
    if not drivers.parts or drivers.before is None:
        return None
    data = waterfall.waterfall_data(drivers, formats, kpi.versus or "before", after)
    bars = int((data["mark"] == "name").sum())
    return Picture(
        waterfall.waterfall_spec(bars, size.row, size.text),
        data,
        size.width,
        waterfall.describe(drivers, formats),
    )


# -- tables -----------------------------------------------------------------------------------


def _trend_table(kpi: Kpi, formats: Formats) -> Table:
    unit = kpi.metric.unit

    def cell(value: float | None) -> Cell:
        return Cell("") if value is None else Cell(formats.value(value, unit), value, unit)

    rows = [
        (
            Cell(grain),
            Cell(point.label),
            cell(point.value),
            cell(point.last_year),
            cell(point.target),
            Cell(point.status.value),
        )
        for grain, points in (("week", kpi.weeks), ("month", kpi.months))
        for point in points
    ]
    heads = ("Period", "Name", kpi.years[0], kpi.years[1], "Target", "State")
    return Table("Trend", heads, tuple(rows))


def _segment_table(kpi: Kpi, formats: Formats) -> Table:
    found = kpi_words.segment_words(kpi, formats)
    unit = kpi.metric.unit
    rows = []
    for line in found.lines:
        row = line.row
        sides = zip(line.sides, (row.denominator, row.numerator), strict=False)
        rows.append(
            (
                Cell(line.name),
                *(Cell(text, number, "plain") for text, number in sides),
                Cell(line.value, row.value, unit),
                Cell(line.change, row.change, difference_form(unit)),
            )
        )
    heads = (found.by.capitalize(), *found.sides, found.value, found.versus)
    return Table(f"By {found.by}", heads, tuple(rows))
