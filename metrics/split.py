"""A change split into contributions by member that add up to it exactly: the arithmetic.

An additive KPI changes by the sum of its members' changes. For a ratio R = Σn ÷ Σd, member i with
rate r = n/d and weight w = d/Σd, before (0) and after (1), contributes

    rate = (r1 − r0) · (w0 + w1)/2                 it converts differently
    mix  = (w1 − w0) · ((r0 + r1)/2 − (R0 + R1)/2)    it is a larger or smaller part of the whole

The weights add up to 1 on both sides, so Σ(w1 − w0) = 0, the constant drops out, and Σ(rate + mix)
= Σ(w1·r1 − w0·r0) = R1 − R0 with no residual; swapping the sides changes the signs alone. A member
without denominator on one side has no rate there: it takes the other side's, so that coming and
going is mix. Numerators without a denominator (spend in a channel without MQLs) have no rate at
all; what they contribute is called rate, for no share of the whole has shifted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import fsum

Members = tuple[str | None, ...]


@dataclass(frozen=True)
class Sums:
    """What is added up: a numerator and, for ratios, a denominator."""

    numerator: float = 0.0
    denominator: float | None = None

    @property
    def value(self) -> float | None:
        """The figure itself: the sum, or the quotient (None where the denominator is 0)."""
        if self.denominator is None:
            return self.numerator
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True)
class Part:
    """One member's contribution, in the KPI's unit; of an additive KPI all of it is ``rate``."""

    members: Members
    before: Sums
    after: Sums
    rate: float
    mix: float

    @property
    def total(self) -> float:
        return self.rate + self.mix


def split_change(
    before: Mapping[Members, Sums], after: Mapping[Members, Sums]
) -> tuple[Part, ...] | None:
    """The parts of a change, the largest first; None where a ratio is undefined on one side."""
    members = sorted({*before, *after}, key=_order)
    is_ratio = any(s.denominator is not None for s in (*before.values(), *after.values()))
    nothing = Sums(0.0, 0.0 if is_ratio else None)
    pairs = [(m, before.get(m, nothing), after.get(m, nothing)) for m in members]
    if not is_ratio:
        parts = [Part(m, b, a, a.numerator - b.numerator, 0.0) for m, b, a in pairs]
    else:
        whole = add_up(before.values()), add_up(after.values())
        if not (whole[0].denominator and whole[1].denominator):
            return None
        parts = [_ratio_part(m, b, a, *whole) for m, b, a in pairs]
    return tuple(sorted(parts, key=lambda part: -abs(part.total)))


def _order(members: Members) -> list[tuple[bool, str]]:
    return [(member is None, member or "") for member in members]


def add_up(parts: Iterable[Sums]) -> Sums:
    """Σ of numerators and of denominators."""
    parts = list(parts)
    denominators = [part.denominator for part in parts if part.denominator is not None]
    return Sums(
        fsum(part.numerator for part in parts), fsum(denominators) if denominators else None
    )


def _ratio_part(
    members: Members, before: Sums, after: Sums, whole_before: Sums, whole_after: Sums
) -> Part:
    """The formula of the module's head. Both wholes have a denominator."""
    assert whole_before.denominator
    assert whole_after.denominator
    w0 = (before.denominator or 0.0) / whole_before.denominator
    w1 = (after.denominator or 0.0) / whole_after.denominator
    centre = ((whole_before.value or 0.0) + (whole_after.value or 0.0)) / 2
    r0, r1 = before.value, after.value
    if r0 is None and not before.numerator:
        r0 = r1
    if r1 is None and not after.numerator:
        r1 = r0
    if r0 is None or r1 is None:
        share = after.numerator / whole_after.denominator
        share -= before.numerator / whole_before.denominator
        return Part(members, before, after, share - (w1 - w0) * centre, 0.0)
    rate = (r1 - r0) * (w0 + w1) / 2
    return Part(members, before, after, rate, (w1 - w0) * ((r0 + r1) / 2 - centre))
