"""A review's agenda: its items, the built-in plans by cadence, and what is a sound one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qs

from data.config import DIMENSIONS
from data.errors import ReviewError, unknown
from metrics.calendar import Cadence
from metrics.catalog import CATALOG

MAX_ITEMS, MAX_MINUTES, MAX_NAME, MAX_PEOPLE, MAX_VIEW = 20, 180, 80, 40, 400
# The review page itself; what follows the # names one of its sections.
OWN_PAGE = "review"
# What an item may decide of its view. Period, moment and presenting are the review's.
SETTINGS = ("cadence", "compare", "model", "metric", "by", "basis", "find", *DIMENSIONS)

_CADENCES = [cadence.value for cadence in Cadence]


@dataclass(frozen=True)
class AgendaItem:
    """``view`` is a page with its settings as in an address, ``kpi?metric=mqls``, or a section of
    the review page, ``review#wins``."""

    title: str
    view: str
    owner: str = ""
    minutes: int = 5

    @property
    def path(self) -> str:
        return self.view.partition("#")[0].partition("?")[0]

    @property
    def section(self) -> str | None:
        return self.view.partition("#")[2] or None

    @property
    def settings(self) -> dict[str, list[str]]:
        """The settings of its address, decoded."""
        query = self.view.partition("#")[0].partition("?")[2]
        return parse_qs(query, keep_blank_values=True)


@dataclass(frozen=True)
class Places:
    """What there is to look at: the paths of pages, and the sections of the review page."""

    paths: Collection[str]
    sections: Collection[str]

    def has(self, item: AgendaItem) -> bool:
        """Whether an item's view is there at all."""
        metric = item.settings.get("metric", [None])[0]
        if metric is not None and metric not in CATALOG:
            return False
        if item.path == OWN_PAGE:
            return item.section in self.sections
        return item.path in self.paths


# -- the built-in plans ---------------------------------------------------------------------------

_OPENING = (
    AgendaItem("Joint wins", "review#wins", "Both teams", 3),
    AgendaItem("Last actions", "review#actions", "Both teams", 3),
)
_CLOSING = AgendaItem("Decisions", "review#decisions", "Both teams", 3)
_GOALS = AgendaItem("Goals", "scorecard", "Both teams", 5)
_EXCEPTIONS = AgendaItem("Exceptions", "scorecard", "Owners of the KPIs", 6)
_SLA = AgendaItem("SLA queue", "sla", "Sales", 5)
_AHEAD = AgendaItem("Pipeline ahead", "kpi?metric=pipeline_coverage", "Sales", 5)
# The handbook's plans. Credit is never weekly.
BUILT_IN: dict[Cadence, tuple[AgendaItem, ...]] = {
    Cadence.WEEKLY: (*_OPENING, _GOALS, _EXCEPTIONS, _SLA, _AHEAD, _CLOSING),
    Cadence.BIWEEKLY: (
        *_OPENING,
        _GOALS,
        _EXCEPTIONS,
        _SLA,
        _AHEAD,
        AgendaItem("Funnel", "funnel", "Both teams", 5),
        AgendaItem("Rejections", "kpi?metric=lead_rejection_rate", "Marketing", 5),
        AgendaItem("Recycled", "funnel", "Marketing", 5),
        _CLOSING,
    ),
    Cadence.MONTHLY: (
        AgendaItem("Open disputes", "review#disputes", "Both teams", 5),
        AgendaItem("Reconciliation", "reconciliation", "Both teams", 8),
        *_OPENING,
        _GOALS,
        _EXCEPTIONS,
        AgendaItem("Funnel by source", "funnel", "Marketing", 8),
        AgendaItem("Trend: MQL to SQL", "kpi?metric=mql_to_sql", "Both teams", 7),
        AgendaItem("Trend: bookings", "kpi?metric=bookings", "Sales", 7),
        AgendaItem("Decisions", "review#decisions", "Both teams", 8),
    ),
    Cadence.QUARTERLY: (
        *_OPENING,
        AgendaItem("Targets", "scorecard", "Both teams", 15),
        AgendaItem(
            "Pipeline by source",
            "kpi?metric=marketing_sourced_pipeline&by=sourced_by",
            "Both teams",
            12,
        ),
        AgendaItem("Credit, matured cohorts", "attribution", "Both teams", 15),
        AgendaItem("MQL definition, signed again", "agreements?find=mql", "Marketing", 12),
        AgendaItem("SLA, signed again", "agreements?find=sla", "Sales", 12),
        AgendaItem("Next targets", "agreements?find=targets", "Both teams", 10),
        AgendaItem("Decisions", "review#decisions", "Both teams", 8),
    ),
    Cadence.YEARLY: (
        *_OPENING,
        AgendaItem("Goals", "scorecard", "Both teams", 30),
        AgendaItem("Decisions", "review#decisions", "Both teams", 15),
    ),
}


