"""What slides are made of: a sheet with a place for everything, text that is read from the back
of the room (18 pt and more), tables and line charts that stay editable."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_MARKER_STYLE
from pptx.enum.dml import MSO_LINE
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from metrics.model import Unit
from metrics.report.chart_file import LIGHT, Picture
from metrics.report.kpi_section import Trend
from metrics.report.words import Judgement, Words

WIDTH, HEIGHT = 13.333, 7.5  # inches: 16:9
LEFT, TEXT_WIDTH = 0.45, 12.43
SMALLEST = 18  # pt
FACE = "Arial"  # on every machine that shows slides
_NO_STYLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"  # PowerPoint's "No Style, No Grid"
_HUES = {Judgement.GOOD: "good", Judgement.BAD: "bad", Judgement.NONE: "ink"}
# Of the value axis: short, or the labels take the chart's room.
_AXIS_FORMATS = {
    Unit.SHARE: "0%",
    Unit.MONEY: '[>=1000000]0.0,,"M";[>=1000]0,"k";0',
    Unit.COUNT: "#,##0",
    Unit.MULTIPLE: '0.0"×"',
}


@dataclass(frozen=True)
class Box:
    """A place on the slide, in inches."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Run:
    """A piece of text: its size in pt, its colour by the theme's name."""

    text: str
    size: float = SMALLEST
    bold: bool = False
    hue: str = "ink"


def judged(words: Words, size: float = SMALLEST) -> Run:
    """Text in the colour of its judgement; unjudged in ink."""
    return Run(words.text, size, hue=_HUES[words.judgement])


def fitting(text: str, width: float, lines: int, size: float = SMALLEST) -> str:
    """Text cut to so many lines of a width in inches; half an em a letter, which is on the safe
    side for running text."""
    room = int(width * 72 / (size * 0.52)) * lines
    return text if len(text) <= room else f"{text[: room - 1].rstrip()}…"


def printable(text: str) -> str:
    """Text without the control characters that XML cannot hold."""
    return "".join(c if c.isprintable() or c in "\n " else " " for c in text)


Paragraph = Sequence[Run]


class Sheet:
    """One slide, with what is put on it."""

    def __init__(self, slide: Any) -> None:
        self.slide = slide

    def text(
        self, box: Box, paragraphs: Sequence[Paragraph], *, align: PP_ALIGN = PP_ALIGN.LEFT
    ) -> None:
        """Paragraphs of runs in a box, from its top."""
        frame = self.slide.shapes.add_textbox(
            *(Inches(v) for v in (box.x, box.y, box.width, box.height))
        ).text_frame
        frame.word_wrap = True
        frame.auto_size = MSO_AUTO_SIZE.NONE
        _fill(frame, paragraphs, align)

    def rule(
        self, x: float, y: float, width: float, hue: str = "hairline", pt: float = 1.0
    ) -> None:
        """A horizontal line."""
        self._line(x, y, x + width, y, hue, pt)

    def side(self, x: float, y: float, height: float, hue: str) -> None:
        """The thick line at the side of an exception."""
        self._line(x, y, x, y + height, hue, 4.0)

    def _line(self, x: float, y: float, x2: float, y2: float, hue: str, pt: float) -> None:
        line = self.slide.shapes.add_connector(1, *(Inches(v) for v in (x, y, x2, y2)))
        line.shadow.inherit = False
        line.line.color.rgb = colour(hue)
        line.line.width = Pt(pt)

    def notes(self, lines: Sequence[str]) -> None:
        """What the speaker reads."""
        self.slide.notes_slide.notes_text_frame.text = printable("\n".join(lines))

    def picture(self, box: Box, picture: Picture) -> None:
        """A chart as a picture, as large as the box lets it, its words as alternative text."""
        ratio = min(box.width / picture.width, box.height / picture.height)
        size = (picture.width * ratio, picture.height * ratio)
        shape = self.slide.shapes.add_picture(
            io.BytesIO(picture.png()), *(Inches(v) for v in (box.x, box.y, *size))
        )
        shape._element.nvPicPr.cNvPr.set("descr", printable(picture.alt))

    def table(
        self,
        box: Box,
        widths: Sequence[float],
        rows: Sequence[Sequence[Sequence[Paragraph]]],
        *,
        right: Sequence[int] = (),
    ) -> None:
        """Rows of cells of paragraphs, the first row the head; ``right`` are columns of figures."""
        shape = self.slide.shapes.add_table(
            len(rows), len(widths), *(Inches(v) for v in (box.x, box.y, box.width, box.height))
        )
        table = shape.table
        # No style of the theme's: hairlines and white space make the structure.
        shape._element.graphic.graphicData.tbl[0][-1].text = _NO_STYLE
        for flag in ("first_row", "horz_banding"):
            setattr(table, flag, False)
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Inches(width)
        for n, row in enumerate(rows):
            table.rows[n].height = Emu(int(Inches(box.height) / len(rows)))
            for m, paragraphs in enumerate(row):
                cell = table.cell(n, m)
                cell.fill.background()
                cell.vertical_anchor = MSO_ANCHOR.MIDDLE
                cell.margin_left = cell.margin_right = Inches(0.1)
                cell.margin_top = cell.margin_bottom = Inches(0.02)
                align = PP_ALIGN.RIGHT if m in right else PP_ALIGN.LEFT
                _fill(cell.text_frame, paragraphs, align)
                _rule_above(cell)

    def key(self, x: float, y: float, trend: Trend) -> None:
        """What the lines of a trend are, each after a piece of it."""
        for n, line in enumerate(trend.lines):
            hue, width, dash = _LINES[_kind(n, line.name)]
            self._line(x, y + 0.19, x + 0.4, y + 0.19, hue, width)
            if dash is not None:
                self.slide.shapes[-1].line.dash_style = dash
            self.text(Box(x + 0.45, y, 1.0, 0.38), [[Run(line.name, hue="ink2")]])
            x += 1.45

    def trend(self, box: Box, trend: Trend) -> None:
        """Weeks or months as a native line chart; its figures can be edited."""
        data = CategoryChartData(number_format=_AXIS_FORMATS.get(trend.unit, "0.0"))
        data.categories = trend.labels
        for line in trend.lines:
            data.add_series(line.name, line.values)
        frame = self.slide.shapes.add_chart(
            XL_CHART_TYPE.LINE_MARKERS,
            *(Inches(v) for v in (box.x, box.y, box.width, box.height)),
            data,
        )
        _style(frame.chart, trend)


