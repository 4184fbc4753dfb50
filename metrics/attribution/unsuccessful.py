"""The journeys that ended without a conversion: what Markov holds the others against.

They are those of opportunities lost in the span (anchor ``closed_at``), where the basis is
``won``, and of leads that have touches and no opportunity (anchor: their last eligible touch in
the span). Open opportunities are left out: how they end is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import (
    DateTime,
    FromClause,
    Select,
    Text,
    and_,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union,
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
from metrics.facts import leads as lead_facts
from metrics.facts.base import Column, Context, Fact, Links


def unsuccessful_statement(
    query: AttributionQuery, config: Config, players: Mapping[str, Column]
) -> Select:
    """The transitions of unsuccessful journeys: a row a player, the one before it
    (``before_<player>``) and whether it ``starts`` a journey; ``touches`` counts."""
    names = tuple(players)
    touched = _touches(query, config, players)
    t = touched.c

    def before(column: Column) -> Column:
        order = (t.occurred_at, t.touch_id)
        return func.lag(column).over(partition_by=t.journey, order_by=order)

    # A lead's last touch ends its journey. What lies before the lookback has been read all the
    # same: taken out here, it costs one pass where finding the ends first would cost two.
    last = func.max(t.occurred_at).over(partition_by=t.journey)
    told = select(
        *(t[name] for name in names),
        *(before(t[name]).label(f"before_{name}") for name in names),
        t.occurred_at,
        before(t.occurred_at).label("before_at"),
        func.coalesce(t.anchor, last).label("anchor"),
    ).subquery("told_touches")
    begins = days_later(told.c.anchor, -lookback_of(query, config))
    steps = (
        select(
            *(told.c[name] for name in (*names, *(f"before_{name}" for name in names))),
            func.coalesce(told.c.before_at < begins, true()).label("starts"),
        )
        .where(told.c.occurred_at >= begins, within_span(told.c.anchor, query, config))
        .subquery("steps")
    )
    groups = list(steps.c)
    return select(*groups, func.count().label("touches")).group_by(*groups)


def _touches(query: AttributionQuery, config: Config, players: Mapping[str, Column]) -> FromClause:
    """One row an eligible touch: ``journey``, its ``anchor``, ``touch_id``, ``occurred_at`` and the
    players. A lead's anchor is NULL, and its touches are all that could be within the lookback."""
    arms = _lead_contacts(query, config)
    if query.basis == Basis.WON:
        arms += _lost_contacts(query, config)
    contacts = union_all(*arms).subquery("contacts")
    t, anchor = touches.c, contacts.c.anchor
    begins = days_later(anchor, -lookback_of(query, config))
    return (
        select(
            contacts.c.journey,
            anchor,
            t.touch_id,
            t.occurred_at,
            *(column.label(name) for name, column in players.items()),
        )
        .select_from(contacts.join(touches, t.lead_id == contacts.c.contact_id))
        .where(
            eligible(),
            t.occurred_at <= query.as_of,
            or_(anchor.is_(None), and_(t.occurred_at >= begins, t.occurred_at <= anchor)),
            *near_span(query, config),
        )
        .subquery("unsuccessful_touches")
    )


def _lost_contacts(query: AttributionQuery, config: Config) -> list[Select]:
    found = deals(query, config, lost=True).subquery("found_deals")
    number = func.row_number().over(order_by=found.c.key)
    rows = select(found, number.label("journey")).cte("lost_deals")
    contacts = [arm.subquery() for arm in contact_rows(rows)]
    names: Sequence[str] = ("journey", "anchor", "contact_id")
    return [select(*(c.c[name] for name in names)) for c in contacts]


def _lead_contacts(query: AttributionQuery, config: Config) -> list[Select]:
    """Each lead without an opportunity as the one contact of a journey of its own, whose number is
    below 0: no deal's."""
    without = _leads_without_opportunity(query, config)
    number = func.row_number().over(order_by=without.c.lead_id)
    return [
        select(
            (-number).label("journey"),
            cast(null(), DateTime).label("anchor"),
            without.c.lead_id.label("contact_id"),
        )
    ]


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
    known = union(
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
