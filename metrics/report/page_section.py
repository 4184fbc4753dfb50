"""A page as a section to write: its parts in order, each in the page's own words and numbers.

The credit, funnel, SLA and reconciliation pages and the parts of a review are all of this one
form, which slides, PDF, spreadsheets and the frozen pages of a closed review can write.
"""

from __future__ import annotations

from dataclasses import dataclass

from metrics.report.cells import Table
from metrics.report.chart_file import Picture
from metrics.report.native_chart import NativeChart
from metrics.report.words import Words


@dataclass(frozen=True)
class Headline:
    """One figure that stands by itself: its label, its value, what stands below it."""

    label: str
    value: str
    lines: tuple[Words, ...] = ()
    metric: str = ""


@dataclass(frozen=True)
class Part:
    """One part of a page. ``id`` names it in file names.

    ``words`` stand above, ``notes`` below. ``picture`` is the chart on paper and at a desk,
    ``room`` the same with text that is read from the back; ``natives`` are it as figures, where
    slides can draw it themselves. ``shows_table`` False: on slides the chart says all of it.
    """

    id: str
    title: str
    aside: str = ""
    words: tuple[Words, ...] = ()
    figures: tuple[Headline, ...] = ()
    picture: Picture | None = None
    room: Picture | None = None
    natives: tuple[NativeChart, ...] = ()
    table: Table | None = None
    notes: tuple[str, ...] = ()
    shows_table: bool = True

    @property
    def shows_a_table(self) -> bool:
        """Whether there is a table for a slide."""
        table = self.table
        return self.shows_table and table is not None and bool(table.rows) and not table.is_data


@dataclass(frozen=True)
class PageSection:
    """All of one page in one view. ``beside`` says of what it is; ``told`` is for the speaker:
    definitions, and what a reader has to know."""

    path: str
    title: str
    beside: str
    parts: tuple[Part, ...]
    told: tuple[str, ...] = ()

    @property
    def tables(self) -> tuple[Table, ...]:
        return tuple(part.table for part in self.parts if part.table is not None)

    @property
    def pictures(self) -> tuple[tuple[Part, Picture], ...]:
        """The parts that have a chart, with it."""
        return tuple((part, part.picture) for part in self.parts if part.picture is not None)


def plain(text: str) -> Words:
    """Text that judges nothing."""
    return Words(text)


def lacking(id_: str, title: str, reason: str) -> Part:
    """A part that has nothing to show, and why."""
    return Part(id_, title, words=(plain(reason),))
