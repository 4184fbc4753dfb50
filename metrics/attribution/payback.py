"""When credit comes back: "whose timeline is it anyway" (docs/economics.md).

A deal's credit comes with its closing. Here it is told by how long before that the journey began.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import FromClause, Select, cast, func, select
from sqlalchemy.types import Double, Integer

from data.config import Config
from data.dialects.functions import microseconds_between
from data.warehouse import Warehouse
from metrics.attribution.credit import attribute
from metrics.attribution.journeys import journey_touches
from metrics.attribution.model import MODELS, AttributionQuery
from metrics.attribution.players import player_columns
from metrics.attribution.rounding import to_cents, without_noise
from metrics.attribution.weights import DAY_MICROSECONDS, placed_touches, weight
from metrics.cache import cached_rows

MONTH_DAYS = 30
# Months 0 to 11 and, in the last place, all that took a year or longer.
MONTHS = 13

Row = Mapping[str, Any]
Member = str | None
# A member's credit by the whole days between the journey's first touch and its end.
Days = dict[int, float]


@dataclass(frozen=True)
class PaybackRow:
    """One member's credit by months of 30 days from the journey's first touch to the deal.

    ``by_month`` has ``MONTHS`` places that add up to ``credit``, to the cent; ``median_days`` is
    the age by which half of the credit had come; None where credit is not above 0.
    """

    credit: Decimal
    by_month: tuple[Decimal, ...]
    median_days: float | None

    @property
    def shares(self) -> tuple[float, ...] | None:
        """The parts (0–1) of the credit by month; None where it is not above 0."""
        if self.credit <= 0:
            return None
        return tuple(float(part / self.credit) for part in self.by_month)

    @property
    def median_months(self) -> float | None:
        return None if self.median_days is None else self.median_days / MONTH_DAYS


@dataclass(frozen=True)
class Payback:
    """Credit over time by member of the query's dimension, the largest first, and all together.

    The members' credit is that of ``attribute``. ``reason``: why there is none (Markov has no
    credit by journey).
    """

    model: str
    by: str
    rows: Mapping[Member, PaybackRow]
    total: PaybackRow | None
    reason: str | None = None


def payback(warehouse: Warehouse, query: AttributionQuery) -> Payback:
    """When each member's credit came, counted from the first touch of the journey.

    Raises ``QueryError`` for a filter that opportunities do not know.
    """
    if not MODELS[query.model].by_journey:
        reason = f"{MODELS[query.model].label} exists in aggregate only: its credit has no dates."
        return Payback(query.model, query.by, {}, None, reason)
    credited = attribute(warehouse, query)
    found: dict[Member, Days] = defaultdict(dict)
    for row in cached_rows(warehouse, payback_statement(query, warehouse.config)):
        found[row[query.by]][int(row["days"])] = float(row["credit"])
    rows = {one.member: _row(found[one.member], one.credit) for one in credited.rows}
    everything: Days = defaultdict(float)
    for days in found.values():
        for age, credit in days.items():
            everything[age] += credit
    total = _row(everything, credited.attributed) if rows else None
    return Payback(query.model, query.by, rows, total)


def payback_statement(query: AttributionQuery, config: Config) -> Select:
    """A row a member and age: the whole ``days`` from a journey's first touch to its end, and the
    ``credit`` of the deals that took so long."""
    players = player_columns(query.by)
    rows = journey_touches(query, config, players)
    placed = placed_touches(rows, tuple(players), query, config, (query.model,), kept=("anchor",))
    weighed = _with_age(placed, query, config)
    member = weighed.c[query.by]
    money = func.sum(weighed.c.share * cast(func.coalesce(weighed.c.amount, 0), Double))
    return select(member, weighed.c.days, money.label("credit")).group_by(member, weighed.c.days)


def _with_age(placed: FromClause, query: AttributionQuery, config: Config) -> FromClause:
    """Adds ``share`` and ``days``."""
    p = placed.c
    first = func.min(p.occurred_at).over(partition_by=p.journey)
    share = cast(weight(query.model, placed, config, query.basis), Double).label("share")
    begun = select(placed, share, first.label("first_at")).subquery("begun_touches")
    age = microseconds_between(begun.c.first_at, begun.c.anchor)
    days = cast(func.floor(cast(age, Double) / DAY_MICROSECONDS), Integer)
    return select(begun, days.label("days")).subquery("aged_touches")


def _row(days: Days, credit: Decimal) -> PaybackRow:
    months = [0.0] * MONTHS
    for age, money in days.items():
        months[min(age // MONTH_DAYS, MONTHS - 1)] += money
    cents = to_cents([without_noise(money) for money in months], credit)
    return PaybackRow(credit, tuple(cents), _median(days) if credit > 0 else None)


def _median(days: Mapping[int, float]) -> float | None:
    """The first age by which half of the credit had come."""
    whole, so_far = sum(days.values()), 0.0
    for age in sorted(days):
        so_far += days[age]
        if so_far * 2 >= whole > 0:
            return float(age)
    return None
