"""Number axes for charts whose rows are scaled when their data are made."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

# Room above the highest and below the lowest figure, as a part of their distance: for labels.
HEADROOM = 0.22


@dataclass(frozen=True)
class Axis:
    """From ``low`` to ``high``; neither equals the other."""

    low: float
    high: float

    def share(self, value: float) -> float:
        """Where a value lies, 0 at the bottom, 1 at the top."""
        return (value - self.low) / (self.high - self.low)

    def ticks(self, at_most: int = 4) -> list[float]:
        """Round values within, at most so many."""
        rough = (self.high - self.low) / at_most
        magnitude = 10.0 ** math.floor(math.log10(rough))
        step = next(m * magnitude for m in (1, 2, 2.5, 5, 10) if m * magnitude >= rough)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [n * step for n in range(first, last + 1)]


def axis_of(values: Iterable[float], headroom: float = HEADROOM) -> Axis:
    """An axis that holds the values with room around; never below 0 where no value is."""
    known = list(values)
    if not known:
        return Axis(0.0, 1.0)
    low, high = min(known), max(known)
    room = (high - low) * headroom or abs(high) * headroom or 1.0
    bottom = low - room
    return Axis(max(0.0, bottom) if low >= 0 else bottom, high + room)
