"""What a KPI is: its fields, kinds, units and the states that its values can be in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from metrics.calendar import Calendar, Span


class Team(StrEnum):
    MARKETING = "marketing"
    SHARED = "shared"
    SALES = "sales"


class Kind(StrEnum):
    COUNT = "count"
    SUM = "sum"
    RATIO = "ratio"
    COHORT = "cohort"
    DURATION = "duration"
    DERIVED = "derived"


class Unit(StrEnum):
    """How a value is written: a count, money, a share (0–1), days, business hours, a multiple."""

    COUNT = "count"
    MONEY = "money"
    SHARE = "share"
    DAYS = "days"
    HOURS = "hours"
    MULTIPLE = "multiple"


class Direction(StrEnum):
    """Which way is better; NEUTRAL for a figure that only gives the scale."""

    UP = "up"
    DOWN = "down"
    NEUTRAL = "neutral"


class Status(StrEnum):
    """The state of one value; of several the first holds (contract §2)."""

    NO_DATA = "no_data"
    PARTIAL = "partial"
    MATURING = "maturing"
    FINAL = "final"


@dataclass(frozen=True)
class Measure:
    """A number that a fact yields for a span: one aggregate column of ``metrics/facts``.

    ``fact`` names the fact, ``column`` the aggregate that the fact offers.
    """

    fact: str
    column: str


class Parts(NamedTuple):
    """What a derived KPI's inputs make; ``reason`` says in words why there is no value.

    ``label``: what it is to be called where the data do not bear its name; ``note`` says why.
    """

    value: float | None
    numerator: float | None
    denominator: float | None
    reason: str | None = None
    label: str | None = None
    note: str | None = None


class TargetOf(NamedTuple):
    """The target of a metric over a span, under the question's own filter and split.

    ``member``: of this (dimension, member) instead, where the question names none.
    """

    metric: str
    span: Span
    member: tuple[str, str] | None = None


@dataclass(frozen=True)
class Derived:
    """How a KPI is made of others, each over a span of its own.

    ``inputs`` says, for a span asked about, which metric over which span goes by which name; it is
    given the company's calendar and the as-of moment. ``combine`` makes the figures of the inputs'
    values by name, each None where undefined.

    ``targets`` says the same of the targets that it is made of (docs/targets.md); a target that is
    not set is None. Where none of them is set the KPI has no data and says so.

    ``over`` names a dimension: the figures are made for each member of it that has a target, and
    numerators and denominators added up (quotas of reps). Only "rep" is known.

    ``aside`` are inputs that are no part of the figure, only of what is said of it.
    """

    inputs: Callable[[Span, Calendar, datetime], Mapping[str, tuple[str, Span]]]
    combine: Callable[[Mapping[str, float | None]], Parts]
    targets: Callable[[Span, Calendar, datetime], Mapping[str, TargetOf]] | None = None
    over: str | None = None
    aside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fallback:
    """What a KPI takes where ``table`` is empty, and how it says so.

    ``mark`` stands beside the figure (two or three words), ``note`` is the sentence behind it.
    """

    table: str
    mark: str
    note: str


@dataclass(frozen=True)
class Metric:
    """One KPI, declared once, in ``metrics/catalog``.

    ``numerator`` alone makes a count or sum; with ``denominator`` a ratio of the two. A cohort
    names its ``stages`` (from, to); a duration its ``percentile`` (None means the mean); a
    derived one how it is made of others.
    ``tables`` are those it cannot do without, ``needs_stages`` the stages that the company must
    use, ``maturing`` counts what is still open (a cohort knows that itself); ``slow`` KPIs stand
    on the weekly scorecard over the trailing 13 weeks. ``by_account`` False: it cannot be counted
    by account, though it counts stages.

    ``beside`` names a KPI whose figure is shown beside it. ``by_quarter`` KPIs stand on their
    quarter, whatever shorter period is reviewed; those that look ahead (``looks_ahead``) on the one
    still running, with the next beside it. Counts and sums whose weeks do not add up to their
    quarter say so by ``spans_add_up``: their targets have no parts. ``whole_company`` KPIs need the
    journeys of all deals: whoever may see a part of the data alone is not told them.
    ``window_days``: of a cohort with another window than the company's (``by_day``).
    """

    id: str
    label: str
    team: Team
    kind: Kind
    unit: Unit
    direction: Direction
    definition: str
    formula: str
    counted_by: str
    null_rule: str
    tables: tuple[str, ...]
    dimensions: tuple[str, ...]
    owner: str
    numerator: Measure | None = None
    denominator: Measure | None = None
    stages: tuple[str, str] | None = None
    percentile: float | None = None
    slow: bool = False
    needs_stages: tuple[str, ...] = ()
    maturing: Measure | None = None
    derived: Derived | None = None
    beside: str | None = None
    by_quarter: bool = False
    looks_ahead: bool = False
    spans_add_up: bool = True
    fallback: Fallback | None = None
    by_account: bool = True
    whole_company: bool = False
    window_days: int | None = None
