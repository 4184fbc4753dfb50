"""A table as every file writes it: cells that know their number as well as how it is shown."""

from __future__ import annotations

from dataclasses import dataclass, field

from metrics.model import Unit

# Beside the units of KPIs: a difference of shares, in percentage points (0.021 is 2.1 pp).
POINTS = "points"


@dataclass(frozen=True)
class Cell:
    """What a cell shows. ``number`` is its figure in the unit ``form``; None: it is text."""

    text: str
    number: float | None = None
    form: Unit | str | None = None


@dataclass(frozen=True)
class Table:
    """Rows under a header; every row has a cell for each head. The last ``feet`` of them are sums
    of the others; ``is_data``: too long to be read, for spreadsheets alone."""

    name: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...] = field(default=())
    feet: int = 0
    is_data: bool = False

    def is_numeric(self, column: int) -> bool:
        """Whether a column holds figures, which stand at its right edge."""
        return any(
            row[column].number is not None or row[column].form is not None for row in self.rows
        )


def difference_form(unit: Unit) -> Unit | str:
    """The form of a difference of two figures of a unit."""
    return POINTS if unit is Unit.SHARE else unit
