"""The tables of a review's pages then and now, side by side: credit by channel, reasons, teams.

A KPI figure is asked again in three worlds and its difference split (``changes``). What a page
computes as a whole (an attribution model over all journeys, a ledger of two systems) has no such
path: it is made again as of the newest data, and every cell that differs stands beside its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from data.warehouse import Warehouse
from metrics.errors import QueryError
from metrics.report.cells import Cell, Table
from metrics.report.document import build_section
from metrics.report.format import UNDEFINED, Formats
from metrics.report.page_section import PageSection
from metrics.review.frozen_pages import FrozenReview

# Sums of floating-point numbers differ in their last digits from run to run.
NOISE = 1e-9


@dataclass(frozen=True)
class CellChange:
    """One figure of a page's table: where it stands, then and now. None: its row was not there."""

    page: str
    part: str
    row: str
    column: str
    then: Cell | None
    now: Cell | None

    @property
    def size(self) -> float:
        """How much of itself it changed; what came or went stands above all."""
        before, after = _number(self.then), _number(self.now)
        if before is None or after is None:
            return float("inf")
        return abs(after - before) / max(abs(before), abs(after))


@dataclass(frozen=True)
class PageChanges:
    """Every figure that differs, the largest change first; ``figures`` counts all that were
    compared, ``lost`` names pages that this program or these data cannot make any more."""

    changed: tuple[CellChange, ...]
    figures: int
    lost: tuple[str, ...] = ()


def page_changes(warehouse: Warehouse, review: FrozenReview, formats: Formats) -> PageChanges:
    """Make the frozen pages of parts again, over the same days and filters, as of the newest data.

    Raises ``WarehouseError`` when the warehouse does not answer.
    """
    changed: list[CellChange] = []
    figures, lost = 0, []
    for page in review.pages:
        if page.ask is None or not isinstance(page.section, PageSection):
            continue
        ask = replace(page.ask, view=replace(page.ask.view, as_of=warehouse.default_as_of))
        try:
            now = build_section(warehouse, ask, formats)
        except QueryError as error:
            lost.append(f"{page.section.title}: {error}")
            continue
        assert isinstance(now, PageSection)
        for one in _cells(page.section, now):
            figures += 1
            if _differs(one.then, one.now):
                changed.append(one)
    changed.sort(key=lambda one: -one.size)
    return PageChanges(tuple(changed), figures, tuple(lost))


def _cells(then: PageSection, now: PageSection) -> Iterator[CellChange]:
    """Every figure of both, each once, by its part, its row and its column."""
    before = {part.id: part for part in then.parts}
    after = {part.id: part for part in now.parts}
    for id_ in dict.fromkeys((*before, *after)):
        part = before.get(id_) or after[id_]
        shown = (before.get(id_), after.get(id_))
        tables = [_figures(None if one is None else one.table) for one in shown]
        for row, column in dict.fromkeys((*tables[0], *tables[1])):
            cells = [table.get((row, column)) for table in tables]
            # Where a table leaves a cell empty, there is no figure to compare.
            if any(cell is not None and cell.text for cell in cells):
                yield CellChange(then.title, part.title, row, column, *cells)


def _figures(table: Table | None) -> dict[tuple[str, str], Cell]:
    """The figures of a table by row and column; a row is known by its texts."""
    if table is None or table.is_data:
        return {}
    numeric = [table.is_numeric(m) for m in range(len(table.heads))]
    found: dict[tuple[str, str], Cell] = {}
    for row in table.rows:
        texts = [cell.text for cell, is_figure in zip(row, numeric, strict=True) if not is_figure]
        name = next((text for text in texts if text), "")
        if len(texts) > 1 and texts[0] != texts[1] and texts[1]:
            name = " ".join(text for text in texts[:2] if text)
        for m, cell in enumerate(row):
            if numeric[m]:
                found[name, table.heads[m]] = cell
    return found


def _number(cell: Cell | None) -> float | None:
    return None if cell is None else cell.number


def _differs(then: Cell | None, now: Cell | None) -> bool:
    before, after = _number(then), _number(now)
    if before is None or after is None:
        return before is not after
    return abs(after - before) > NOISE * max(1.0, abs(before), abs(after))


def side_by_side(found: PageChanges, most: int | None = None) -> Table:
    """The changed figures as a table, the largest change first."""
    rows = tuple(
        (
            Cell(f"{one.page}: {one.part}"),
            Cell(" · ".join(text for text in (one.row, one.column) if text)),
            *(
                cell if cell is not None and cell.text else Cell(UNDEFINED)
                for cell in (one.then, one.now)
            ),
        )
        for one in found.changed[:most]
    )
    return Table("Pages then and now", ("Page", "Figure", "Then", "Now"), rows)
