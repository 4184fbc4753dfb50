"""The scorecard as data: what a page, a digest or an export shows, computed in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from data.config import Config
from data.warehouse import Warehouse
from metrics.baselines import stamp_of_state
from metrics.cache import RESULTS, LastGood
from metrics.calendar import Calendar, Span
from metrics.catalog import find_metric
from metrics.model import Metric, Status, Team
from metrics.signals import Rule
from metrics.view import Frame, View


@dataclass(frozen=True)
class Bounds:
    """What is usual for one period: natural limits and mean, in the metric's unit."""

    low: float
    mean: float
    high: float


@dataclass(frozen=True)
class Signal:
    """A figure beyond normal variation. ``size`` is its distance from the mean, where the
    distance from the mean to a natural limit is 1."""

    rule: Rule
    words: str  # "8 weeks below the average"
    is_better: bool | None  # None: the KPI has no better side
    side: int  # +1 above, -1 below
    size: float


@dataclass(frozen=True)
class Point:
    """One period of a tile's trend; ``value`` is None where undefined."""

    label: str  # "W41", "Oct", "Q3", "2026"
    start: date
    value: float | None
    status: Status
    limits: Bounds | None = None
    is_outside: bool = False
    is_better: bool | None = None  # of a point outside: whether that is the better side


@dataclass(frozen=True)
class Change:
    """Against the comparison period. ``absolute`` is in the metric's unit (a share: in points of
    1, shown as pp); ``percent`` (0.066 = 6.6 %) only for counts and amounts, None against 0."""

    absolute: float | None  # None: nothing to compare with, shown as "new"
    percent: float | None
    versus: str  # "W45", "W46 2025", "the same 3 days of W45"
    is_better: bool | None  # None: unchanged or neutral


@dataclass(frozen=True)
class WorkingDays:
    """How far a running period is: its working days that are over, that are left, and in a week."""

    over: int
    left: int
    a_week: int


@dataclass(frozen=True)
class RunRate:
    """What a running period still needs to reach its target, in the metric's unit."""

    left: float  # to the target; 0 when it is reached
    days_left: int
    needed_per_day: float | None  # per working day; None: something is left, but no day
    so_far_per_day: float | None  # None: no working day is over yet
    days_a_week: int = 5


@dataclass(frozen=True)
class TargetState:
    """The target of the period. ``gap`` is value − target (or − pace) in the metric's unit."""

    value: float
    gap: float | None
    is_met: bool | None  # None: nothing to judge yet
    is_limit: bool  # lower is better: "limit 10%"
    is_pace: bool = False  # a running period, judged against its pace, not the whole target
    pace: float | None = None  # what the running period should have reached by now
    is_linear: bool = False  # too few periods to learn a pace from: a straight line
    period: str | None = None  # whose target it is: "W46", "Q4"
    is_part: bool = False  # ``value`` is the view's part of a longer period's target
    run_rate: RunRate | None = None


@dataclass(frozen=True)
class Mark:
    """A mark after the label: kind is "partial", "maturing", "fallback" or "small"; of the review's
    memory "disputed" or "comment". ``is_sign``: there is no room for its words."""

    kind: str
    text: str  # "3 of 5 days", "575 maturing", "n 19: 12–49%"
    is_sign: bool = False


@dataclass(frozen=True)
class Tile:
    """One KPI on the scorecard."""

    metric: Metric
    label: str  # "MQL → SQL, 30 d"
    value: float | None
    status: Status
    reason: str | None  # why there is no value
    qualifier: str | None  # "cohort W41", "13 weeks", "Q4 to date"
    change: Change | None
    target: TargetState | None
    marks: tuple[Mark, ...]
    points: tuple[Point, ...]  # up to 13, oldest first
    numerator: float | None
    denominator: float | None
    bound: float | None = None  # a percentile that is undefined is more than this ("> x h")
    early: EarlyRead | None = None  # of a cohort KPI whose headline is an older cohort
    beside: Beside | None = None  # another figure, shown after the headline
    limits: Bounds | None = None  # of the headline's period; None: the KPI is not charted here
    signal: Signal | None = None
    hint: Signal | None = None  # the third rule, which the KPI page alone tells
    baseline: str = ""  # what the limits are made of, in words
    span: Span | None = None  # the days that the headline is of
    compared: Span | None = None  # those that it is compared with
    note: str | None = None  # what the value rests on, where a table that it prefers is empty


