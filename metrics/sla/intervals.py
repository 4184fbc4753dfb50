"""What chance explains: intervals of shares, of their difference, and which of many stand out."""

from __future__ import annotations

from math import exp, hypot, lgamma, log
from statistics import NormalDist

from metrics.compare import wilson_interval
from metrics.sla.model import Rate

# Both tails together; shared among however many shares are compared at once.
DOUBT = 0.05
# Up to so many cases the tail is summed exactly; beyond, the interval is as good.
EXACT_UP_TO = 2_000


def stands_out(rate: Rate, overall: float | None, comparisons: int) -> int:
    """−1 or +1 where a share is below or above the overall one by more than chance, else 0.

    Its Wilson 95 % interval must exclude the overall share, and its binomial tail be less than
    the doubt shared among all ``comparisons``: of forty reps who are all alike, two would else
    stand out.
    """
    if overall is None or rate.interval is None or not 0 < overall < 1:
        return 0
    low, high = rate.interval
    if low <= overall <= high:
        return 0
    side = 1 if low > overall else -1
    each = DOUBT / 2 / max(comparisons, 1)
    if rate.total > EXACT_UP_TO:
        z = NormalDist().inv_cdf(1 - each)
        low, high = wilson_interval(rate.count, rate.total, z)
        return 0 if low <= overall <= high else side
    return side if _tail(rate, overall, side) < each else 0


def _tail(rate: Rate, share: float, side: int) -> float:
    """How likely so many, or a count further on that side, is when the true share is ``share``."""
    counts = range(rate.count, rate.total + 1) if side > 0 else range(rate.count + 1)
    return sum(_binomial(count, rate.total, share) for count in counts)


def _binomial(count: int, total: int, share: float) -> float:
    ways = lgamma(total + 1) - lgamma(count + 1) - lgamma(total - count + 1)
    return exp(ways + count * log(share) + (total - count) * log(1 - share))


def newcombe(first: Rate, second: Rate) -> tuple[float, float, float] | None:
    """(difference, low, high) of two shares, first − second; None where one has no cases.

    Newcombe's hybrid score interval: the Wilson limits of both, at 95 %.
    """
    if first.interval is None or second.interval is None:
        return None
    assert first.share is not None
    assert second.share is not None
    (low1, high1), (low2, high2) = first.interval, second.interval
    difference = first.share - second.share
    return (
        difference,
        difference - hypot(first.share - low1, high2 - second.share),
        difference + hypot(high1 - first.share, second.share - low2),
    )
