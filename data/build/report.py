"""What a build says of itself: where every raw row has gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class TableReport:
    """A raw table: its rows, those used, and those set aside by reason. They add up."""

    name: str
    rows: int
    used: int
    aside: dict[str, int]
    absent: tuple[str, ...] = ()
    unreadable: dict[str, int] = field(default_factory=dict)


@dataclass
class SourceReport:
    """A system: which tool has landed it, its tables, and what is off for want of others.
    ``shapes``: where one of those lies in a shape that is not read, and the columns it should have.
    """

    product: str
    schema: str
    tool: str
    tables: list[TableReport]
    missing: dict[str, str]
    not_read: tuple[str, ...]
    data_through: datetime | None = None
    shapes: dict[str, str] = field(default_factory=dict)


@dataclass
class BuildReport:
    """Rows by table of the contract; ``unchanged``: the warehouse was left as it was."""

    sources: list[SourceReport]
    rows: Mapping[str, int]
    warnings: list[str]
    kept: tuple[str, ...] = ()
    unchanged: bool = False


def as_text(report: BuildReport) -> str:
    """The report as lines for a terminal."""
    lines: list[str] = []
    for source in report.sources:
        lines.extend(_source(source))
    lines.append("")
    width = max(map(len, report.rows))
    lines.extend(f"{name:<{width}}  {rows:>12,} rows" for name, rows in report.rows.items())
    if report.kept:
        lines.append(f"kept as they were: {', '.join(report.kept)}")
    lines.extend(f"warning: {text}" for text in report.warnings)
    return "\n".join(lines)


def _source(source: SourceReport) -> Iterator[str]:
    yield f"{source.product} in {source.schema}, landed by {source.tool}"
    width = max((len(table.name) for table in source.tables), default=0)
    for table in source.tables:
        yield f"  {table.name:<{width}}  {table.rows:>12,} rows  {table.used:>12,} used"
        for reason, rows in sorted(table.aside.items(), key=lambda item: (-item[1], item[0])):
            yield f"  {'':<{width}}  {rows:>12,} set aside: {reason}"
        for column, rows in table.unreadable.items():
            yield f"  {'':<{width}}  {rows:>12,} values of {column} cannot be read and are left out"
        if table.absent:
            yield f"  {'':<{width}}  columns not there: {', '.join(table.absent)}"
    for name, gives in source.missing.items():
        yield f"  no table {name}: without it the warehouse does not know {gives}"
        if (shape := source.shapes.get(name)) is not None:
            yield f"    {shape}"
    if source.not_read:
        yield f"  not read: {', '.join(source.not_read)}"
