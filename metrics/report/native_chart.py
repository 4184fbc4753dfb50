"""A chart as figures: what a slide draws by itself, so that whoever has it can edit it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from metrics.model import Unit


class Shape(StrEnum):
    """LINES and COLUMNS run over periods; BARS and STACKED lie, a row a label, the first on top."""

    LINES = "lines"
    COLUMNS = "columns"
    BARS = "bars"
    STACKED = "stacked"


class Role(StrEnum):
    """What a series is, and so how it is drawn: the figures themselves, those of a year before,
    the target, an edge of what is usual, what is still open, one more of several alike."""

    MAIN = "main"
    BEFORE = "before"
    TARGET = "target"
    LIMIT = "limit"
    OPEN = "open"
    OTHER = "other"


@dataclass(frozen=True)
class Series:
    """The values of one line, or of one part of every bar; None is a gap."""

    name: str
    values: tuple[float | None, ...]
    role: Role = Role.MAIN

    @property
    def has_values(self) -> bool:
        return any(value is not None for value in self.values)


@dataclass(frozen=True)
class NativeChart:
    """Labels with one or more series of figures in one unit.

    ``shown`` are the first series' values as they are read; ``open_at`` the places of labels whose
    period is not over or whose cohort is maturing: drawn hollow, the line to them dashed.
    """

    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    unit: Unit
    shown: tuple[str, ...]
    shape: Shape = Shape.LINES
    open_at: tuple[int, ...] = ()
