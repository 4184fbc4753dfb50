"""What a file says, read back out of it, and what a page's HTML says, to hold one against the
other; and a company whose data try to be more than text."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pypdf
from pptx import Presentation

# As a member of the channel: what a spreadsheet, a browser, a typesetter or XML would act upon.
FORMULA = '=HYPERLINK("http://evil.test","x")'
MARKUP = "<script>alert(1)</script>"
TYPESET = "#panic[x] $y$ *z*"
CONTROL = "bell\x07 end"
NASTY = (FORMULA, MARKUP, TYPESET, CONTROL)


def with_nasty_channels(tables: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The tables, every lead of them from one of ``NASTY``."""
    for n, lead in enumerate(tables["leads"]):
        lead["channel"] = NASTY[n % len(NASTY)]
    return tables


def squeezed(text: str) -> str:
    """Text without white space, for a line breaks elsewhere in every file."""
    return re.sub(r"\s", "", text)


# -- the page ---------------------------------------------------------------------------------


def page_texts(markup: str, *classes: str) -> list[str]:
    """The text of the elements that have one of these classes, or of these tags, in order."""
    found: list[str] = []
    for name in classes:
        pattern = (
            rf'<(\w+)[^>]*class="(?:[^"]* )?{name}(?: [^"]*)?"[^>]*>(.*?)</\1>'
            if not name.startswith("<")
            else rf"<({name[1:]})>(.*?)</\1>"
        )
        found += [_stripped(inner) for _, inner in re.findall(pattern, markup, re.S)]
    return [text for text in found if text]


def _stripped(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", markup)).strip()


# -- slides -----------------------------------------------------------------------------------


def slides_of(content: bytes) -> list[Any]:
    return list(Presentation(io.BytesIO(content)).slides)


def slide_text(slide: Any) -> str:
    """Everything that is written on a slide, charts aside."""
    parts = []
    for shape in slide.shapes:
        if shape.has_text_frame:
            parts.append(shape.text_frame.text)
        if shape.has_table:
            parts += [cell.text for row in shape.table.rows for cell in row.cells]
    return "\n".join(parts)


def sizes_of(slide: Any) -> set[float]:
    """The sizes of all text on a slide, in pt."""
    frames = [shape.text_frame for shape in slide.shapes if shape.has_text_frame]
    frames += [
        cell.text_frame
        for shape in slide.shapes
        if shape.has_table
        for row in shape.table.rows
        for cell in row.cells
    ]
    return {r.font.size.pt for f in frames for p in f.paragraphs for r in p.runs if r.text}


def charts_of(slide: Any) -> list[Any]:
    return [shape.chart for shape in slide.shapes if shape.has_chart]


# -- PDF --------------------------------------------------------------------------------------


def pdf_text(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def fonts_of(content: bytes) -> list[tuple[str, bool]]:
    """The fonts that the text of a PDF uses, and whether each is embedded."""
    found = {}
    for page in pypdf.PdfReader(io.BytesIO(content)).pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            descendant = font.get_object()["/DescendantFonts"][0].get_object()
            described = descendant["/FontDescriptor"].get_object()
            found[str(font.get_object()["/BaseFont"])] = bool(
                {"/FontFile2", "/FontFile3"} & set(described)
            )
    return sorted(found.items())


# -- mail -------------------------------------------------------------------------------------


class MailPage(HTMLParser):
    """The tags, attributes and text of a mail's HTML."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.pieces: list[str] = []
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    @property
    def text(self) -> str:
        return "\n".join(self.pieces)


# -- spreadsheet ------------------------------------------------------------------------------

_NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


class Workbook:
    """An Excel file as its parts say, read without the library that wrote it."""

    def __init__(self, content: bytes) -> None:
        self.file = zipfile.ZipFile(io.BytesIO(content))
        shared = ElementTree.fromstring(self.file.read("xl/sharedStrings.xml"))
        self.strings = ["".join(si.itertext()) for si in shared.findall("m:si", _NS)]

    def sheet(self, number: int) -> list[list[Any]]:
        """Rows of a sheet: text, numbers as floats, None where a cell is empty."""
        tree = self._tree(number)
        return [
            self._row(row.findall("m:c", _NS)) for row in tree.findall("m:sheetData/m:row", _NS)
        ]

    def has_frozen_header(self, number: int) -> bool:
        pane = self._tree(number).find("m:sheetViews/m:sheetView/m:pane", _NS)
        return pane is not None and pane.get("state") == "frozen" and pane.get("ySplit") == "1"

    def formulas(self) -> int:
        names = [name for name in self.file.namelist() if "/worksheets/sheet" in name]
        return sum(self.file.read(name).count(b"<f>") for name in names)

    def _tree(self, number: int) -> ElementTree.Element:
        return ElementTree.fromstring(self.file.read(f"xl/worksheets/sheet{number}.xml"))

    def _row(self, cells: Iterable[ElementTree.Element]) -> list[Any]:
        row: list[Any] = []
        for cell in cells:
            letters = re.sub(r"\d", "", cell.get("r", ""))
            column = 0
            for letter in letters:
                column = column * 26 + ord(letter) - 64
            row += [None] * (column - 1 - len(row))
            value = cell.findtext("m:v", None, _NS)
            if value is None:
                row.append(None)
            else:
                row.append(self.strings[int(value)] if cell.get("t") == "s" else float(value))
        return row
