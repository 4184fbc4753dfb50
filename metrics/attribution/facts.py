"""Facts that need the journeys of deals: what marketing sourced and influenced, and credit.

Everywhere the journey is that of handbook §7: eligible touches of all contacts in the configured
lookback. One opportunity is one row, however many contacts and touches it has; where a row is a
touch, the touches of one deal carry shares that add up to 1.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import FromClause, Select, and_, case, cast, func, literal, or_, select, union_all
from sqlalchemy.types import Double

from data.dialects.functions import days_later
from data.tables import leads, opportunities, touches
from metrics.attribution.journeys import (
    anchored,
    contact_rows,
    eligible,
    opportunity_teams,
    touches_of,
    with_lead_creation,
)
from metrics.attribution.model import MODELS, AttributionQuery, Basis, By
from metrics.attribution.weights import placed_touches, weight
from metrics.calendar import Calendar, Span
from metrics.compile import UnsupportedDimension
from metrics.errors import Unanswerable
from metrics.facts import opportunities as deal_facts
from metrics.facts.base import (
    Amount,
    Column,
    Context,
    Count,
    Fact,
    Links,
    Record,
    Shown,
    Weight,
)

MARKETING = "marketing"
# Of the touches alone: cost is split by nothing else that credit is.
CHANNEL = "channel"


# -- what marketing sourced and influenced ------------------------------------------------------


def pipeline_sourced(context: Context) -> Fact:
    """Pipeline that marketing sourced, dated as all pipeline is; split by ``sourced_by`` it is the
    whole pipeline, with what marketing sourced as the member marketing.

    Where ``sourced_by`` is not known, marketing's eligible touch must be the first in the lookback
    before the creation.
    """
    o = opportunities.c
    unknown = o.sourced_by.is_(None)
    lookback = context.config.attribution.lookback_days
    teams = opportunity_teams(context, Basis.PIPELINE, lookback, unknown)
    first = teams.c.first_team
    by_marketing = or_(o.sourced_by == MARKETING, and_(unknown, first == MARKETING))
    whole = deal_facts.qualified(context)
    is_whole = "sourced_by" in context.by
    return replace(
        whole,
        source=whole.source.outerjoin(teams, teams.c.key == o.opportunity_id),
        conditions=whole.conditions if is_whole else (*whole.conditions, by_marketing),
        split_by={"sourced_by": case((by_marketing, MARKETING), else_=o.sourced_by)},
        record=deal_facts.record(
            context, "Entered the pipeline", first_team=Shown("First touched by", first)
        ),
    )


def bookings_touched(context: Context) -> Fact:
    """Won opportunities by ``closed_at``, with what marketing took part in."""
    o = opportunities.c
    closed = deal_facts.closed(context)
    won = o.status == "won"
    lookback = context.config.attribution.lookback_days
    teams = opportunity_teams(context, Basis.WON, lookback, won)
    influenced = func.coalesce(teams.c.marketing, 0) == 1
    return replace(
        closed,
        source=closed.source.outerjoin(teams, teams.c.key == o.opportunity_id),
        measures={"amount": Amount(o.amount), "influenced": Amount(o.amount, influenced)},
        values={},
        conditions=(*closed.conditions, won),
        record=deal_facts.record(
            context, "Closed", touched_by=Shown("First touched by", teams.c.first_team)
        ),
    )


# -- credit by touch ----------------------------------------------------------------------------


def _channel_alone(context: Context) -> None:
    """Refuse what credit and cost have not in common: channels of touches are those of spend."""
    for name in (*context.by, *context.filtered_by):
        if name != CHANNEL:
            raise UnsupportedDimension(name)


def _won(context: Context, *conditions: Column) -> Select:
    """Won opportunities as rows that credit is given for."""
    o = opportunities.c
    fact, anchor, amount = anchored(context, Basis.WON)
    return (
        select(
            o.opportunity_id.label("key"),
            o.lead_id,
            anchor.label("anchor"),
            o.created_at,
            amount.label("amount"),
        )
        .select_from(fact.source)
        .where(*fact.conditions, o.status == "won", *conditions)
    )


def _weighed(deals: Select, context: Context) -> FromClause:
    """The touches of these deals' journeys with ``share``, what the configured model gives them.

    Raises ``Unanswerable`` under Markov, which gives no single touch a share.
    """
    config = context.config
    model = config.attribution.model
    if not MODELS[model].by_journey:
        raise Unanswerable(
            f"is not known by touch under the model {model}, which exists in aggregate only"
        )
    contacts = union_all(*contact_rows(with_lead_creation(deals.cte("won_deals"), context.as_of)))
    t = touches.c
    columns = {CHANNEL: t.channel, "team": t.team, "kind": t.kind, "contact": t.lead_id}
    lookback = config.attribution.lookback_days
    rows = touches_of(contacts.subquery("contacts"), lookback, columns).subquery("touched")
    # Of the question, the weights need the model's half-life alone: the configuration's.
    nothing = Span(date.min, date.min)
    query = AttributionQuery(model=model, by=By.CHANNEL, span=nothing, as_of=context.as_of)
    kept = (*columns, "anchor", "key")
    placed = placed_touches(rows, (CHANNEL,), query, config, (model,), kept=kept)
    # Told to be a double, or it would be read as a decimal of ten digits.
    share = cast(weight(model, placed, config, Basis.WON), Double).label("share")
    return select(placed, share).subquery("weighed_touches")


def touches_credited(context: Context) -> Fact:
    """Touches by their own date, each with its share of a deal that was won later: one row for
    every deal that it helped to win."""
    _channel_alone(context)
    o = opportunities.c
    weighed = _weighed(_won(context, *_earned_in(context)), context)
    w = weighed.c
    return Fact(
        source=weighed.join(opportunities, o.opportunity_id == w.key),
        moment=w.occurred_at,
        links=_touch_links(weighed),
        measures={"amount": Amount(w.share * cast(w.amount, Double))},
        record=Record("credited touches", "Took place", (w.touch_id, w.key), _shown(weighed)),
    )


def _earned_in(context: Context) -> tuple[Column, ...]:
    """Bounds that change no answer: touches of the question's days earn from deals that were won
    within the lookback after them."""
    if context.days is None:
        return ()
    calendar, closed_at = Calendar(context.config), opportunities.c.closed_at
    lookback = timedelta(days=context.config.attribution.lookback_days)
    return (
        closed_at >= calendar.starts_at(context.days.start),
        closed_at < calendar.starts_at(context.days.end) + lookback,
    )


def touches_earning(context: Context) -> Fact:
    """Eligible touches by date; ``open`` are those that a deal still to be won could credit."""
    _channel_alone(context)
    t = touches.c
    until = days_later(t.occurred_at, context.config.attribution.lookback_days)
    return Fact(
        source=touches,
        moment=t.occurred_at,
        links=Links(own={CHANNEL: t.channel}, lead_id=t.lead_id, rep_id=t.rep_id),
        measures={"open": Count(until > context.as_of)},
        conditions=(eligible(), t.occurred_at <= context.as_of),
        record=Record(
            "touches that can still earn credit",
            "Took place",
            (t.touch_id,),
            {
                "kind": Shown("Kind", t.kind),
                "team": Shown("Team", t.team),
                "touch_id": Shown("Touch", t.touch_id),
            },
        ),
    )


def _touch_links(weighed: FromClause) -> Links:
    o, w = opportunities.c, weighed.c
    return Links(
        own={CHANNEL: w.channel}, lead_id=w.contact, account_id=o.account_id, rep_id=o.owner_id
    )


def _shown(weighed: FromClause) -> dict[str, Shown]:
    """What a reader sees of a touch and of its part in a deal."""
    w = weighed.c
    return {
        "share": Shown("Share of the deal", w.share, "number"),
        "won_at": Shown("Won", w.anchor, "moment"),
        "kind": Shown("Kind", w.kind),
        "team": Shown("Team", w.team),
        "touch_id": Shown("Touch", w.touch_id),
        "opportunity_id": Shown("Opportunity", w.key),
    }


# -- customers ----------------------------------------------------------------------------------


def _first_wins(context: Context) -> FromClause:
    """(opportunity_id) of the deals that made an account a customer: its first won new deal.

    A deal without an account is its lead's account's, else its lead's, else a buyer of its own.
    """
    o = opportunities.c
    buyer = func.coalesce(
        literal("account:").concat(func.coalesce(o.account_id, leads.c.account_id)),
        literal("lead:").concat(o.lead_id),
        literal("deal:").concat(o.opportunity_id),
    )
    place = func.row_number().over(partition_by=buyer, order_by=(o.closed_at, o.opportunity_id))
    closed = deal_facts.closed(context)
    rows = (
        select(o.opportunity_id, place.label("place"))
        .select_from(closed.source.outerjoin(leads, leads.c.lead_id == o.lead_id))
        .where(*closed.conditions, o.status == "won", deal_facts.KIND == "new")
        .subquery("won_new_deals")
    )
    return select(rows.c.opportunity_id).where(rows.c.place == 1).subquery("first_wins")


def customers(context: Context) -> Fact:
    """New customers by the closing of their first deal: whole ones, or, split or filtered by
    channel, the parts of them that the configured model credits to its touches.

    A customer without an eligible touch is nobody's: of the channel NULL.
    """
    first, o = _first_wins(context), opportunities.c
    source = opportunities.join(first, first.c.opportunity_id == o.opportunity_id)
    whole = Fact(
        source=source,
        moment=o.closed_at,
        links=deal_facts.links(),
        measures={"n": Count()},
        record=replace(deal_facts.record(context, "First deal won"), noun="new customers"),
    )
    if not (context.by or context.filtered_by):
        return whole
    _channel_alone(context)
    weighed = _weighed(_won(context, o.opportunity_id.in_(select(first.c.opportunity_id))), context)
    w = weighed.c
    return replace(
        whole,
        source=source.outerjoin(weighed, w.key == o.opportunity_id),
        links=_touch_links(weighed),
        measures={"n": Weight(func.coalesce(w.share, literal(1.0, Double)))},
        record=Record(
            "touches of new customers",
            "First deal won",
            (o.opportunity_id, w.touch_id),
            _shown(weighed) | {"won_at": Shown("Touched", w.occurred_at, "moment")},
        ),
    )
