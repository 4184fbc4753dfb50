"""The journeys that ended without a conversion: what Markov holds the others against.

They are those of opportunities lost in the span (anchor ``closed_at``), where the basis is
``won``, and of leads that have touches and no opportunity (anchor: their last eligible touch in
the span). Open opportunities are left out: how they end is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    FromClause,
    Select,
    Text,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    select,
    true,
    union_all,
)

from data.config import Config
from data.tables import leads, opportunities, opportunity_contacts, touches
from metrics.attribution.journeys import (
    contact_rows,
    deals,
    eligible,
    filtered,
    lookback_of,
    near_span,
    touches_of,
    within_span,
)
from metrics.attribution.model import AttributionQuery, Basis
from metrics.facts import leads as lead_facts
from metrics.facts.base import Column, Context, Fact, Links


def unsuccessful_statement(
    query: AttributionQuery, config: Config, players: Mapping[str, Column]
) -> Select:
    """The transitions of unsuccessful journeys: a row a player, the one before it
    (``before_<player>``) and whether it ``starts`` or ``ends`` a journey; ``touches`` counts."""
    names = tuple(players)
    touched = _touches(query, config, players)
    t = touched.c

    def beside(function: Any, column: Column) -> Column:
        order = (t.occurred_at, t.touch_id)
        return function(column).over(partition_by=(t.is_deal, t.key), order_by=order)

    steps = select(
        *(t[name] for name in names),
        *(beside(func.lag, t[name]).label(f"before_{name}") for name in names),
        beside(func.lag, t.touch_id).is_(None).label("starts"),
        beside(func.lead, t.touch_id).is_(None).label("ends"),
    ).subquery("steps")
    groups = list(steps.c)
    return select(*groups, func.count().label("touches")).group_by(*groups)


def _touches(query: AttributionQuery, config: Config, players: Mapping[str, Column]) -> FromClause:
    """One row an eligible touch: ``is_deal``, ``key``, ``touch_id``, ``occurred_at``, players."""
    arms = _lead_contacts(query, config)
    if query.basis == Basis.WON:
        arms += _lost_contacts(query, config)
    contacts = union_all(*arms).subquery("contacts")
    lookback = lookback_of(query, config)
    bounds = near_span(query, config)
    return touches_of(contacts, lookback, players, *bounds).subquery("unsuccessful_touches")


def _lost_contacts(query: AttributionQuery, config: Config) -> list[Select]:
    rows = deals(query, config, lost=True).cte("lost_deals")
    contacts = [arm.subquery() for arm in contact_rows(rows)]
    names: Sequence[str] = ("key", "anchor", "contact_id")
    return [select(true().label("is_deal"), *(c.c[name] for name in names)) for c in contacts]


def _lead_contacts(query: AttributionQuery, config: Config) -> list[Select]:
    """Each lead without an opportunity as the one contact of a journey of its own."""
    without = _leads_without_opportunity(query, config)
    last = func.max(touches.c.occurred_at)
    return [
        select(
            false().label("is_deal"),
            without.c.lead_id.label("key"),
            last.label("anchor"),
            without.c.lead_id.label("contact_id"),
        )
        .select_from(without.join(touches, touches.c.lead_id == without.c.lead_id))
        .where(eligible(), within_span(touches.c.occurred_at, query, config))
        .group_by(without.c.lead_id)
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
    known = o.created_at <= query.as_of
    is_primary = exists().where(o.lead_id == leads.c.lead_id, known)
    is_contact = exists().where(
        c.lead_id == leads.c.lead_id, c.opportunity_id == o.opportunity_id, known
    )
    return (
        select(leads.c.lead_id)
        .select_from(source)
        .where(*created.conditions, ~is_primary, ~is_contact, *conditions)
        .subquery("leads_without_opportunity")
    )
