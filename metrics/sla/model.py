"""What the SLA page shows, as plain data; docs/sla.md ("The page") says what each part means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from metrics.agreements.on_tiles import Checked
from metrics.compare import SMALL, wilson_interval
from metrics.model import Metric
from metrics.query import Row
from metrics.scorecard import Tile

# Response times as a multiple of the target: eighths up to three times, then all beyond.
SLOTS_A_TARGET = 8
OVER_SLOT = 3 * SLOTS_A_TARGET
# A cell of the heat map with fewer due handoffs says nothing; its width is chosen so that most
# handoffs lie in one with ``ENOUGH``.
MIN_CELL, ENOUGH = 10, 20


@dataclass(frozen=True)
class States:
    """Handoffs by their state: ``met + late + unanswered + pending`` are all of them.

    ``late`` were answered after they were due, ``unanswered`` are past due without an answer.
    """

    met: int = 0
    late: int = 0
    unanswered: int = 0
    pending: int = 0

    @property
    def breached(self) -> int:
        return self.late + self.unanswered

    @property
    def due(self) -> int:
        return self.met + self.breached

    @property
    def handoffs(self) -> int:
        return self.due + self.pending

    @property
    def adherence(self) -> float | None:
        """met ÷ (met + breached), 0–1; None while nothing is due."""
        return self.met / self.due if self.due else None

    def __add__(self, other: States) -> States:
        return States(
            self.met + other.met,
            self.late + other.late,
            self.unanswered + other.unanswered,
            self.pending + other.pending,
        )


@dataclass(frozen=True)
class Rate:
    """So many of so many, with the Wilson 95 % interval."""

    count: int
    total: int

    @property
    def share(self) -> float | None:
        return self.count / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return wilson_interval(self.count, self.total) if self.total else None

    @property
    def is_small(self) -> bool:
        return self.total < SMALL

    def __add__(self, other: Rate) -> Rate:
        return Rate(self.count + other.count, self.total + other.total)


@dataclass(frozen=True)
class Responses:
    """One priority's answers over the window. ``target_hours`` is None where several priorities
    share the row; ``slots`` counts due and answered handoffs by response ÷ target, an eighth each,
    the last slot all beyond three times."""

    priority: str | None
    target_hours: float | None
    window: States
    period: States
    slots: tuple[int, ...]
    priorities: int = 1  # more than one: all the rarer ones together


@dataclass(frozen=True)
class HeatCell:
    """Due handoffs of one weekday (1 = Monday) handed over from ``hour`` on, company time."""

    weekday: int
    hour: int
    late: Rate

    @property
    def is_small(self) -> bool:
        return self.late.total < MIN_CELL


@dataclass(frozen=True)
class HeatMap:
    """When the late ones arrive. A cell is ``width`` hours wide; ``worst`` is None where no cell
    stands out of what chance makes of the overall share."""

    width: int
    cells: tuple[HeatCell, ...]
    overall: Rate
    worst: HeatCell | None


@dataclass(frozen=True)
class Answerer:
    """A rep or a team: ``standing`` is −1 or +1 only where chance, among so many rows, does not
    explain how far it is from the share of all, else 0."""

    name: str | None
    team: str | None
    met: Rate
    pending: int
    standing: int = 0


@dataclass(frozen=True)
class Answerers:
    """Adherence over the window by team and by rep, each by name; None is "nobody assigned"."""

    overall: Rate
    teams: tuple[Answerer, ...]
    reps: tuple[Answerer, ...]


@dataclass(frozen=True)
class ReasonRow:
    """What sales gave back of one channel or campaign; ``counts`` by ``Rejections.reasons``, then
    all other reasons. ``members`` counts those in a row of all the rest."""

    member: str | None
    rejected: Rate
    counts: tuple[int, ...]
    members: int = 1


@dataclass(frozen=True)
class Rejections:
    """Dispositions of the window; ``reasons`` are the most frequent (None: none was given)."""

    reasons: tuple[str | None, ...]
    has_others: bool
    total: ReasonRow
    channels: tuple[ReasonRow, ...]
    campaigns: tuple[ReasonRow, ...]


@dataclass(frozen=True)
class CostRow:
    """Conversion of leads answered in time against late ones. ``difference`` is in time − late, in
    points of 1, with its Newcombe 95 % interval; None where one side has no lead."""

    priority: str | None
    in_time: Rate
    late: Rate
    difference: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Cost:
    """``total`` and its parts by priority; ``maturing`` leads have time left, ``already`` were at
    the stage before they were handed over: neither is in the rates."""

    window_days: int
    total: CostRow
    rows: tuple[CostRow, ...]
    maturing: int
    already: int


@dataclass(frozen=True)
class Effort:
    """A share of effort that went astray, over a long window: the KPI and its answer."""

    metric: Metric
    row: Row


@dataclass(frozen=True)
class SegmentRow:
    """What marketing delivered to one segment in the period: complete MQLs that were handed over.

    ``complete`` is over all its MQLs, None where that is not known; ``target`` None: none is set.
    """

    segment: str | None
    delivered: int
    complete: Rate | None
    target: float | None


@dataclass(frozen=True)
class QueueSummary:
    """Handoffs without an answer at the as-of moment."""

    overdue: int = 0
    due_soon: int = 0
    waiting: int = 0  # not yet due, and not soon

    @property
    def total(self) -> int:
        return self.overdue + self.due_soon + self.waiting


@dataclass(frozen=True)
class QueueRow:
    """One handoff without an answer. ``over_seconds`` is business time past due, negative while
    some is left; ``zone`` is the rep's (IANA), moments are naive UTC."""

    handoff_id: str
    lead_id: str
    lead: str | None
    company: str | None
    priority: str | None
    rep: str | None
    team: str | None
    zone: str
    handed_at: datetime
    due_at: datetime
    over_seconds: int
    is_overdue: bool
    is_due_soon: bool


@dataclass(frozen=True)
class SlaPage:
    """All of one view. A part that cannot be computed is None, and ``reasons`` says why in words
    by its name; the tiles say so themselves."""

    period_short: str  # "W46", of a running period "W47 to date"
    window_label: str  # "13 weeks to W46"
    cost_label: str
    marketing: tuple[Tile, ...]
    sales: tuple[Tile, ...]
    effort: tuple[Effort, ...]
    segmented_by: str
    segments: tuple[SegmentRow, ...] | None
    states: States | None  # of the period
    responses: tuple[Responses, ...] | None
    heat: HeatMap | None
    answerers: Answerers | None
    rejections: Rejections | None
    cost: Cost | None
    off_rule: Checked | None
    reasons: dict[str, str]
