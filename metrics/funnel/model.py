"""The funnel page as data: what the page shows, computed in one place (docs/funnel.md)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class CohortStage:
    """Of the cohort, how many leads reached a stage by as-of, and how many still may.

    ``maturing`` have not reached it and their ``window_days`` since the first stage have not
    passed; 0 at the first stage.
    """

    stage: str
    reached: int
    maturing: int
    window_days: int


@dataclass(frozen=True)
class SplitRow:
    """One member of a dimension: per stage, in order, the cohort's and the period's leads."""

    member: str | None
    cohort: tuple[int, ...]
    period: tuple[int, ...]


@dataclass(frozen=True)
class StageCounts:
    """The funnel stage by stage, twofold; the two are never divided by each other.

    ``cohort``: of the leads that entered the first stage in the period, those that reached each
    later one. ``period``: leads by stage whose first entry lies in the period, aligned with
    ``cohort``. ``splits``: both by dimension ("segment", "persona"); members add up to the whole.
    """

    cohort: tuple[CohortStage, ...]
    period: tuple[int, ...]
    splits: dict[str, tuple[SplitRow, ...]]

    @property
    def stages(self) -> tuple[str, ...]:
        return tuple(stage.stage for stage in self.cohort)


@dataclass(frozen=True)
class CurvePoint:
    """Share of a cohort converted by the end of a day of age, with its 95 % band."""

    day: int
    share: float
    low: float
    high: float
    at_risk: int
    converted: int


@dataclass(frozen=True)
class Curve:
    """One cohort's conversion over age. ``age`` is the day of age that all its leads have
    completed; the points may go further, on the older leads alone."""

    label: str
    leads: int
    age: int
    points: tuple[CurvePoint, ...]

    def at(self, day: int) -> CurvePoint | None:
        """The curve at a day of age; None where nobody of the cohort is that old."""
        return next((point for point in self.points if point.day == day), None)


@dataclass(frozen=True)
class Conversion:
    """The conversion curve of one step: the view's cohort first, then the earlier ones."""

    metric: str
    label: str  # "MQL → SQL"
    window_days: int
    horizon_days: int
    curves: tuple[Curve, ...]


@dataclass(frozen=True)
class StageTime:
    """Days from entry to the next change of stage; ``days`` is None without a completed span.

    ``completed`` spans ended in the period; ``running`` had not ended at its end.
    """

    stage: str
    days: float | None
    completed: int
    running: int


@dataclass(frozen=True)
class Leak:
    """What became, by as-of, of the leads whose first entry into a stage lies in the period.

    ``entered`` = ``advanced`` + ``rejected`` + ``recycled`` + ``waiting`` + ``overdue``, exactly;
    ``overdue`` are still there past the ``window_days`` of the step. ``reasons``: of the rejected,
    most frequent first; they add up to ``rejected``.
    """

    stage: str
    to: str
    window_days: int
    advanced: int
    rejected: int
    recycled: int
    waiting: int
    overdue: int
    reasons: tuple[tuple[str | None, int], ...]

    @property
    def entered(self) -> int:
        return self.advanced + self.rejected + self.recycled + self.waiting + self.overdue


@dataclass(frozen=True)
class Pool:
    """Leads by their first recycling and the furthest that they have come since."""

    in_pool: int
    re_mql: int
    sql: int  # SQL or opportunity, no customer
    customer: int

    @property
    def recycled(self) -> int:
        return self.in_pool + self.re_mql + self.sql + self.customer


@dataclass(frozen=True)
class Sums:
    """Opportunities and their money; ``unknown`` of them have no amount and add nothing."""

    count: int = 0
    amount: Decimal = Decimal(0)
    unknown: int = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.count + other.count, self.amount + other.amount, self.unknown + other.unknown
        )


# The steps of the movement in the order in which they are shown, with their sign.
MOVES = {
    "opening": 1,
    "created": 1,
    "slipped_in": 1,
    "grown": 1,
    "shrunk": -1,
    "slipped_out": -1,
    "lost": -1,
    "won": -1,
}


@dataclass(frozen=True)
class Movement:
    """The pipeline of one source between two moments (``metrics.funnel.pipeline``).

    ``moves`` has a ``Sums`` for each of ``MOVES``; added up with their signs they are ``closing``.
    ``open`` is all open pipeline at the end, whenever it is due.
    """

    source: str | None
    moves: dict[str, Sums]
    closing: Sums
    open: Sums


@dataclass(frozen=True)
class Pipeline:
    """The movement in all and by source, largest closing first, and the reasons of losses.

    ``due_label`` names the end of the time in which the pipeline is due: "Q4 2026".
    """

    due_label: str
    total: Movement
    sources: tuple[Movement, ...]
    losses: tuple[tuple[str | None, Sums], ...]


@dataclass(frozen=True)
class Funnel:
    """All of one view. A part that cannot be computed is None, and ``reasons`` says why in words
    by its name."""

    period_label: str
    period_short: str  # "W46", of a running period "W47 to date"
    is_running: bool
    counts: StageCounts | None
    conversion: Conversion | None
    times: tuple[StageTime, ...] | None
    leaks: tuple[Leak, ...] | None
    recycled: Pool | None  # first recycled within the period
    recycled_ever: Pool | None
    pipeline: Pipeline | None
    reasons: dict[str, str]
    steps: tuple[str, ...]  # the conversions that can be chosen, by metric id
