"""What changed since a review was closed: each figure then and now, and why it differs.

The difference is split in one fixed order: what was frozen → the same asked again of today's data
and program → as of today's moment → under today's definitions (docs/review.md). Parts are exact
fractions and add up to now − then, always; one that cannot be known is None, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from math import isclose

from data.code_version import code_version
from data.derive import stale_reason
from data.warehouse import Warehouse
from metrics.catalog import CATALOG
from metrics.compare import why_undefined
from metrics.definitions import definition_parts, differences
from metrics.query import Row
from metrics.review.figures import Figure, Question, ask
from metrics.review.snapshot import Snapshot

# Sums of floating-point numbers differ in their last digits from run to run; nothing that a
# company counts differs by so little.
NOISE = 1e-9


class Cause(StrEnum):
    """Why a figure differs, in the order of the split. Where two things changed at once and cannot
    be told apart they are one part, and its name says both."""

    DATA = "new data"
    PROGRAM = "the program"
    DATA_AND_PROGRAM = "new data and a new program"
    ENTERED = "entered or derived anew"
    AS_OF = "the new moment"
    DEFINITION = "the new definition"
    DATA_AND_DEFINITION = "new data and the new definition"
    PROGRAM_AND_DEFINITION = "the program and the new definition"
    ALL = "new data, a new program and the new definition"


_WITH_DEFINITION = {
    Cause.DATA: Cause.DATA_AND_DEFINITION,
    Cause.PROGRAM: Cause.PROGRAM_AND_DEFINITION,
    Cause.DATA_AND_PROGRAM: Cause.ALL,
    Cause.ENTERED: Cause.DEFINITION,
}


@dataclass(frozen=True)
class Part:
    """One step of the split, in the KPI's unit; ``change`` None where one side is undefined."""

    cause: Cause
    change: Fraction | None
    reason: str | None = None


@dataclass(frozen=True)
class Changed:
    """A figure then and now. The parts add up to ``change``, wherever all of them are known.

    ``note`` says which part of the definition changed, or what could not be told apart, and why.
    """

    figure: Figure
    now: float | None
    parts: tuple[Part, ...]
    note: str | None = None

    @property
    def change(self) -> Fraction | None:
        then = self.figure.value
        return None if then is None or self.now is None else Fraction(self.now) - Fraction(then)

    @property
    def is_unchanged(self) -> bool:
        """Whether nothing moved it, not even two things that cancel out."""
        if self.figure.value is None or self.now is None:
            return self.figure.value is None and self.now is None
        return all(part.change == 0 for part in self.parts)

    @property
    def size(self) -> float:
        """How much of itself it changed; what came or went stands above all."""
        if self.change is None:
            return float("inf") if not self.is_unchanged else 0.0
        scale = max(abs(self.figure.value or 0.0), abs(self.now or 0.0))
        return float(abs(self.change)) / scale if scale else 0.0


@dataclass(frozen=True)
class Changes:
    """All figures of a snapshot against now. ``changed`` are those that moved, largest first."""

    changed: tuple[Changed, ...]
    unchanged: int
    first: Cause  # what the first step is of
    then_as_of: datetime
    now_as_of: datetime

    @property
    def figures(self) -> int:
        return len(self.changed) + self.unchanged


def what_changed(warehouse: Warehouse, snapshot: Snapshot) -> Changes:
    """Ask every frozen figure again, in three worlds, and split what it differs by.

    Raises ``WarehouseError`` when the warehouse does not answer.
    """
    comparison = _Comparison(warehouse, snapshot)
    found = [comparison.compare(figure) for figure in snapshot.figures]
    moved = [one for one in found if not one.is_unchanged]
    moved.sort(key=lambda one: (-one.size, one.figure.item))
    return Changes(
        tuple(moved),
        len(found) - len(moved),
        comparison.first,
        snapshot.as_of,
        warehouse.default_as_of,
    )


def first_cause(snapshot: Snapshot, data_version: str, program_version: str) -> Cause:
    """What the first step of the split is of: what has changed beneath the figures."""
    new_data = snapshot.data_version != data_version
    new_program = snapshot.program_version != program_version
    if new_data:
        return Cause.DATA_AND_PROGRAM if new_program else Cause.DATA
    return Cause.PROGRAM if new_program else Cause.ENTERED


