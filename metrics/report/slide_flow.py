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
CHART = 2.5  # the least that lines take
BAR = 0.46  # of a bar
FIGURES = 3  # in a row, or four
EM = 0.52 * SMALLEST / 72  # inches of a letter, on the safe side
DIGIT, PADDING = 0.575 * SMALLEST / 72, 0.3  # of a figure, and what a cell keeps around it
MOST_SLIDES, MOST_LINES = 3, 3  # slides of one table; lines of one of its rows


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
    """The blocks slide by slide, in their order; what one slide can hold is not torn apart."""
    slides: list[list[Block]] = []
    for part in section.parts:
        blocks = _blocks(part)
        if slides and _height([*slides[-1], *blocks]) <= ROOM:
            slides[-1] += blocks
            continue
        slides.append([])
        for block in blocks:
            if slides[-1] and _height([*slides[-1], block]) > ROOM:
                slides.append([])
            slides[-1].append(block)
    return [blocks for blocks in slides if blocks]


def _height(blocks: Sequence[Block]) -> float:
    """What blocks take on one slide; those of one part stand under the slide's own heading."""
    parts = len({block.part.id for block in blocks})
    return sum(block.height + GAP for block in blocks) + (HEAD * parts if parts > 1 else 0.0) - GAP


def _draw(sheet: Sheet, blocks: Sequence[Block], *, headed: bool) -> None:
    spare = ROOM - _height(blocks)
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
    across = 4 if len(part.figures) == 4 else FIGURES
    for start in range(0, len(part.figures), across):
        found.append(_figures(part, part.figures[start : start + across], across))
    if part.natives or part.room is not None:
        found.append(_chart(part))
    if part.table is not None and part.shows_a_table:
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


def _figures(part: Part, figures: Sequence[Headline], across: int) -> Block:
    width = TEXT_WIDTH / across
    inner = width - 0.3
    rows = [[(fitting(one.text, inner, 3), one) for one in f.lines] for f in figures]
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
    # As high as its width lets it be: smaller, its text would be too. What stands by it has room.
    beside = [_words(part)] if part.words else []
    beside += [_notes(part)] if part.notes and not part.shows_a_table else []
    left = ROOM - sum(block.height + GAP for block in beside)
    height = min(TEXT_WIDTH * picture.height / picture.width, left)
    return Block(part, height, lambda sheet, box: sheet.picture(box, picture))


def _native(part: Part) -> Block:
    charts = part.natives
    width = TEXT_WIDTH / len(charts)
    # Every bar needs a place of its own; lines take what there is.
    rows = max(
        0 if chart.shape in (Shape.LINES, Shape.COLUMNS) else len(chart.labels) for chart in charts
    )
    is_stack = any(chart.shape is Shape.STACKED for chart in charts)
    least = BAR * rows + (0.7 if is_stack else 0.2) if rows else CHART

    def draw(sheet: Sheet, box: Box) -> None:
        for n, chart in enumerate(charts):
            x, y, height = box.x + n * width, box.y, box.height
            if chart.shape is Shape.LINES and len(chart.series) > 1:
                add_key(sheet, x + 0.1, y, chart)
                y, height = y + 0.4, height - 0.4
            add_chart(sheet, Box(x, y, width - 0.1, height), chart)

    return Block(part, min(least, ROOM - GAP), draw, grows=True)


def _notes(part: Part) -> Block:
    texts = [fitting(note, TEXT_WIDTH, 2) for note in part.notes]
    height = sum(lines_of(text, TEXT_WIDTH) * LINE for text in texts)
    paragraphs = [[Run(text, hue="ink2")] for text in texts]
    return Block(part, height, lambda sheet, box: sheet.text(box, paragraphs))


# -- tables ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Columns:
    """Which columns of a table a slide shows, how wide, and how many it has no room for."""

    places: tuple[int, ...]
    widths: tuple[float, ...]
    left_out: int

    def lines(self, row: Sequence[Cell]) -> int:
        """Of a row's longest text, up to ``MOST_LINES``."""
        shown = zip(self.places, self.widths, strict=True)
        longest = max(ceil(len(row[m].text) * EM / max(w - PADDING, 0.1)) for m, w in shown)
        return min(max(longest, 1), MOST_LINES)


NARROWEST = 2.0  # inches that a column of text keeps


def columns_of(table: Table, width: float = TEXT_WIDTH) -> Columns:
    """Figures whole, text as wide as there is room; columns that do not fit are left out."""
    natural: list[float] = []
    for m, head in enumerate(table.heads):
        longest = max((len(row[m].text) for row in table.rows), default=0)
        word = max((len(word) for word in head.split()), default=0)
        letter = DIGIT if table.is_numeric(m) else EM
        natural.append(max(longest * letter, word * DIGIT) + PADDING)
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
    texts = [m for m in places if is_text[m]]
    if spare > 0 and texts:
        # White space stands behind the longest text, and not before figures.
        widths[max(texts, key=lambda m: natural[m])] += min(spare, width * 0.3)
    return Columns(
        tuple(places),
        tuple(widths[m] for m in places),
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
    head = LINE * (min(head_lines, 2) - 1) + ROW
    below = _notes(part).height + GAP if part.notes else 0.0
    feet = table.rows[len(table.rows) - table.feet :]
    body = table.rows[: len(table.rows) - table.feet]
    heights = [LINE * (columns.lines(row) - 1) + ROW for row in body]
    room = ROOM - head - LINE - below - ROW * len(feet)
    pieces = _pieces(heights, max(room, ROW))
    kept = pieces[:MOST_SLIDES]
    shown = sum(len(piece) for piece in kept)
    told = _left_out(len(body) - shown, columns.left_out)
    blocks = []
    for n, piece in enumerate(kept or [range(0)]):
        is_last = n == max(len(kept), 1) - 1
        rows = [*(body[m] for m in piece), *(feet if is_last else ())]
        own = [head, *(heights[m] for m in piece), *([ROW] * len(feet) if is_last else [])]
        blocks.append(_table_block(part, table, columns, rows, own, told if is_last else ""))
    return blocks


def _pieces(heights: Sequence[float], room: float) -> list[range]:
    """Rows slide by slide, on as few as they need and about as high on each: none holds a last
    one alone."""
    found = _cut(heights, room)
    low, high = max(heights, default=0.0), room
    while high - low > 0.01:
        middle = (low + high) / 2
        if len(_cut(heights, middle)) == len(found):
            high = middle
        else:
            low = middle
    return _cut(heights, high)


def _cut(heights: Sequence[float], room: float) -> list[range]:
    found: list[range] = []
    start, used = 0, 0.0
    for n, height in enumerate(heights):
        if n > start and used + height > room + 1e-9:
            found.append(range(start, n))
            start, used = n, 0.0
        used += height
    return [*found, range(start, len(heights))] if len(heights) > start else found


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
    heights: Sequence[float],
    note: str,
) -> Block:
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
                [[Run(fitting(one[m].text, w, columns.lines(one)), bold=is_foot)]]
                for m, w in zip(columns.places, columns.widths, strict=True)
            ]
        )
    height = sum(heights)

    def draw(sheet: Sheet, box: Box) -> None:
        place = Box(box.x, box.y, sum(columns.widths), height)
        sheet.table(place, columns.widths, cells, right=right, heights=heights)
        if note:
            below = Box(box.x, box.y + height + 0.03, TEXT_WIDTH, LINE)
            sheet.text(below, [[Run(note, hue="ink2")]])

    return Block(part, height + (LINE + 0.05 if note else 0.0), draw)
