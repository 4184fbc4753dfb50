"""Single journeys: one opportunity's touches with their weights, and the paths that win most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Select, func, or_, select

from data.config import Config
from data.dialects.functions import as_list, texts_in_order
from data.tables import touches
from data.warehouse import Warehouse
from metrics.attribution.journeys import deals, journey_touches, with_lead_creation
from metrics.attribution.model import MODELS, AttributionQuery
from metrics.attribution.players import COLUMNS, player_columns
from metrics.attribution.weights import placed_touches, weight
from metrics.engine import cached_rows
from metrics.errors import QueryError

MAX_PATHS = 100
SINGLE = tuple(model.id for model in MODELS.values() if model.by_journey)
SHOWN = {
    "lead_id": touches.c.lead_id,
    "team": touches.c.team,
    "channel": touches.c.channel,
    "kind": touches.c.kind,
    "campaign": touches.c.campaign_id,
    "asset": touches.c.asset,
    "rep": touches.c.rep_id,
}


@dataclass(frozen=True)
class JourneyTouch:
    """One eligible touch and its share (0–1) of the opportunity, by model id.

    There is none of ``markov``, which exists in aggregate only.
    """

    touch_id: str
    occurred_at: datetime  # naive UTC
    lead_id: str
    team: str
    channel: str
    kind: str | None
    campaign: str | None
    asset: str | None
    rep: str | None
    shares: Mapping[str, float]


@dataclass(frozen=True)
class Journey:
    """One opportunity and its eligible touches in order; moments are naive UTC.

    ``anchor`` ends the journey; ``lead_at`` and ``created_at`` are its milestones.
    """

    opportunity_id: str
    anchor: datetime
    created_at: datetime
    lead_at: datetime | None
    amount: Decimal | None
    touches: tuple[JourneyTouch, ...]


def journey(warehouse: Warehouse, opportunity_id: str, query: AttributionQuery) -> Journey:
    """The journey of one opportunity, whatever the query's span and filters are.

    Raises ``QueryError`` where the opportunity is not of the query's basis as of its moment.
    """
    config = warehouse.config
    heads = cached_rows(warehouse, head_statement(opportunity_id, query, config))
    if not heads:
        state = "won" if query.basis == "won" else "known"
        raise QueryError(f"The opportunity {opportunity_id[:60]!r} is not {state} by then.")
    rows = cached_rows(warehouse, journey_statement(opportunity_id, query, config))
    return Journey(
        opportunity_id,
        heads[0]["anchor"],
        heads[0]["created_at"],
        heads[0]["lead_at"],
        heads[0]["amount"],
        tuple(
            JourneyTouch(
                row["touch_id"],
                row["occurred_at"],
                **{name: row[name] for name in SHOWN},
                shares={model: float(row[f"share_{model}"]) for model in SINGLE},
            )
            for row in rows
        ),
    )


def head_statement(opportunity_id: str, query: AttributionQuery, config: Config) -> Select:
    """One row, or none: the opportunity with its milestones."""
    rows = deals(query, config, only=opportunity_id).cte("deals")
    return select(with_lead_creation(rows, query.as_of))


def journey_statement(opportunity_id: str, query: AttributionQuery, config: Config) -> Select:
    """The touches in order, with the columns of ``SHOWN`` and ``share_<model>``."""
    rows = journey_touches(query, config, SHOWN, only=opportunity_id)
    placed = placed_touches(
        rows, tuple(player_columns(query.by)), query, config, SINGLE, kept=tuple(SHOWN)
    )
    shares = [
        weight(model, placed, config, query.basis).label(f"share_{model}") for model in SINGLE
    ]
    columns = [placed.c[name] for name in ("touch_id", "occurred_at", *SHOWN)]
    return select(*columns, *shares).order_by(placed.c.place)


@dataclass(frozen=True)
class Path:
    """Members in the order of their touches, one that follows itself once; how many opportunities
    went this way, and their money."""

    steps: tuple[str | None, ...]
    opportunities: int
    amount: Decimal


def top_paths(warehouse: Warehouse, query: AttributionQuery, limit: int = 10) -> tuple[Path, ...]:
    """The paths that most credited opportunities took, most frequent first.

    Raises ``QueryError`` for a filter that opportunities do not know.
    """
    if not 1 <= limit <= MAX_PATHS:
        raise QueryError(f"{limit} paths are impossible.", remedy=f"Give 1 to {MAX_PATHS}.")
    rows = cached_rows(warehouse, paths_statement(query, warehouse.config, limit))
    return tuple(
        Path(tuple(row["steps"]), int(row["opportunities"]), Decimal(row["money"] or 0))
        for row in rows
    )


def paths_statement(query: AttributionQuery, config: Config, limit: int) -> Select:
    """A row a path: ``steps`` (an array), ``opportunities``, ``money``."""
    rows = journey_touches(query, config, {query.by: COLUMNS[query.by]})
    placed = placed_touches(rows, (query.by,), query, config, ("markov",))
    p = placed.c
    member = p[query.by]
    paths = (
        select(
            p.journey,
            p.amount,
            texts_in_order(member, p.place).label("steps"),
        )
        .where(or_(p.place == 1, member.is_distinct_from(p[f"before_{query.by}"])))
        .group_by(p.journey, p.amount)
        .subquery("paths")
    )
    opportunities, money = func.count(), func.sum(paths.c.amount)
    return (
        select(
            as_list(paths.c.steps).label("steps"),
            opportunities.label("opportunities"),
            money.label("money"),
        )
        .group_by(paths.c.steps)
        .order_by(opportunities.desc(), money.desc().nulls_last(), paths.c.steps)
        .limit(limit)
    )