class _Comparison:
    """The answers of the three worlds, and the split of one figure at a time."""

    def __init__(self, warehouse: Warehouse, snapshot: Snapshot) -> None:
        self.first = first_cause(snapshot, warehouse.data_version, code_version())
        self.then, self.now = snapshot.as_of, warehouse.default_as_of
        self._config, self._new_config = snapshot.config, warehouse.config
        questions = [f.question for f in snapshot.figures if f.question.metric in CATALOG]
        old = None if snapshot.config is None else warehouse.configured(snapshot.config)
        self._unread = (
            None
            if old is not None
            else ("the configuration of then cannot be read by this program")
        )
        self._stale = None if old is None else stale_reason(old)
        self._old_then = {} if old is None else ask(old, questions, self.then)
        self._old_now = {} if old is None else ask(old, questions, self.now)
        self._new_now = ask(warehouse, questions, self.now)
        # Under today's definition as of then: for figures that the old one cannot be asked of.
        merged = [q for q in questions if self._is_merged(q)]
        self._new_then = ask(warehouse, merged, self.then)

    def _is_merged(self, question: Question) -> bool:
        """Whether the old definition cannot be asked any more: business time is derived for the
        new one, or the old configuration is not readable."""
        if self._unread is not None:
            return True
        # What is stale under both is no matter of the definition.
        is_stale = self._stale is not None and self._old_then[question].reason == self._stale
        return is_stale and self._new_now[question].reason != self._stale

    def compare(self, figure: Figure) -> Changed:
        question = figure.question
        now = self._new_now.get(question)
        if now is None:
            gone = "it is no KPI of this program any more"
            return Changed(figure, None, (Part(Cause.PROGRAM, None, f"now: {gone}"),))
        merged = self._is_merged(question)
        steps = self._steps(question, now, merged)
        parts = split(figure.value, figure.reason, steps)
        last = _settled(figure.value, [step.value for step in steps])[-1]
        note = self._note() if merged else self._definition_words(question, parts)
        return Changed(figure, last, parts, note)

    def _steps(self, question: Question, now: Row, merged: bool) -> list[Step]:
        if merged:
            both = _WITH_DEFINITION[self.first]
            return [
                Step.of(both, "as of then", self._new_then[question]),
                Step.of(Cause.AS_OF, "now", now),
            ]
        return [
            Step.of(self.first, "asked again as of then", self._old_then[question]),
            Step.of(Cause.AS_OF, "by the old definition", self._old_now[question]),
            Step.of(Cause.DEFINITION, "now", now),
        ]

    def _definition_words(self, question: Question, parts: Sequence[Part]) -> str | None:
        """What of the definition changed, for a figure that it moved: "window, days 30 → 14"."""
        moved = any(p.cause is Cause.DEFINITION and p.change != 0 for p in parts)
        if not moved or self._config is None:
            return None
        metric = CATALOG[question.metric]
        before, now = (definition_parts(c, metric) for c in (self._config, self._new_config))
        found = [
            f"{d.part} {d.before or 'none'} → {d.now or 'none'}" for d in differences(before, now)
        ]
        return f"The definition: {'; '.join(found)}." if found else None

    def _note(self) -> str:
        if self._unread is not None:
            why = self._unread
        else:
            why = "business time is derived for the new business hours and targets"
        return f"The old definition cannot be applied any more: {why}."


@dataclass(frozen=True)
class Step:
    """A world that a figure is asked in again: what is new in it, how it is called where it has no
    value, and its answer."""

    cause: Cause
    name: str
    value: float | None
    reason: str | None = None

    @classmethod
    def of(cls, cause: Cause, name: str, row: Row) -> Step:
        reason = None if row.value is not None else why_undefined(row)
        return cls(cause, name, row.value, reason)


def split(then: float | None, reason: str | None, steps: Sequence[Step]) -> tuple[Part, ...]:
    """The parts between a frozen value and those of some worlds, in their order.

    Between two worlds without a value nothing has changed; from or to one the part is not known.
    """
    values = _settled(then, [step.value for step in steps])
    words = [f"then: {reason}", *(f"{step.name}: {step.reason}" for step in steps)]
    parts: list[Part] = []
    for place, step in enumerate(steps):
        before, after = values[place], values[place + 1]
        if before is None and after is None:
            parts.append(Part(step.cause, Fraction(0)))
        elif before is None or after is None:
            parts.append(Part(step.cause, None, words[place if before is None else place + 1]))
        else:
            parts.append(Part(step.cause, Fraction(after) - Fraction(before)))
    return tuple(parts)


def _settled(first: float | None, others: Sequence[float | None]) -> list[float | None]:
    """The values in a row, those that differ by noise alone made the same."""
    settled = [first]
    for value in others:
        last = settled[-1]
        if (
            value is not None
            and last is not None
            and isclose(value, last, rel_tol=NOISE, abs_tol=NOISE)
        ):
            value = last
        settled.append(value)
    return settled
