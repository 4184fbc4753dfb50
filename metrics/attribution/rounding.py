"""Money that adds up: shares rounded to the cent by largest remainder."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

CENT = Decimal("0.01")
# A thousandth of a thousandth of a cent: what is smaller is noise of floating-point sums.
NOISE = Decimal("0.00000001")


def to_cents(amounts: Sequence[float], total: Decimal) -> list[Decimal]:
    """The amounts rounded to cents so that they add up to ``total`` exactly.

    Each is rounded down and the cents that are left go to those with the largest remainder, of
    equal ones to the earlier. ``amounts`` must add up to ``total`` but for floating-point noise.
    """
    if not amounts:
        return []
    exact = [Decimal(repr(float(amount))).quantize(NOISE) for amount in amounts]
    floors = [amount.quantize(CENT, ROUND_FLOOR) for amount in exact]
    left = int((total - sum(floors)) / CENT)
    everyone, some = divmod(left, len(amounts))
    by_remainder = sorted(range(len(amounts)), key=lambda i: (floors[i] - exact[i], i))
    lucky = set(by_remainder[:some])
    return [floor + (everyone + (i in lucky)) * CENT for i, floor in enumerate(floors)]
