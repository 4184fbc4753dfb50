"""Who took part at all, and marketing's share of the credit over all models (handbook §7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import Select, case, func, select

from data.config import Config
from data.tables import touches
from data.warehouse import Warehouse
from metrics.attribution.credit import attribute_all
from metrics.attribution.journeys import deals, journey_touches, team_marks
from metrics.attribution.model import Attribution, AttributionQuery, By
from metrics.engine import cached_rows


@dataclass(frozen=True)
class Touched:
    """Opportunities and their money; ``unknown_amounts`` of them carry none."""

    opportunities: int = 0
    amount: Decimal = Decimal(0)
    unknown_amounts: int = 0


@dataclass(frozen=True)
class TeamFacts:
    """The plain facts before any model. The five add up to ``total``, exactly.

    ``both``: marketing and sales touched it; ``marketing`` and ``sales``: one of the two and not
    the other; ``others``: neither, but a partner or customer success did; ``nobody``: no eligible
    touch, which is what no model can attribute.
    """

    both: Touched
    marketing: Touched
    sales: Touched
    others: Touched
    nobody: Touched
    total: Touched


GROUPS = ("both", "marketing", "sales", "others", "nobody")


def team_facts(warehouse: Warehouse, query: AttributionQuery) -> TeamFacts:
    """Raises ``QueryError`` for a filter that opportunities do not know."""
    rows = cached_rows(warehouse, team_statement(query, warehouse.config))
    found = {
        row["touched_by"]: Touched(
            int(row["opportunities"]),
            Decimal(row["amount"] or 0),
            int(row["opportunities"]) - int(row["known"]),
        )
        for row in rows
    }
    total = Touched(
        sum(part.opportunities for part in found.values()),
        sum((part.amount for part in found.values()), Decimal(0)),
        sum(part.unknown_amounts for part in found.values()),
    )
    return TeamFacts(**{name: found.get(name, Touched()) for name in GROUPS}, total=total)


def team_statement(query: AttributionQuery, config: Config) -> Select:
    """A row a group of ``GROUPS`` that occurs: ``touched_by``, counts and the sum of amounts."""
    rows = deals(query, config).subquery("all_deals")
    marks = team_marks(journey_touches(query, config, {"team": touches.c.team})).subquery("teams")
    m = marks.c
    touched_by = case(
        (m.key.is_(None), "nobody"),
        (m.marketing + m.sales == 2, "both"),
        (m.marketing == 1, "marketing"),
        (m.sales == 1, "sales"),
        else_="others",
    ).label("touched_by")
    grouped = (
        select(touched_by, rows.c.amount)
        .select_from(rows.outerjoin(marks, m.key == rows.c.key))
        .subquery("grouped_deals")
    )
    return select(
        grouped.c.touched_by,
        func.count().label("opportunities"),
        func.count(grouped.c.amount).label("known"),
        func.sum(grouped.c.amount).label("amount"),
    ).group_by(grouped.c.touched_by)


@dataclass(frozen=True)
class TeamSplit:
    """Credit by team under every model; shares (0–1) are of what can be attributed.

    A share is None where the attributed money is not above 0. ``low`` and ``high`` are the least
    and the largest of marketing's shares over the models, ``marketing`` that of ``model``.
    """

    model: str
    answers: Mapping[str, Attribution]
    shares: Mapping[str, float | None]

    @property
    def marketing(self) -> float | None:
        return self.shares[self.model]

    @property
    def low(self) -> float | None:
        return min((share for share in self.shares.values() if share is not None), default=None)

    @property
    def high(self) -> float | None:
        return max((share for share in self.shares.values() if share is not None), default=None)


def team_share(answer: Attribution, team: str) -> float | None:
    """A team's share (0–1) of the attributed money; None where that is not above 0."""
    if answer.attributed <= 0:
        return None
    return float(answer.credit_of(team) / answer.attributed)


def team_split(warehouse: Warehouse, query: AttributionQuery) -> TeamSplit:
    """Credit by team whatever dimension the query asks for.

    Raises ``QueryError`` for a filter that opportunities do not know.
    """
    answers = attribute_all(warehouse, replace(query, by=By.TEAM))
    shares = {model: team_share(answer, "marketing") for model, answer in answers.items()}
    return TeamSplit(query.model, answers, shares)
