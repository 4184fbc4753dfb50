"""What the credit page tells of single opportunities, and the names of what earns credit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import FromClause, Select, func, or_, select

from data.config import Config
from data.tables import accounts, campaigns, leads, opportunities, reps, touches
from data.warehouse import Warehouse
from metrics.attribution.journeys import deals, journey_touches
from metrics.attribution.model import MODELS, AttributionQuery, By
from metrics.attribution.paths import Journey, journey
from metrics.cache import cached_rows
from metrics.personal import personal

MAX_DEALS = 30
# What a member of these dimensions is called; the others' members are their own names.
NAMES = {
    By.CAMPAIGN: (campaigns.c.campaign_id, campaigns.c.name),
    By.REP: (reps.c.rep_id, reps.c.name),
}


@dataclass(frozen=True)
class Deal:
    """An opportunity of the question that has a journey. ``anchor`` (naive UTC) ends it."""

    opportunity_id: str
    account: str | None
    amount: Decimal | None
    anchor: datetime
    touches: int


@dataclass(frozen=True)
class Story:
    """One deal's journey under a model that gives weights to single journeys.

    ``model`` is the one that is asked for, but where that one exists in aggregate only: linear.
    ``leads``, ``reps`` and ``campaigns`` are names by id; what may not be seen is not among them.
    """

    deal: Deal
    journey: Journey
    model: str
    leads: Mapping[str, str]
    reps: Mapping[str, str]
    campaigns: Mapping[str, str]


def deals_statement(query: AttributionQuery, config: Config) -> Select:
    """The largest opportunities with a journey, a row each: the fields of ``Deal``."""
    rows = deals(query, config).subquery("all_deals")
    touched = journey_touches(query, config, {"team": touches.c.team})
    counts = (
        select(touched.c.key, func.count().label("touches"))
        .group_by(touched.c.key)
        .subquery("touch_counts")
    )
    return (
        select(
            rows.c.key.label("opportunity_id"),
            accounts.c.name.label("account"),
            rows.c.amount,
            rows.c.anchor,
            counts.c.touches,
        )
        .select_from(with_accounts(rows, counts))
        .order_by(rows.c.amount.desc().nulls_last(), rows.c.key)
        .limit(MAX_DEALS)
    )


def with_accounts(rows: FromClause, beside: FromClause) -> FromClause:
    """Those of the opportunities ``rows`` that ``beside`` has a row of, with their accounts."""
    o = opportunities.c
    return (
        rows.join(beside, beside.c.key == rows.c.key)
        .join(opportunities, o.opportunity_id == rows.c.key)
        .outerjoin(accounts, accounts.c.account_id == o.account_id)
    )


def largest_deals(warehouse: Warehouse, query: AttributionQuery) -> tuple[Deal, ...]:
    """At most ``MAX_DEALS``, the largest first."""
    rows = cached_rows(warehouse, deals_statement(query, warehouse.config))
    return tuple(Deal(**row) for row in rows)


def open_statement(query: AttributionQuery, config: Config) -> Select:
    """One row, ``still_open``: how many opportunities of the question had not closed by then."""
    rows = deals(query, config).subquery("all_deals")
    o = opportunities.c
    return (
        select(func.count().label("still_open"))
        .select_from(rows.join(opportunities, o.opportunity_id == rows.c.key))
        .where(or_(o.status == "open", o.closed_at.is_(None), o.closed_at > query.as_of))
    )


def count_open(warehouse: Warehouse, query: AttributionQuery) -> int:
    """How many opportunities of the question were still open at its moment; of won ones none."""
    (row,) = cached_rows(warehouse, open_statement(query, warehouse.config))
    return int(row["still_open"])


def story_of(
    warehouse: Warehouse, query: AttributionQuery, deal: Deal, *, shows_people: bool
) -> Story:
    """A deal's journey; ``shows_people`` says whether the names of leads are read at all."""
    found = journey(warehouse, deal.opportunity_id, query)
    name = personal(leads.c.full_name, shows_people)
    statement = select(leads.c.lead_id.label("id"), name.label("name")).where(
        leads.c.lead_id.in_({touch.lead_id for touch in found.touches})
    )
    people = cached_rows(warehouse, statement)
    return Story(
        deal,
        found,
        query.model if MODELS[query.model].by_journey else "linear",
        leads={row["id"]: row["name"] for row in people if row["name"]},
        reps=names(warehouse, By.REP, {t.rep for t in found.touches}),
        campaigns=names(warehouse, By.CAMPAIGN, {t.campaign for t in found.touches}),
    )


def names(warehouse: Warehouse, by: str, members: Collection[str | None]) -> dict[str, str]:
    """What members are called, by id; a name that two of them share has the id beside it."""
    known = sorted({member for member in members if member is not None})
    if by not in NAMES or not known:
        return {}
    key, name = NAMES[By(by)]
    rows = cached_rows(warehouse, select(key.label("id"), name.label("name")).where(key.in_(known)))
    called = [row["name"] for row in rows]
    return {
        row["id"]: row["name"] if called.count(row["name"]) == 1 else f"{row['name']} ({row['id']})"
        for row in rows
        if row["name"]
    }
