"""Charts that a slide draws by itself: their figures can be edited, and they look like the page's.

Ink is the figures, grey the rest; what is open is hollow, what is usual lies between thin lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pptx.chart.data import CategoryChartData
from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
    XL_MARKER_STYLE,
    XL_TICK_LABEL_POSITION,
    XL_TICK_MARK,
)
from pptx.enum.dml import MSO_LINE
from pptx.oxml.ns import qn
from pptx.util import Inches, Pt

from metrics.model import Unit
from metrics.report.native_chart import NativeChart, Role, Series, Shape
from metrics.report.scales import axis_of
from metrics.report.slide_parts import FACE, SMALLEST, Box, Run, Sheet, colour, printable

# Of the value axis: short, or the labels take the chart's room.
_AXIS_FORMATS = {
    Unit.SHARE: "0%",
    Unit.MONEY: '[>=1000000]0.0,,"M";[>=1000]0,"k";0',
    Unit.COUNT: "#,##0",
    Unit.MULTIPLE: '0.0"×"',
}


@dataclass(frozen=True)
class _Look:
    """A line's colour by the theme's name, its width in pt, its dash."""

    hue: str
    width: float
    dash: Any = None


_LOOKS = {
    Role.MAIN: _Look("ink", 2.5),
    Role.BEFORE: _Look("ink3", 1.75, MSO_LINE.ROUND_DOT),
    Role.TARGET: _Look("ink2", 1.75, MSO_LINE.DASH),
    Role.LIMIT: _Look("track", 1.25),
    Role.OPEN: _Look("ink", 2.0, MSO_LINE.SQUARE_DOT),
    Role.OTHER: _Look("ink3", 1.5),
}
# Beyond the first of several alike, so that they can be told apart without colour.
_DASHES = (None, MSO_LINE.DASH, MSO_LINE.ROUND_DOT, MSO_LINE.DASH_DOT, MSO_LINE.LONG_DASH)
_SHADES = ("ink", "ink3", "track", "ink2", "hairline")
MOST_MARKERS = 20  # points of a line that are marked; of more the line alone is seen
MOST_TICKS = 8
USUAL = "usual between"


def add_chart(sheet: Sheet, box: Box, chart: NativeChart) -> None:
    """Put a chart on a slide."""
    data = CategoryChartData(number_format=_AXIS_FORMATS.get(chart.unit, "0.0"))
    data.categories = [printable(label) for label in _names(chart)]
    for series in chart.series:
        data.add_series(printable(series.name), series.values)
    kind = {
        Shape.LINES: XL_CHART_TYPE.LINE_MARKERS,
        Shape.COLUMNS: XL_CHART_TYPE.COLUMN_CLUSTERED,
        Shape.BARS: XL_CHART_TYPE.BAR_CLUSTERED,
        Shape.STACKED: XL_CHART_TYPE.BAR_STACKED,
    }[chart.shape]
    place = (Inches(v) for v in (box.x, box.y, box.width, box.height))
    drawn = sheet.slide.shapes.add_chart(kind, *place, data).chart
    drawn.font.size, drawn.font.name = Pt(SMALLEST), FACE
    drawn.font.color.rgb = colour("ink2")
    drawn.has_title = False
    drawn.has_legend = False
    drawn.category_axis.format.line.color.rgb = colour("track")
    if chart.shape is Shape.LINES:
        _style_lines(drawn, chart)
    else:
        _style_bars(drawn, chart)


def _names(chart: NativeChart) -> list[str]:
    """The labels; a stack has no single end, so its words stand by its name."""
    if chart.shape is not Shape.STACKED:
        return [*chart.labels]
    return [f"{label}  {shown}" for label, shown in zip(chart.labels, chart.shown, strict=True)]


def add_key(sheet: Sheet, x: float, y: float, chart: NativeChart) -> None:
    """What the lines of a chart are, each after a piece of it; both edges of what is usual are
    one."""
    told: set[str] = set()
    for series, look in _looks(chart):
        name = USUAL if series.role is Role.LIMIT else series.name
        if name in told:
            continue
        told.add(name)
        sheet.line(x, y + 0.19, x + 0.4, y + 0.19, look.hue, look.width, look.dash)
        width = 0.2 + 0.125 * len(name)
        sheet.text(Box(x + 0.45, y, width + 0.3, 0.38), [[Run(name, hue="ink2")]])
        x += 0.6 + width


def _looks(chart: NativeChart) -> list[tuple[Series, _Look]]:
    """Every series as it is drawn; those alike get a dash of their own."""
    found, others = [], 0
    for series in chart.series:
        look = _LOOKS[series.role]
        if series.role is Role.OTHER:
            look = _Look(look.hue, look.width, _DASHES[others % len(_DASHES)])
            others += 1
        found.append((series, look))
    return found


# -- lines ----------------------------------------------------------------------------------------


def _style_lines(drawn: Any, chart: NativeChart) -> None:
    axis = drawn.value_axis
    axis.major_gridlines.format.line.color.rgb = colour("hairline")
    axis.format.line.fill.background()
    axis.tick_labels.number_format = _AXIS_FORMATS.get(chart.unit, "0.0")
    axis.tick_labels.number_format_is_linked = False
    values = [value for line in chart.series for value in line.values if value is not None]
    # The page's own axis, at round figures: from 0, unless all lie close together far above it.
    found = axis_of(values)
    first, second, *rest = found.ticks()
    step = second - first
    low, high = first - step, (rest or [second])[-1] + step
    axis.major_unit = step
    axis.minimum_scale = low if found.low < 0 else max(low, 0.0)
    is_whole = chart.unit is Unit.SHARE and max(values, default=0.0) <= 1
    axis.maximum_scale = min(high, 1.0) if is_whole else high
    if found.low < 0:
        # The periods' names stay at the foot where figures lie below 0.
        drawn.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    if len(chart.labels) > MOST_MARKERS:
        _space_out(drawn.category_axis, -(-len(chart.labels) // MOST_TICKS))
    for series, (told, look) in zip(drawn.plots[0].series, _looks(chart), strict=True):
        series.smooth = False
        series.format.line.color.rgb = colour(look.hue)
        series.format.line.width = Pt(look.width)
        if look.dash is not None:
            series.format.line.dash_style = look.dash
        series.marker.style = XL_MARKER_STYLE.NONE
        if told.role is Role.MAIN:
            _style_main(series, chart)


def _style_main(series: Any, chart: NativeChart) -> None:
    """The figures themselves: points, hollow where open; the newest and the highest in words."""
    if len(chart.labels) <= MOST_MARKERS:
        series.marker.style, series.marker.size = XL_MARKER_STYLE.CIRCLE, 7
        series.marker.format.fill.solid()
        series.marker.format.fill.fore_color.rgb = colour("ink")
    for n in chart.open_at:
        point = series.points[n]
        point.format.line.color.rgb = colour("ink")
        point.format.line.width = Pt(_LOOKS[Role.OPEN].width)
        point.format.line.dash_style = _LOOKS[Role.OPEN].dash
        if len(chart.labels) <= MOST_MARKERS:
            point.marker.style, point.marker.size = XL_MARKER_STYLE.CIRCLE, 9
            point.marker.format.fill.solid()
            point.marker.format.fill.fore_color.rgb = colour("page")
            point.marker.format.line.color.rgb = colour("ink")
    known = [(v, n) for n, v in enumerate(chart.series[0].values) if v is not None]
    if not known:
        return
    highest, newest = max(known), known[-1]
    # A line that comes down to its last point would cross a label above it; at the foot of the
    # chart there is no room below it.
    falls = len(known) > 1 and known[-2][0] > newest[0] > highest[0] / 5
    for n in {highest[1], newest[1]}:
        is_below = falls and n == newest[1]
        place = XL_LABEL_POSITION.BELOW if is_below else XL_LABEL_POSITION.ABOVE
        _label(series.points[n], chart.shown[n], place)


def _label(point: Any, text: str, place: Any) -> None:
    label = point.data_label
    label.position = place
    frame = label.text_frame
    frame.text = printable(text)
    font = frame.paragraphs[0].runs[0].font
    font.size, font.bold, font.name = Pt(SMALLEST), True, FACE
    font.color.rgb = colour("ink")


def _space_out(axis: Any, every: int) -> None:
    """The name of one label in so many; python-pptx has no word for it."""
    element = axis._element
    last = element.find(qn("c:noMultiLvlLbl"))
    for tag in ("c:tickLblSkip", "c:tickMarkSkip"):
        made = element.makeelement(qn(tag), {"val": str(every)})
        if last is None:
            element.append(made)
        else:
            last.addprevious(made)


# -- bars -----------------------------------------------------------------------------------------


def _style_bars(drawn: Any, chart: NativeChart) -> None:
    is_lying = chart.shape is not Shape.COLUMNS
    drawn.category_axis.reverse_order = is_lying  # the first on top
    drawn.category_axis.major_tick_mark = XL_TICK_MARK.NONE
    drawn.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    axis = drawn.value_axis
    axis.has_major_gridlines = False
    axis.visible = False
    plot = drawn.plots[0]
    plot.gap_width = 45
    if chart.shape is Shape.STACKED:
        plot.overlap = 100
    rows = zip(*(series.values for series in chart.series), strict=True)
    sums = [sum(value or 0.0 for value in row) for row in rows]
    # The words at the bars' ends need room beyond the longest.
    is_stack = chart.shape is Shape.STACKED
    longest = 0 if is_stack else max((len(text) for text in chart.shown), default=0)
    if sums and max(sums) > 0:
        axis.maximum_scale = max(sums) * (1.06 + 0.028 * longest if is_lying else 1.15)
        if min(sums) >= 0:
            axis.minimum_scale = 0
    for n, (series, told) in enumerate(zip(plot.series, chart.series, strict=True)):
        fill = series.format.fill
        fill.solid()
        hue = "track" if told.role is Role.OPEN else _SHADES[n % len(_SHADES)]
        fill.fore_color.rgb = colour("ink3" if len(chart.series) == 1 else hue)
    if len(chart.series) > 1:
        drawn.has_legend = True
        drawn.legend.position = XL_LEGEND_POSITION.BOTTOM
        drawn.legend.include_in_layout = False
        drawn.legend.font.size = Pt(SMALLEST)
    _label_ends(plot, chart)


def _label_ends(plot: Any, chart: NativeChart) -> None:
    """The words of every bar at its end; a stack has them in its label, beside its name."""
    if chart.shape is not Shape.STACKED:
        for n, text in enumerate(chart.shown):
            if chart.series[0].values[n] is not None:
                if n in chart.open_at:
                    _hollow(plot.series[0].points[n])
                _label(plot.series[0].points[n], text, XL_LABEL_POSITION.OUTSIDE_END)


def _hollow(point: Any) -> None:
    """A column whose period is not over."""
    point.format.fill.solid()
    point.format.fill.fore_color.rgb = colour("page")
    point.format.line.color.rgb = colour("ink3")
    point.format.line.width = Pt(1.5)
