"""Process behaviour charts (XmR): natural limits of a series, and the rules that call a signal.

Pure arithmetic on lists of numbers, oldest first; None is a period without a figure that counts
(undefined, partial or maturing). Handbook §6; the constants are Shewhart's for moving ranges of
two: d2 = 1.128 and D4 = 3.268 (Wheeler, *Understanding Variation*).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

BASELINE_FROM, BASELINE_TO = 12, 26  # complete periods
LIMIT_FACTOR = 2.66  # 3 / 1.128
RANGE_FACTOR = 3.268
RUN_LENGTH = 8
NEAR_OF, NEAR_COUNT = 4, 3
# Von Neumann's ratio is about 2 for unrelated values and near 0 for a drifting series; of 26
# unrelated ones fewer than one in a hundred is below this.
DRIFTING = 1.0


class Rule(StrEnum):
    """The three rules, strongest first."""

    OUTSIDE = "outside"
    RUN = "run"
    NEAR = "near"


# The exceptions band and the tiles go by these alone; the KPI page by all three.
BAND_RULES = (Rule.OUTSIDE, Rule.RUN)
# Windows that overlap move together: a run of them is no news, one point outside is.
OVERLAP_RULES = (Rule.OUTSIDE,)


@dataclass(frozen=True)
class Baseline:
    """What limits are made of. All but ``count`` are in the unit of the charted series."""

    mean: float
    mean_range: float
    lowest: float
    highest: float
    count: int

    def limits(self, *, is_share: bool = False) -> Limits:
        """The natural limits; not under 0, and a share's not over 1, where the baseline kept to
        that itself (a growth rate may be negative, a delivery rate over 1)."""
        half = LIMIT_FACTOR * self.mean_range
        low, high = self.mean - half, self.mean + half
        if self.lowest >= 0:
            low = max(low, 0.0)
        if is_share and self.highest <= 1:
            high = min(high, 1.0)
        return Limits(low, self.mean, high, RANGE_FACTOR * self.mean_range, half)


@dataclass(frozen=True)
class Limits:
    """The natural limits of a chart. ``range_high`` is the upper limit of the moving ranges,
    ``half`` the distance from the mean to a limit before it was held at 0 or 1."""

    low: float
    mean: float
    high: float
    range_high: float
    half: float


@dataclass(frozen=True)
class Found:
    """A rule that a point fulfils: ``side`` is +1 above, −1 below; ``length`` periods long."""

    rule: Rule
    side: int
    length: int


def moving_ranges(values: Sequence[float | None], lag: int = 1) -> list[float]:
    """|x(i) − x(i−lag)|; a gap has no range across it."""
    pairs = zip(values, values[lag:], strict=False)
    return [abs(b - a) for a, b in pairs if a is not None and b is not None]


def needed_ranges(lag: int) -> int:
    """How many moving ranges a baseline needs at the least. Those of windows that overlap overlap
    themselves: they must reach over twice the window, or they tell too little."""
    return max(BASELINE_FROM, 2 * lag)


def fewest_figures(lag: int) -> int:
    """How many figures a baseline needs at the least."""
    return BASELINE_FROM if lag == 1 else needed_ranges(lag) + lag


def longest_baseline(lag: int) -> int:
    """The most periods of a baseline: 26, or of windows that overlap those that make 26 ranges."""
    return BASELINE_TO if lag == 1 else BASELINE_TO + lag


def baseline_of(values: Sequence[float | None], lag: int = 1) -> Baseline | None:
    """The baseline over up to 26 periods; None with fewer than 12 figures or without variation.

    ``lag``: how many periods on the next figure stands on other days alone. Figures over windows
    that overlap (``lag`` > 1) are compared with that one, and need ``needed_ranges`` of them.
    """
    known = [value for value in values if value is not None]
    ranges = moving_ranges(values, lag)
    few = len(known) < fewest_figures(lag) or (lag > 1 and len(ranges) < needed_ranges(lag))
    if few or len(known) > longest_baseline(lag) or not any(ranges):
        return None
    return Baseline(fmean(known), fmean(ranges), min(known), max(known), len(known))


def von_neumann(values: Sequence[float | None]) -> float | None:
    """Mean squared successive difference ÷ variance; None without variation.

    About 2 for unrelated values, near 0 for a strong trend or season.
    """
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    mean = fmean(known)
    spread = fmean((value - mean) ** 2 for value in known)
    squares = [step**2 for step in moving_ranges(values)]
    return fmean(squares) / spread if spread and squares else None


def is_drifting(values: Sequence[float | None]) -> bool:
    """Whether a series trends or swings with the season too strongly to be charted as it is."""
    ratio = von_neumann(values)
    return ratio is not None and ratio < DRIFTING


def _side(value: float, limits: Limits) -> int:
    return (value > limits.mean) - (value < limits.mean)


def _outside(values: Sequence[float | None], limits: Limits) -> Found | None:
    value = values[-1]
    if value is None or limits.low <= value <= limits.high:
        return None
    side = _side(value, limits)
    length = 0
    for earlier in reversed(values):
        if earlier is None or not (earlier > limits.high if side > 0 else earlier < limits.low):
            break
        length += 1
    return Found(Rule.OUTSIDE, side, length)


def _run(values: Sequence[float | None], limits: Limits) -> Found | None:
    side, length = 0, 0
    for value in reversed(values):
        now = 0 if value is None else _side(value, limits)
        if now == 0 or (side and now != side):
            break
        side, length = now, length + 1
    return Found(Rule.RUN, side, length) if length >= RUN_LENGTH else None


def _near(values: Sequence[float | None], limits: Limits) -> Found | None:
    last = values[-NEAR_OF:]
    if len(last) < NEAR_OF or last[-1] is None:
        return None
    # Halfway, before a limit is held at 0 or 1: else a small count would often be "near" 0.
    far = [
        0 if value is None or abs(value - limits.mean) <= limits.half / 2 else _side(value, limits)
        for value in last
    ]
    side = far[-1]
    count = far.count(side)
    return Found(Rule.NEAR, side, count) if side and count >= NEAR_COUNT else None


def find_signals(values: Sequence[float | None], limits: Limits) -> tuple[Found, ...]:
    """The rules that the last of the values fulfils, strongest first; none when it is None."""
    if not values or values[-1] is None:
        return ()
    found = (rule(values, limits) for rule in (_outside, _run, _near))
    return tuple(one for one in found if one is not None)
