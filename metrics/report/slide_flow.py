"""A page's parts as slides: what belongs together on one, nothing smaller than the room can read.

Every part is cut into blocks that know how high they are; blocks share a slide while they fit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil

from metrics.report.cells import Cell, Table
from metrics.report.native_chart import Shape
from metrics.report.page_section import Headline, PageSection, Part
from metrics.report.slide_charts import add_chart, add_key
from metrics.report.slide_parts import (
    LEFT,
    SMALLEST,
    TEXT_WIDTH,
    Box,
    Run,
    Sheet,
    fitting,
    judged,
)

TOP, BOTTOM = 1.1, 6.9  # of what is below the heading and above the foot, in inches
ROOM = BOTTOM - TOP
HEAD, LINE, GAP = 0.5, 0.33, 0.2
ROW = 0.44  # of a table
CHART = 3.2  # the least that a chart takes
FIGURES = 3  # in a row
EM = 0.52 * SMALLEST / 72  # inches of a letter, on the safe side
MOST_SLIDES = 2  # of one table


@dataclass(frozen=True)
class Block:
    """A piece of a slide: of which part, how high at least, and what draws it into a box.
    ``grows``: it takes what room is left."""

    part: Part
    height: float
    draw: Callable[[Sheet, Box], None]
    grows: bool = False


Open = Callable[[str, str], Sheet]


def write_parts(section: PageSection, new_sheet: Open) -> None:
    """The slides of a page; ``new_sheet`` opens one under a title, with what stands beside it."""
    for blocks in _packed(section):
        parts = list(dict.fromkeys(block.part.id for block in blocks))
        first = blocks[0].part
        alone = len(parts) == 1
        if alone:
            sheet = new_sheet(first.title, _beside(section, first))
        else:
            sheet = new_sheet(section.title, section.beside)
        _draw(sheet, blocks, headed=not alone)


def _beside(section: PageSection, part: Part) -> str:
    own = section.title if part.title != section.title else ""
    return " · ".join(text for text in (own, part.aside or section.beside) if text)


def _packed(section: PageSection) -> list[list[Block]]:
    """The blocks slide by slide, in their order."""
    slides: list[list[Block]] = []
    used = 0.0
    for part in section.parts:
        for block in _blocks(part):
            is_new = not slides or slides[-1][-1].part is not part
            height = block.height + (HEAD if is_new else 0.0) + GAP
            if slides and used + height <= ROOM:
                slides[-1].append(block)
                used += height
            else:
                slides.append([block])
                used = block.height + HEAD + GAP
    return slides


def _draw(sheet: Sheet, blocks: Sequence[Block], *, headed: bool) -> None:
    heads = len({block.part.id for block in blocks}) * HEAD if headed else 0.0
    spare = ROOM - heads - sum(block.height + GAP for block in blocks)
    growing = [block for block in blocks if block.grows]
    more = max(spare, 0.0) / len(growing) if growing else 0.0
    y, shown = TOP, None
    for block in blocks:
        if headed and block.part is not shown:
            aside = fitting(block.part.aside, TEXT_WIDTH - 0.2 * len(block.part.title) - 0.5, 1)
            told = [Run(block.part.title, 20, bold=True), Run(f"   {aside}", hue="ink2")]
            sheet.text(Box(LEFT, y, TEXT_WIDTH, HEAD), [told])
            y += HEAD
        shown = block.part
        height = block.height + (more if block.grows else 0.0)
        block.draw(sheet, Box(LEFT, y, TEXT_WIDTH, height))
        y += height + GAP


# -- blocks ---------------------------------------------------------------------------------------


def _blocks(part: Part) -> list[Block]:
    found: list[Block] = []
    if part.words:
        found.append(_words(part))
    for start in range(0, len(part.figures), FIGURES):
        found.append(_figures(part, part.figures[start : start + FIGURES]))
    if part.natives or part.room is not None:
        found.append(_chart(part))
    if part.table is not None and part.table.rows and part.shows_table:
        found += _table_blocks(part, part.table)
    if part.notes:
        found.append(_notes(part))
    return found


def lines_of(text: str, width: float, size: float = SMALLEST) -> int:
    """How many lines a text takes in a width of inches, at the most."""
    room = max(int(width * 72 / (size * 0.52)), 1)
    return max(ceil(len(text) / room), 1)


def _words(part: Part) -> Block:
    size = 20
    texts = [(fitting(one.text, TEXT_WIDTH, 3, size), one) for one in part.words if one.text]
    height = sum(lines_of(text, TEXT_WIDTH, size) * LINE for text, _ in texts) + 0.1
    paragraphs = [[judged(replace(one, text=text), size)] for text, one in texts]
    return Block(part, height, lambda sheet, box: sheet.text(box, paragraphs))


def _figures(part: Part, figures: Sequence[Headline]) -> Block:
    width = TEXT_WIDTH / FIGURES
    inner = width - 0.3
    rows = [[(fitting(one.text, inner, 2), one) for one in f.lines] for f in figures]
    most = max(sum(lines_of(text, inner) for text, _ in lines) for lines in rows)

    def draw(sheet: Sheet, box: Box) -> None:
        for n, (figure, lines) in enumerate(zip(figures, rows, strict=True)):
            told = [
                [Run(fitting(figure.label, inner, 1, 18), 18, bold=True)],
                [Run(figure.value, 32, bold=True)],
                *([judged(replace(one, text=text))] for text, one in lines),
            ]
            sheet.text(Box(box.x + n * width, box.y, inner, box.height), told)

    return Block(part, 1.0 + most * LINE, draw)


def _chart(part: Part) -> Block:
    if part.natives:
        return _native(part)
    picture = part.room
    assert picture is not None
    # As high as its width lets it be, and no more than a slide has.
    height = min(TEXT_WIDTH * picture.height / picture.width, ROOM - HEAD - GAP)
    has_room = height > CHART

    def draw(sheet: Sheet, box: Box) -> None:
        sheet.picture(box, picture)

    return Block(part, CHART if has_room else height, draw, grows=has_room)


def _native(part: Part) -> Block:
    charts = part.natives
    width = TEXT_WIDTH / len(charts)
    # Every bar needs a place of its own; lines take what there is.
    rows = max(0 if chart.shape is Shape.LINES else len(chart.labels) for chart in charts)
    least = max(CHART, 0.42 * rows + 0.6)

    def draw(sheet: Sheet, box: Box) -> None:
        for n, chart in enumerate(charts):
            x, y, height = box.x + n * width, box.y, box.height
            if chart.shape is Shape.LINES and len(chart.series) > 1:
                add_key(sheet, x + 0.1, y, chart)
                y, height = y + 0.4, height - 0.4
            add_chart(sheet, Box(x, y, width - 0.1, height), chart)

    return Block(part, min(least, ROOM - HEAD - GAP), draw, grows=True)


def _notes(part: Part) -> Block:
    texts = [fitting(note, TEXT_WIDTH, 2) for note in part.notes]
    height = sum(lines_of(text, TEXT_WIDTH) * LINE for text in texts)
    paragraphs = [[Run(text, hue="ink2")] for text in texts]
    return Block(part, height, lambda sheet, box: sheet.text(box, paragraphs))


# -- tables ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Columns:
    """Which columns of a table a slide shows, how wide, and in how many lines a row."""

    places: tuple[int, ...]
    widths: tuple[float, ...]
    lines: int
    left_out: int


NARROWEST = 1.6  # inches that a column of text keeps


def columns_of(table: Table, width: float = TEXT_WIDTH) -> Columns:
    """Figures whole, text as wide as there is room; columns that do not fit are left out."""
    natural: list[float] = []
    for m, head in enumerate(table.heads):
        longest = max((len(row[m].text) for row in table.rows), default=0)
        word = max((len(word) for word in head.split()), default=0)
        natural.append(max(longest, word) * EM + 0.25)
    is_text = [not table.is_numeric(m) for m in range(len(natural))]
    places = list(range(len(natural)))

    def least(m: int) -> float:
        return min(natural[m], NARROWEST) if is_text[m] else natural[m]

    while len(places) > 2 and sum(map(least, places)) > width:
        places.pop()
    widths = {m: least(m) for m in places}
    spare = width - sum(widths.values())
    # What text asks for beyond the least is given in proportion to what is missing.
    missing = {m: natural[m] - widths[m] for m in places if is_text[m]}
    wanted = sum(missing.values())
    if wanted > 0:
        share = min(spare / wanted, 1.0)
        for m, more in missing.items():
            widths[m] += more * share
    spare = width - sum(widths.values())
    if spare > 0:
        widths[places[0]] += min(spare, max(0.0, width * 0.3))
    lines = 1
    for m in places:
        if is_text[m]:
            longest = max((len(row[m].text) for row in table.rows), default=0)
            lines = max(lines, min(ceil(longest * EM / max(widths[m] - 0.2, 0.1)), 3))
    return Columns(
        tuple(places),
        tuple(widths[m] for m in places),
        lines,
        len(natural) - len(places),
    )


def _table_blocks(part: Part, table: Table) -> list[Block]:
    """A table in pieces that fit a slide each; what is beyond them is told."""
    if table.is_data:
        return []
    columns = columns_of(table)
    head_lines = max(
        lines_of(table.heads[m], w - 0.2)
        for m, w in zip(columns.places, columns.widths, strict=True)
    )
    row, head = LINE * (columns.lines - 1) + ROW, LINE * (min(head_lines, 2) - 1) + ROW
    fits = max(int((ROOM - HEAD - GAP - head - LINE) / row), 1)
    feet = table.rows[len(table.rows) - table.feet :]
    body = table.rows[: len(table.rows) - table.feet]
    room = fits - len(feet)
    shown = body[: room * MOST_SLIDES]
    told = _left_out(len(body) - len(shown), columns.left_out)
    pieces = [shown[n : n + room] for n in range(0, len(shown), room)] or [()]
    blocks = []
    for n, piece in enumerate(pieces):
        is_last = n == len(pieces) - 1
        rows = [*piece, *(feet if is_last else ())]
        note = told if is_last else ""
        blocks.append(_table_block(part, table, columns, rows, (head, row), note))
    return blocks


def _left_out(rows: int, columns: int) -> str:
    parts = []
    if rows:
        parts.append(f"{rows} more {'row' if rows == 1 else 'rows'}")
    if columns:
        parts.append(f"{columns} more {'column' if columns == 1 else 'columns'}")
    return f"and {' and '.join(parts)}, which the PDF and the spreadsheet hold" if parts else ""


def _table_block(
    part: Part,
    table: Table,
    columns: Columns,
    rows: Sequence[tuple[Cell, ...]],
    heights: tuple[float, float],
    note: str,
) -> Block:
    head, row = heights
    right = [n for n, m in enumerate(columns.places) if table.is_numeric(m)]
    feet = table.rows[len(table.rows) - table.feet :] if table.feet else ()
    cells = [
        [
            [[Run(fitting(table.heads[m], w - 0.1, 2), hue="ink2")]]
            for m, w in zip(columns.places, columns.widths, strict=True)
        ]
    ]
    for one in rows:
        is_foot = any(one is foot for foot in feet)
        cells.append(
            [
                [[Run(fitting(one[m].text, w, columns.lines), bold=is_foot)]]
                for m, w in zip(columns.places, columns.widths, strict=True)
            ]
        )
    height = head + row * len(rows)

    def draw(sheet: Sheet, box: Box) -> None:
        place = Box(box.x, box.y, sum(columns.widths), height)
        heights = [head, *[row] * len(rows)]
        sheet.table(place, columns.widths, cells, right=right, heights=heights)
        if note:
            below = Box(box.x, box.y + height + 0.03, TEXT_WIDTH, LINE)
            sheet.text(below, [[Run(note, hue="ink2")]])

    return Block(part, height + (LINE + 0.05 if note else 0.0), draw)
