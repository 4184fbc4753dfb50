"""What slides are made of: a sheet with a place for everything, text that is read from the back
of the room (18 pt and more), tables and line charts that stay editable."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Inches, Pt

from metrics.report.chart_file import LIGHT, Picture
from metrics.report.words import Judgement, Words

WIDTH, HEIGHT = 13.333, 7.5  # inches: 16:9
LEFT, TEXT_WIDTH = 0.45, 12.43
SMALLEST = 18  # pt
FACE = "Arial"  # on every machine that shows slides
_NO_STYLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"  # PowerPoint's "No Style, No Grid"
_HUES = {Judgement.GOOD: "good", Judgement.BAD: "bad", Judgement.NONE: "ink"}


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
        self.line(x, y, x + width, y, hue, pt)

    def side(self, x: float, y: float, height: float, hue: str) -> None:
        """The thick line at the side of an exception."""
        self.line(x, y, x, y + height, hue, 4.0)

    def line(
        self, x: float, y: float, x2: float, y2: float, hue: str, pt: float, dash: Any = None
    ) -> None:
        """A line from one place to another."""
        line = self.slide.shapes.add_connector(1, *(Inches(v) for v in (x, y, x2, y2)))
        line.shadow.inherit = False
        line.line.color.rgb = colour(hue)
        line.line.width = Pt(pt)
        if dash is not None:
            line.line.dash_style = dash

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
        heights: Sequence[float] = (),
    ) -> None:
        """Rows of cells of paragraphs, the first row the head; ``right`` are columns of figures,
        ``heights`` those of rows that are not all alike."""
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
            own = heights[n] if heights else box.height / len(rows)
            table.rows[n].height = Inches(own)
            for m, paragraphs in enumerate(row):
                cell = table.cell(n, m)
                cell.fill.background()
                cell.vertical_anchor = MSO_ANCHOR.MIDDLE
                cell.margin_left = cell.margin_right = Inches(0.1)
                cell.margin_top = cell.margin_bottom = Inches(0.02)
                align = PP_ALIGN.RIGHT if m in right else PP_ALIGN.LEFT
                _fill(cell.text_frame, paragraphs, align)
                _rule_above(cell)


def _rule_above(cell: Any) -> None:
    """A hairline that moves with its row, however high a cell's text makes it."""
    properties = cell._tc.get_or_add_tcPr()
    line = properties.makeelement(qn("a:lnT"), {"w": str(Pt(1))})
    fill = line.makeelement(qn("a:solidFill"), {})
    hue = LIGHT["hairline"].removeprefix("#").upper()
    fill.append(fill.makeelement(qn("a:srgbClr"), {"val": hue}))
    line.append(fill)
    properties.insert(0, line)


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
