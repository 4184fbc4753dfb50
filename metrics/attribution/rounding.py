"""Money that adds up: shares rounded to the cent by largest remainder."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

CENT = Decimal("0.01")
# What is smaller than a hundredth of a cent is noise of floating-point sums; it must not decide
# who comes first, or the same question would have two answers.
NOISE = Decimal("0.0001")


def without_noise(amount: float) -> Decimal:
    """A floating-point amount as exact as it can be known."""
    return Decimal(repr(float(amount))).quantize(NOISE) + 0  # + 0 makes -0 a 0


def to_cents(amounts: Sequence[Decimal], total: Decimal) -> list[Decimal]:
    """The amounts rounded to cents so that they add up to ``total`` exactly.

    Each is rounded down and the cents that are left go to those with the largest remainder, of
    equal ones to the earlier. ``amounts`` must add up to ``total`` but for noise.
    """
    if not amounts:
        return []
    floors = [amount.quantize(CENT, ROUND_FLOOR) for amount in amounts]
    left = int((total - sum(floors)) / CENT)
    everyone, some = divmod(left, len(amounts))
    by_remainder = sorted(range(len(amounts)), key=lambda i: (floors[i] - amounts[i], i))
    lucky = set(by_remainder[:some])
    return [floor + (everyone + (i in lucky)) * CENT for i, floor in enumerate(floors)]