@dataclass(frozen=True)
class Beside:
    """A second figure beside a headline: another KPI's of the same days (``period`` None), or the
    KPI's own of the next period."""

    metric: Metric
    value: float
    period: str | None = None  # "Q1 2027"
    span: Span | None = None  # the days that it is of


@dataclass(frozen=True)
class EarlyRead:
    """A cohort's conversion at an age that it has reached whole, beside an older headline."""

    days: int  # the age
    label: str  # "W45"
    value: float
    change: Change | None
    span: Span | None = None  # the cohort's days


@dataclass(frozen=True)
class Scorecard:
    """All of one view. ``goals`` is the strip on top, ``columns`` the three teams' tiles."""

    company: str
    as_of: datetime  # UTC
    period_label: str  # "Week 46, 9–15 Nov 2026"
    compare_label: str  # "vs W45"
    goals: tuple[Tile, ...]
    columns: dict[str, tuple[Tile, ...]] = field(default_factory=dict)  # by Team value, in order
    # Set when the warehouse does not answer and these are the last known numbers (naive UTC).
    last_known_at: datetime | None = None
    limits_note: str | None = None  # why the limits may be others tomorrow

    @property
    def tiles(self) -> tuple[Tile, ...]:
        return tuple(tile for column in self.columns.values() for tile in column)


# The handbook's default selection (§3).
DEFAULT_GOALS = (
    "bookings",
    "pipeline_created",
    "lead_velocity_rate",
    "mql_to_sql",
    "mql_delivery",
    "sla_response",
)
DEFAULT_COLUMNS: Mapping[Team, tuple[str, ...]] = {
    Team.MARKETING: (
        "mqls",
        "mql_completeness",
        "cost_per_opportunity",
        "marketing_sourced_pipeline",
        "marketing_influenced_bookings",
    ),
    Team.SHARED: (
        "mql_to_sal",
        "sql_to_opportunity",
        "stage_days_mql_to_sql",
        "lead_rejection_rate",
        "pipeline_coverage",
    ),
    Team.SALES: ("sqls", "meetings_held", "overdue_handoffs", "win_rate", "sales_cycle_days"),
}


@dataclass(frozen=True)
class Selection:
    """Which KPIs stand on the scorecard: the company's choice, else the handbook's."""

    goals: tuple[Metric, ...]
    columns: dict[Team, tuple[Metric, ...]]

    @classmethod
    def of(cls, config: Config) -> Selection:
        """Raises ``QueryError`` with the nearest id for a KPI that does not exist."""
        chosen = config.scorecard

        def metrics(ids: Sequence[str]) -> tuple[Metric, ...]:
            return tuple(find_metric(metric_id) for metric_id in ids)

        columns = {
            team: metrics(getattr(chosen, team.value) or ids)
            for team, ids in DEFAULT_COLUMNS.items()
        }
        return cls(metrics(chosen.goals or DEFAULT_GOALS), columns)


_LAST_GOOD: LastGood[Scorecard] = LastGood(entries=200)


def build_scorecard(warehouse: Warehouse, view: View) -> Scorecard:
    """Every number of one view.

    Raises ``WarehouseError`` when the warehouse does not answer; ``last_known_scorecard`` then
    has the last one that it gave for this view, if any.
    """
    key = ("scorecard", warehouse.config.fingerprint, view, stamp_of_state())
    scorecard = RESULTS.answer(warehouse, key, lambda: _compute(warehouse, view))
    _LAST_GOOD.keep((warehouse.url, warehouse.scope, view), scorecard)
    return scorecard


def _compute(warehouse: Warehouse, view: View) -> Scorecard:
    # Imported here: the board builds the classes of this module.
    from metrics.tiles import Board

    calendar = Calendar(warehouse.config)
    selection = Selection.of(warehouse.config)
    board = Board(warehouse, Frame(calendar, view), selection)
    return Scorecard(
        company=warehouse.config.company.name,
        as_of=view.as_of,
        period_label=view.period.label,
        compare_label=board.frame.compare_label(),
        goals=board.goals(),
        columns=board.columns(),
        limits_note=board.limits_note,
    )


def last_known_scorecard(warehouse: Warehouse, view: View) -> Scorecard | None:
    """The last scorecard given for a view, marked with its time, for when the warehouse is down."""
    known = _LAST_GOOD.find((warehouse.url, warehouse.scope, view))
    if known is None:
        return None
    scorecard, kept_at = known
    return replace(scorecard, last_known_at=kept_at)
