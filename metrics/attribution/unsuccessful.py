"""The journeys that ended without a conversion: what Markov holds the others against.

They are those of opportunities lost in the span (anchor ``closed_at``), where the basis is
``won``, and of leads that have touches and no opportunity (anchor: their last eligible touch in
the span). Open opportunities are left out: how they end is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import (
    CTE,
    DateTime,
    FromClause,
    Select,
    Text,
    cast,
    func,
    literal,
    null,
    select,
    true,
    union_all,
)

from data.config import Config
from data.dialects.functions import days_later
from data.tables import leads, opportunities, opportunity_contacts, touches
from metrics.attribution.journeys import (
    contact_rows,
    deals,
    eligible,
    filtered,
    lookback_of,
    near_span,
    within_span,
)
from metrics.attribution.model import AttributionQuery, Basis
from metrics.attribution.order import BY_MOMENT, by_moment, in_order, is_tied
from metrics.attribution.players import named, numbered
from metrics.calendar import Calendar
from metrics.facts import leads as lead_facts
from metrics.facts.base import Column, Context, Fact, Links


def unsuccessful_statement(
    query: AttributionQuery,
    config: Config,
    texts: Mapping[str, Column],
    *,
    by_numbers: bool = True,
) -> Select:
    """The transitions of unsuccessful journeys: a row a player, the one before it
    (``before_<player>``) and whether it ``starts`` a journey; ``touches`` counts. ``by_numbers``:
    see ``players.named``."""
    contacts = _contacts(query, config)
    players = numbered(texts) if by_numbers else texts

    def tell(order: Sequence[str], among: Select | None) -> Select:
        told: FromClause = contacts
        if among is not None:
            told = select(contacts).where(contacts.c.journey.in_(among)).subquery("tied_contacts")
        return _steps(_touches(told, query, config, players), tuple(players), query, config, order)

    names = (*players, *(f"before_{name}" for name in players), "starts")
    steps = in_order(tell, by_moment(tell, "steps"), names)
    groups = list(steps.c)
    counted = select(*groups, func.count().label("touches")).group_by(*groups)
    return named(counted, texts) if by_numbers else counted


def _steps(
    touched: FromClause,
    players: Sequence[str],
    query: AttributionQuery,
    config: Config,
    order: Sequence[str],
) -> Select:
    """The touches within the lookback with the player before, put into this order."""
    t = touched.c
    sorted_by = [t[name] for name in order]

    def before(column: Column) -> Column:
        return func.lag(column).over(partition_by=t.journey, order_by=sorted_by)

    # A lead's last touch ends its journey. What lies before the lookback has been read all the
    # same: taken out here, it costs one pass where finding the ends first would cost two.
    last = func.last_value(t.occurred_at).over(
        partition_by=t.journey, order_by=sorted_by, rows=(None, None)
    )
    told = select(
        t.journey,
        *(t[name] for name in players),
        *(before(t[name]).label(f"before_{name}") for name in players),
        t.occurred_at,
        before(t.occurred_at).label("before_at"),
        func.coalesce(t.anchor, last).label("anchor"),
    ).subquery("told_touches")
    begun = select(
        told, days_later(told.c.anchor, -lookback_of(query, config)).label("begins")
    ).subquery("begun_touches")
    b = begun.c
    columns = [b[name] for name in ("journey", *players, *(f"before_{name}" for name in players))]
    if order == BY_MOMENT:
        columns.append(is_tied(begun, players).label("is_tied"))
    return select(*columns, func.coalesce(b.before_at < b.begins, true()).label("starts")).where(
        b.occurred_at >= b.begins, within_span(b.anchor, query, config)
    )


def _contacts(query: AttributionQuery, config: Config) -> CTE:
    """Who can have touches of unsuccessful journeys, and from when to when: ``journey``, its
    ``anchor``, ``contact_id``, ``begins``, ``ends``.

    A lead's anchor is NULL, and its touches are all that could be within the lookback.
    """
    arms = [_lead_contacts(query, config)]
    if query.basis == Basis.WON:
        arms += _lost_contacts(query, config)
    return union_all(*arms).cte("unsuccessful_contacts")


def _touches(
    contacts: FromClause, query: AttributionQuery, config: Config, players: Mapping[str, Column]
) -> FromClause:
    """One row an eligible touch: ``journey``, its ``anchor``, ``touch_id``, ``occurred_at`` and the
    players."""
    t, c = touches.c, contacts.c
    return (
        select(
            c.journey,
            c.anchor,
            t.touch_id,
            t.occurred_at,
            *(column.label(name) for name, column in players.items()),
        )
        .select_from(contacts.join(touches, t.lead_id == c.contact_id))
        .where(
            eligible(),
            t.occurred_at >= c.begins,
            t.occurred_at <= c.ends,
            *near_span(query, config),
        )
        .subquery("unsuccessful_touches")
    )


def _lost_contacts(query: AttributionQuery, config: Config) -> list[Select]:
    found = deals(query, config, lost=True).subquery("found_deals")
    number = func.row_number().over(order_by=found.c.key)
    rows = select(found, number.label("journey")).cte("lost_deals")
    contacts = [arm.subquery() for arm in contact_rows(rows)]
    lookback = lookback_of(query, config)
    return [
        select(
            c.c.journey,
            c.c.anchor,
            c.c.contact_id,
            days_later(c.c.anchor, -lookback).label("begins"),
            c.c.anchor.label("ends"),
        )
        for c in contacts
    ]


def _lead_contacts(query: AttributionQuery, config: Config) -> Select:
    """Each lead without an opportunity as the one contact of a journey of its own, whose number is
    below 0: no deal's."""
    without = _leads_without_opportunity(query, config)
    number = func.row_number().over(order_by=without.c.lead_id)
    earliest = Calendar(config).starts_at(query.span.start)
    return select(
        (-number).label("journey"),
        cast(null(), DateTime).label("anchor"),
        without.c.lead_id.label("contact_id"),
        cast(literal(earliest - timedelta(days=lookback_of(query, config))), DateTime).label(
            "begins"
        ),
        cast(literal(query.as_of), DateTime).label("ends"),
    )


def _leads_without_opportunity(query: AttributionQuery, config: Config) -> FromClause:
    """Leads that are no contact of an opportunity created by the as-of moment.

    Such a lead would be new business and has neither a source nor a pipeline: that is what the
    filters of opportunities see.
    """
    created = lead_facts.created(Context(config, query.as_of))
    nothing = cast(null(), Text)
    own: dict[str, Column] = {
        "kind": literal("new", Text),
        "sourced_by": nothing,
        "pipeline": nothing,
    }
    links = Links(own=own, lead_id=leads.c.lead_id, is_lead=True)
    source, conditions = filtered(Fact(source=created.source, links=links), query)
    o, c = opportunities.c, opportunity_contacts.c
    deal = c.opportunity_id == o.opportunity_id
    known = union_all(
        select(o.lead_id).where(o.created_at <= query.as_of),
        select(c.lead_id)
        .join_from(opportunity_contacts, opportunities, deal)
        .where(o.created_at <= query.as_of),
    ).subquery("leads_with_opportunity")
    return (
        select(leads.c.lead_id)
        .select_from(source.outerjoin(known, known.c.lead_id == leads.c.lead_id))
        .where(known.c.lead_id.is_(None), *created.conditions, *conditions)
        .subquery("leads_without_opportunity")
    )
