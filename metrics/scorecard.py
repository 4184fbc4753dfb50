"""The scorecard as data: what a page, a digest or an export shows, computed in one place."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from metrics.model import Metric, Status


@dataclass(frozen=True)
class Point:
    """One period of a tile's trend; ``value`` is None where undefined."""

    label: str  # "W41", "Oct", "Q3", "2026"
    start: date
    value: float | None
    status: Status


@dataclass(frozen=True)
class Change:
    """Against the comparison period. ``absolute`` is in the metric's unit (a share: in points of
    1, shown as pp); ``percent`` (0.066 = 6.6 %) only for counts and amounts, None against 0."""

    absolute: float | None  # None: nothing to compare with, shown as "new"
    percent: float | None
    versus: str  # "W45", "W46 2025", "same 3 days of W45"
    is_better: bool | None  # None: unchanged or neutral


@dataclass(frozen=True)
class TargetState:
    """The target of the period. ``gap`` is value − target in the metric's unit."""

    value: float
    gap: float | None
    is_met: bool | None  # None: nothing to judge yet
    is_limit: bool  # lower is better: "limit 10%"
    is_pace: bool = False  # a running period, judged against its pace, not the whole target
    pace: float | None = None  # what the running period should have reached by now


@dataclass(frozen=True)
class Mark:
    """A mark after the label: kind is "partial", "maturing" or "small"."""

    kind: str
    text: str  # "3 of 5 days", "575 maturing", "n 19: 12–49%"


@dataclass(frozen=True)
class Tile:
    """One KPI on the scorecard."""

    metric: Metric
    label: str  # "MQL → SQL, 30 d"
    value: float | None
    status: Status
    reason: str | None  # why there is no value
    qualifier: str | None  # "cohort W41", "at age 7 d", "13 weeks"
    change: Change | None
    target: TargetState | None
    marks: tuple[Mark, ...]
    points: tuple[Point, ...]  # up to 13, oldest first
    numerator: float | None
    denominator: float | None
    bound: float | None = None  # a percentile that is undefined is at least this much ("> x h")
    note: str | None = None  # one more fact in words: "14 pending"


@dataclass(frozen=True)
class Scorecard:
    """All of one view. ``goals`` is the strip on top, ``columns`` the three teams' tiles."""

    company: str
    as_of: datetime  # UTC
    period_label: str  # "Week 46, 9–15 Nov 2026"
    compare_label: str  # "vs week 45"
    goals: tuple[Tile, ...]
    columns: dict[str, tuple[Tile, ...]] = field(default_factory=dict)  # by Team value, in order