def _rule_above(cell: Any) -> None:
    """A hairline that moves with its row, however high a cell's text makes it."""
    properties = cell._tc.get_or_add_tcPr()
    line = properties.makeelement(qn("a:lnT"), {"w": str(Pt(1))})
    fill = line.makeelement(qn("a:solidFill"), {})
    hue = LIGHT["hairline"].removeprefix("#").upper()
    fill.append(fill.makeelement(qn("a:srgbClr"), {"val": hue}))
    line.append(fill)
    properties.insert(0, line)


def _kind(n: int, name: str) -> int:
    """Which of ``_LINES`` a line is drawn as: the newest year, a year before, the target."""
    return 0 if n == 0 else 1 if name.isdigit() else 2


def colour(hue: str) -> RGBColor:
    """A colour of the light theme by its name."""
    return RGBColor.from_string(LIGHT[hue].removeprefix("#").upper())


def _fill(frame: Any, paragraphs: Sequence[Paragraph], align: PP_ALIGN) -> None:
    for margin in ("margin_left", "margin_right"):
        setattr(frame, margin, Inches(0.03))
    for n, runs in enumerate(paragraphs):
        paragraph = frame.paragraphs[0] if n == 0 else frame.add_paragraph()
        paragraph.alignment = align
        for piece in runs:
            run = paragraph.add_run()
            run.text = printable(piece.text)
            run.font.name = FACE
            run.font.size = Pt(piece.size)
            run.font.bold = piece.bold
            run.font.color.rgb = colour(piece.hue)


# This year, the year before, the target: as the page draws them.
_LINES = {
    0: ("ink", 2.5, None),
    1: ("ink3", 1.75, MSO_LINE.ROUND_DOT),
    2: ("ink2", 1.75, MSO_LINE.DASH),
}


def _style(chart: Any, trend: Trend) -> None:
    chart.font.size, chart.font.name = Pt(SMALLEST), FACE
    chart.font.color.rgb = colour("ink2")
    chart.has_title = False
    chart.has_legend = False  # the slide has one key for both charts
    axis = chart.value_axis
    axis.major_gridlines.format.line.color.rgb = colour("hairline")
    axis.format.line.fill.background()
    axis.tick_labels.number_format = _AXIS_FORMATS.get(trend.unit, "0.0")
    axis.tick_labels.number_format_is_linked = False
    if all(value is None or value >= 0 for line in trend.lines for value in line.values):
        axis.minimum_scale = 0
    chart.category_axis.format.line.color.rgb = colour("track")
    names = {line.name: n for n, line in enumerate(trend.lines)}
    for series in chart.plots[0].series:
        kind = _kind(names[series.name], series.name)
        hue, width, dash = _LINES[kind]
        series.smooth = False
        series.format.line.color.rgb = colour(hue)
        series.format.line.width = Pt(width)
        if dash is not None:
            series.format.line.dash_style = dash
        series.marker.style = XL_MARKER_STYLE.CIRCLE if kind == 0 else XL_MARKER_STYLE.NONE
        if kind == 0:
            series.marker.size = 7
            series.marker.format.fill.solid()
            series.marker.format.fill.fore_color.rgb = colour(hue)
            _label(series, trend)


def _label(series: Any, trend: Trend) -> None:
    """The newest and the highest figure, as the page writes them."""
    known = [(value, n) for n, value in enumerate(trend.lines[0].values) if value is not None]
    if not known:
        return
    highest, newest = max(known), known[-1]
    # A line that comes down to its last point would cross a label above it; at the foot of the
    # chart there is no room below it.
    falls = len(known) > 1 and known[-2][0] > newest[0] > highest[0] / 5
    for n in {highest[1], newest[1]}:
        label = series.points[n].data_label
        is_below = falls and n == newest[1]
        label.position = XL_LABEL_POSITION.BELOW if is_below else XL_LABEL_POSITION.ABOVE
        frame = label.text_frame
        frame.text = trend.shown[n]
        font = frame.paragraphs[0].runs[0].font
        font.size, font.bold, font.name = Pt(SMALLEST), True, FACE
        font.color.rgb = colour("ink")
