"""What a figure was and is, and the parts of the difference, written so that they add up as read.

Then, now and every part stand at one precision: the parts are rounded by largest remainder to the
difference of the two figures as they are written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from babel.numbers import format_currency, format_decimal, get_currency_precision

from metrics.model import Unit
from metrics.report.format import MINUS, UNDEFINED, Formats
from metrics.report.view_words import span_words
from metrics.review.changes import Cause, Changed, Changes

SPLIT_RULE = (
    "Each difference is split in one order: what today's data and program make of the same "
    "question, then today's moment, then today's definition. The parts add up to the change."
)
_SUFFIXES = {Unit.HOURS: " h", Unit.DAYS: " d", Unit.MULTIPLE: "×"}
# A difference too small for a unit's usual decimals gets up to so many.
MOST_DECIMALS = 6


@dataclass(frozen=True)
class ShownPart:
    """``text`` is "+3" or "–", then with its reason."""

    cause: Cause
    text: str
    reason: str | None = None


@dataclass(frozen=True)
class ShownSplit:
    """One figure in words: "14.2%", "15.1%", "+0.9 pp"."""

    then: str
    now: str
    change: str
    parts: tuple[ShownPart, ...]


def shown_split(changed: Changed, formats: Formats) -> ShownSplit:
    """A figure's then, now and parts, all at one precision."""
    figure, unit = changed.figure, changed.figure.unit
    then, now = _exact(figure.value), _exact(changed.now)
    known = [part.change for part in changed.parts if part.change is not None]
    decimals = _decimals(unit, [then, now], known, formats)
    write = _Writer(unit, decimals, formats)
    change = None
    if then is not None and now is not None:
        change = write.steps(now) - write.steps(then)
    steps: list[int | None] = [None if p.change is None else 0 for p in changed.parts]
    if known and change is not None and len(known) == len(changed.parts):
        steps = list(_add_up(known, write.size, change))
    elif known:
        found = iter(known)
        steps = [None if s is None else write.steps(next(found)) for s in steps]
    parts = tuple(
        ShownPart(part.cause, write.difference(step), part.reason if step is None else None)
        for part, step in zip(changed.parts, steps, strict=True)
    )
    return ShownSplit(write.value(then), write.value(now), write.difference(change), parts)


def _exact(value: float | None) -> Fraction | None:
    return None if value is None else Fraction(value)


def _decimals(
    unit: Unit,
    values: Sequence[Fraction | None],
    parts: Sequence[Fraction],
    formats: Formats,
) -> int:
    """As many as the unit has, and more while no part of a difference would be seen."""
    decimals = 1
    if unit is Unit.MONEY:
        decimals = get_currency_precision(formats.currency)
    elif unit is Unit.COUNT:
        known = [value for value in values if value is not None]
        decimals = 0 if all(value.denominator == 1 for value in known) else 1
    scale = 100 if unit is Unit.SHARE else 1
    while decimals < MOST_DECIMALS and any(parts):
        if any(round(part * scale * 10**decimals) for part in parts):
            break
        decimals += 1
    return decimals


def _add_up(parts: Sequence[Fraction], size: Fraction, total: int) -> list[int]:
    """The parts in whole steps of ``size`` that add up to ``total``: rounded down, and what is
    left goes to the largest remainders, of equal ones to the earlier."""
    floors = [floor(part / size) for part in parts]
    left = total - sum(floors)
    everyone, some = divmod(left, len(parts))
    by_remainder = sorted(range(len(parts)), key=lambda i: (floors[i] - parts[i] / size, i))
    lucky = set(by_remainder[:some])
    return [low + everyone + (i in lucky) for i, low in enumerate(floors)]


@dataclass(frozen=True)
class _Writer:
    """Writes numbers of one unit with so many decimals; differences in whole steps of the last."""

    unit: Unit
    decimals: int
    formats: Formats

    @property
    def size(self) -> Fraction:
        """What the last decimal is worth, in the KPI's unit."""
        return Fraction(1, 10**self.decimals * (100 if self.unit is Unit.SHARE else 1))

    def steps(self, value: Fraction) -> int:
        return round(value / self.size)

    def value(self, value: Fraction | None) -> str:
        if value is None:
            return UNDEFINED
        steps = self.steps(value)
        sign = MINUS if steps < 0 else ""
        return f"{sign}{self._size(abs(steps), '%' if self.unit is Unit.SHARE else None)}"

    def difference(self, steps: int | None) -> str:
        if steps is None:
            return UNDEFINED
        if steps == 0:
            return "0"
        return f"{'+' if steps > 0 else MINUS}{self._size(abs(steps), None)}"

    def _size(self, steps: int, suffix: str | None) -> str:
        # In steps of the last decimal, which a double holds exactly where a figure is one.
        number = steps / 10**self.decimals
        pattern = "#,##0" + ("." + "0" * self.decimals if self.decimals else "")
        if self.unit is Unit.MONEY:
            return format_currency(
                number,
                self.formats.currency,
                locale=self.formats.locale,
                currency_digits=False,
                decimal_quantization=False,
            )
        text = format_decimal(number, pattern, locale=self.formats.locale)
        if self.unit is Unit.SHARE:
            return f"{text}{suffix}" if suffix else f"{text} pp"
        return text + _SUFFIXES.get(self.unit, "")


# -- a row of the table ---------------------------------------------------------------------------


@dataclass(frozen=True)
class ChangedWords:
    """One figure of the table of changes: ``parts`` by the table's causes, ``notes`` below it."""

    label: str
    days: str
    then: str
    now: str
    change: str
    parts: tuple[str, ...]
    notes: str


def causes_of(found: Changes) -> tuple[Cause, Cause, Cause]:
    """What the three parts of the table's columns are of."""
    return found.first, Cause.AS_OF, Cause.DEFINITION


def changed_words(one: Changed, causes: Sequence[Cause], formats: Formats) -> ChangedWords:
    """A figure then and now and why, as the table of changes tells it."""
    split = shown_split(one, formats)
    by_cause = {part.cause: part for part in split.parts}
    merged = next((part for part in split.parts if part.cause not in causes), None)
    texts = [by_cause[cause].text if cause in by_cause else UNDEFINED for cause in causes]
    notes = list(dict.fromkeys(part.reason for part in split.parts if part.reason))
    if merged is not None:
        # What could not be told apart stands once, and the note says what it is of.
        texts[0], texts[2] = f"{merged.text} †", "in †"
        notes.append(f"† {merged.cause}, together")
    if one.note:
        notes.append(one.note)
    figure = one.figure
    days = f"{figure.qualifier}, " if figure.qualifier else ""
    days += span_words(figure.question.span, formats.locale)
    told = " ".join(_sentence(text) for text in notes)
    return ChangedWords(figure.label, days, split.then, split.now, split.change, tuple(texts), told)


def unchanged_words(found: Changes) -> str:
    return f"{found.unchanged} of {found.figures} figures unchanged"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sentence(text: str) -> str:
    return capital(text) + ("" if text.endswith((".", "!", "?")) else ".")
