"""The handbook: every KPI and the rules that hold for all, in the words that people read.

Made from the catalog and a company's configuration; the Handbook page, ``docs/metrics.md`` and the
command line show what stands here and add nothing of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from data.config import Config
from data.warehouse import Warehouse
from metrics.cache import RESULTS
from metrics.calendar import Calendar, Span
from metrics.catalog import CATALOG
from metrics.engine import Answer
from metrics.model import Direction, Kind, Metric, Team, Unit
from metrics.query import MetricQuery

TEAM_TITLES = {Team.MARKETING: "Marketing", Team.SHARED: "Shared", Team.SALES: "Sales"}
_UNITS = {
    Unit.COUNT: "a count",
    Unit.MONEY: "money",
    Unit.SHARE: "a share, in percent",
    Unit.DAYS: "days",
    Unit.HOURS: "business hours",
    Unit.MULTIPLE: "a multiple (×)",
}
_DIRECTIONS = {
    Direction.UP: "higher is better",
    Direction.DOWN: "lower is better",
    Direction.NEUTRAL: "neither way is better; it gives the scale",
}


@dataclass(frozen=True)
class Entry:
    """One KPI in words. ``facts`` are (name, words) in the order in which they are shown."""

    id: str
    label: str
    team: Team
    definition: str
    formula: str
    facts: tuple[tuple[str, str], ...]

    @property
    def searched(self) -> str:
        return " ".join((self.id, self.label, self.definition, self.formula)).casefold()


def describe(metric: Metric, config: Config) -> Entry:
    """The entry of one KPI; windows as the company has them."""
    facts = [
        ("Counted by", metric.counted_by),
        (
            "Unit",
            f"{_UNITS.get(metric.unit, _spaced(metric.unit))}; {_DIRECTIONS[metric.direction]}",
        ),
        ("Missing values", metric.null_rule),
        ("Owner", metric.owner),
        ("Split and filtered by", ", ".join(map(_spaced, metric.dimensions)) or "nothing"),
        ("Tables", ", ".join(metric.tables)),
    ]
    if metric.kind is Kind.COHORT:
        facts.insert(1, ("Window", f"{config.window_days(metric.id)} days"))
    if metric.slow:
        facts.append(("At the weekly cadence", "shown over the 13 weeks up to the week's end"))
    return Entry(
        metric.id, metric.label, metric.team, metric.definition, metric.formula, tuple(facts)
    )


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def all_entries(config: Config) -> list[Entry]:
    """Every KPI of the catalog, by team, in the catalog's order."""
    entries = [describe(metric, config) for metric in CATALOG.values()]
    return [entry for team in Team for entry in entries if entry.team is team]


def find(entries: Iterable[Entry], text: str) -> list[Entry]:
    """The entries in whose id, label, definition or formula every word of ``text`` occurs."""
    words = text.casefold().split()
    return [entry for entry in entries if all(word in entry.searched for word in words)]


def by_team(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """Entries under their team's title; teams without any are left out."""
    groups = {
        TEAM_TITLES[team]: [entry for entry in entries if entry.team is team] for team in Team
    }
    return {title: group for title, group in groups.items() if group}


def not_fed(warehouse: Warehouse) -> dict[str, str]:
    """By id, why the company's data cannot feed a KPI now; those that can be are left out.

    Reads which tables are empty and which stages occur, and computes no KPI. Raises
    ``WarehouseError`` when the warehouse does not answer.
    """

    def reasons() -> dict[str, str]:
        as_of = warehouse.default_as_of
        day = Calendar(warehouse.config).day_of(as_of)
        span = Span(day, day + timedelta(days=1))
        # Disputes need no data of the company.
        fed = tuple(name for name, kpi in CATALOG.items() if "disputes" not in kpi.tables)
        return Answer(warehouse, MetricQuery(fed, (span,), as_of)).reasons

    key = ("not fed", warehouse.config.fingerprint, tuple(CATALOG))
    return dict(RESULTS.answer(warehouse, key, reasons))