def built_in_agenda(cadence: Cadence, places: Places) -> tuple[AgendaItem, ...]:
    """The handbook's agenda, without what this program has no view of."""
    return tuple(item for item in BUILT_IN[cadence] if places.has(item))


# -- what is a sound one --------------------------------------------------------------------------


def to_rows(items: Sequence[AgendaItem]) -> list[dict[str, Any]]:
    return [asdict(item) for item in items]


def from_rows(rows: Sequence[dict[str, Any]]) -> tuple[AgendaItem, ...]:
    return tuple(AgendaItem(**row) for row in rows)


def checked_agenda(items: Sequence[AgendaItem], places: Places) -> tuple[AgendaItem, ...]:
    """The items as they are kept. Raises ``ReviewError`` with the item and the nearest name."""
    if not 1 <= len(items) <= MAX_ITEMS:
        raise ReviewError(f"An agenda has 1 to {MAX_ITEMS} items, this one {len(items)}.")
    return tuple(_checked(number, item, places) for number, item in enumerate(items, 1))


def checked_people(people: Sequence[str]) -> tuple[str, ...]:
    """Participants as they are kept, each once. Raises ``ReviewError``."""
    names = tuple(dict.fromkeys(name for person in people if (name := _line(person))))
    if len(names) > MAX_PEOPLE:
        raise ReviewError(f"A review has at most {MAX_PEOPLE} participants, not {len(names)}.")
    for name in names:
        _check_name(name, "A participant")
    return names


def _checked(number: int, item: AgendaItem, places: Places) -> AgendaItem:
    title, owner, view = _line(item.title), _line(item.owner), item.view.strip()
    if not title:
        raise ReviewError(f"Item {number} of the agenda needs a title.")
    _check_name(title, f"The title of item {number}")
    _check_name(owner, f"The owner of item {number}")
    if not 1 <= item.minutes <= MAX_MINUTES:
        raise ReviewError(f"{title}: an item takes 1 to {MAX_MINUTES} minutes.")
    found = AgendaItem(title, view, owner, int(item.minutes))
    _check_view(found, places)
    return found


def _check_view(item: AgendaItem, places: Places) -> None:
    if len(item.view) > MAX_VIEW:
        raise ReviewError(f"{item.title}: a view has at most {MAX_VIEW} characters.")
    if item.path == OWN_PAGE:
        if item.section not in places.sections:
            wrong = unknown("section of the review", item.section or "", places.sections)
            raise ReviewError(f"{item.title}: {wrong}")
    elif item.path not in places.paths:
        raise ReviewError(f"{item.title}: {unknown('page', item.path, places.paths)}")
    elif item.section is not None:
        raise ReviewError(f"{item.title}: only the page review has sections.")
    for name, values in item.settings.items():
        if name not in SETTINGS:
            raise ReviewError(f"{item.title}: {unknown('setting of a view', name, SETTINGS)}")
        if name == "metric" and values[0] not in CATALOG:
            raise ReviewError(f"{item.title}: {unknown('KPI', values[0], CATALOG)}")
        if name == "cadence" and values[0] not in _CADENCES:
            raise ReviewError(f"{item.title}: {unknown('cadence', values[0], _CADENCES)}")


def _line(text: str) -> str:
    return " ".join(text.split())


def _check_name(text: str, what: str) -> None:
    if len(text) > MAX_NAME:
        raise ReviewError(f"{what} has {len(text)} characters, {MAX_NAME} are the most.")
    if not text.isprintable():
        raise ReviewError(f"{what} holds a character that cannot be seen.", remedy="Take it out.")
