"""The journeys of opportunities as SELECTs: who touched what, before which deal (handbook §7).

A journey is told by ``key``, the id of its opportunity, or within one statement by a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    func,
    or_,
    select,
    union_all,
)

from data.config import Config
from data.dialects.functions import days_later, once
from data.tables import leads, opportunities, opportunity_contacts, touches
from metrics.attribution.model import AttributionQuery, Basis
from metrics.calendar import Calendar
from metrics.compile import UnsupportedDimension, filter_conditions
from metrics.errors import QueryError
from metrics.facts import opportunities as deal_facts
from metrics.facts.base import Column, Context, Dimensions, Fact


def eligible() -> ColumnElement[bool]:
    """Whether a touch can earn credit: whatever the team, unless the buyer did not respond or no
    person did it; what is not known counts as eligible."""
    return and_(touches.c.responded.is_not(False), touches.c.automated.is_not(True))


def lookback_of(query: AttributionQuery, config: Config) -> int:
    return query.lookback_days or config.attribution.lookback_days


def within_span(moment: Column, query: AttributionQuery, config: Config) -> ColumnElement[bool]:
    calendar = Calendar(config)
    return and_(
        moment >= calendar.starts_at(query.span.start),
        moment < calendar.starts_at(query.span.end),
        moment <= query.as_of,
    )


def filtered(fact: Fact, query: AttributionQuery) -> tuple[FromClause, list[ColumnElement[bool]]]:
    dimensions = Dimensions(fact)
    try:
        conditions = filter_conditions(dimensions, query.where)
    except UnsupportedDimension as error:
        raise QueryError(
            f"Credit {error.message}: no opportunity has one.",
            remedy="Filter by something that opportunities have.",
        ) from error
    return dimensions.source, conditions


# -- opportunities --------------------------------------------------------------------------


def anchored(context: Context, basis: str) -> tuple[Fact, Column, Column]:
    """(fact, anchor, amount) of the opportunities of a basis as they were at the as-of moment.

    Of ``won`` the fact holds those lost as well.
    """
    o = opportunities.c
    if basis == Basis.WON:
        return deal_facts.closed(context), o.closed_at, o.amount
    source, amount = deal_facts.amount_then(context.as_of)
    created = Fact(
        source=source,
        links=deal_facts.links(),
        conditions=(o.created_at <= context.as_of,),
    )
    return created, o.created_at, amount


def deals(
    query: AttributionQuery, config: Config, *, lost: bool = False, only: str | None = None
) -> Select:
    """One row an opportunity of the basis whose anchor lies in the span, as of the moment.

    Columns: ``key``, ``lead_id`` (the primary one), ``anchor``, ``created_at`` and ``amount`` as
    known then. ``lost`` asks for those lost in the span instead of those won; ``only`` for one
    opportunity, whatever span and filters are.
    Raises ``QueryError`` for a filter that opportunities do not know.
    """
    o = opportunities.c
    fact, anchor, amount = anchored(Context(config, query.as_of), query.basis)
    if only is None:
        source, conditions = filtered(fact, query)
        conditions.append(within_span(anchor, query, config))
    else:
        source, conditions = fact.source, [o.opportunity_id == only]
    if query.basis == Basis.WON:
        conditions.append(o.status == ("lost" if lost else "won"))
    return (
        select(
            o.opportunity_id.label("key"),
            o.lead_id,
            anchor.label("anchor"),
            o.created_at,
            amount.label("amount"),
        )
        .select_from(source)
        .where(*fact.conditions, *conditions)
    )


def _other_contacts(rows: FromClause) -> FromClause:
    """(key, lead_id) of the contacts that are not the primary lead, each once."""
    c = opportunity_contacts.c
    return (
        select(rows.c.key, c.lead_id)
        .select_from(rows.join(opportunity_contacts, c.opportunity_id == rows.c.key))
        .where(or_(rows.c.lead_id.is_(None), c.lead_id != rows.c.lead_id))
        .distinct()
        .subquery("other_contacts")
    )


def with_lead_creation(rows: FromClause, as_of: datetime) -> CTE:
    """Deals with ``lead_at``, when the primary lead was created, else the earliest contact, and
    ``journey``, a number of their own: touches are told apart by it several times quicker than by
    the text of a key."""
    primary, contact = leads.alias("primary_lead"), leads.alias("contact_lead")
    others = _other_contacts(rows)
    earliest = (
        select(others.c.key, func.min(contact.c.created_at).label("created_at"))
        .select_from(others.join(contact, contact.c.lead_id == others.c.lead_id))
        .where(contact.c.created_at <= as_of)
        .group_by(others.c.key)
        .subquery("earliest_contact")
    )
    source = rows.outerjoin(
        primary, and_(primary.c.lead_id == rows.c.lead_id, primary.c.created_at <= as_of)
    ).outerjoin(earliest, earliest.c.key == rows.c.key)
    lead_at = func.coalesce(primary.c.created_at, earliest.c.created_at)
    number = func.row_number().over(order_by=rows.c.key)
    return (
        select(rows, lead_at.label("lead_at"), number.label("journey"))
        .select_from(source)
        .where(once())
        .cte("dated_deals")
    )


def contact_rows(rows: FromClause) -> list[Select]:
    """SELECTs that together hold the rows once for each of their contacts, ``contact_id``: the
    primary lead, and all others."""
    others = _other_contacts(rows)
    columns = [column for column in rows.c if column.name != "lead_id"]
    return [
        select(*columns, rows.c.lead_id.label("contact_id")).where(rows.c.lead_id.is_not(None)),
        select(*columns, others.c.lead_id.label("contact_id")).select_from(
            rows.join(others, others.c.key == rows.c.key)
        ),
    ]


# -- touches --------------------------------------------------------------------------------


def touches_of(
    contacts: FromClause, lookback_days: int, columns: Mapping[str, Column], *bounds: Column
) -> Select:
    """The eligible touches of contacts in ``[anchor − lookback, anchor]``, both ends included.

    The contacts' columns (``anchor`` and ``contact_id`` among them), ``touch_id``, ``occurred_at``
    and ``columns`` of the touch; a touch has one lead and so comes once in a journey.
    """
    t, anchor = touches.c, contacts.c.anchor
    return (
        select(
            *(column for column in contacts.c if column.name != "contact_id"),
            t.touch_id,
            t.occurred_at,
            *(column.label(name) for name, column in columns.items()),
        )
        .select_from(contacts.join(touches, t.lead_id == contacts.c.contact_id))
        .where(
            eligible(),
            t.occurred_at >= days_later(anchor, -lookback_days),
            t.occurred_at <= anchor,
            *bounds,
        )
    )


def journey_touches(
    query: AttributionQuery,
    config: Config,
    columns: Mapping[str, Column],
    *,
    only: str | None = None,
) -> FromClause:
    """One row an eligible touch of a credited journey of the question (``touches_of``).

    ``only`` asks for one opportunity, whatever span and filters are.
    """
    rows = deals(query, config, only=only).cte("deals")
    return touches_of_deals(
        with_lead_creation(rows, query.as_of), query, config, columns, bounded=only is None
    )


def touches_of_deals(
    dated: FromClause,
    query: AttributionQuery,
    config: Config,
    columns: Mapping[str, Column],
    *,
    bounded: bool = True,
) -> FromClause:
    """One row an eligible touch of ``with_lead_creation``'s deals; ``bounded`` spares the engine
    those far from the question's span."""
    contacts = union_all(*contact_rows(dated)).subquery("contacts")
    near = near_span(query, config) if bounded else ()
    return touches_of(contacts, lookback_of(query, config), columns, *near).subquery(
        "journey_touches"
    )


def near_span(query: AttributionQuery, config: Config) -> tuple[Column, Column]:
    """Bounds that change no answer: they spare the engine the touches of other years."""
    calendar, moment = Calendar(config), touches.c.occurred_at
    lookback = timedelta(days=lookback_of(query, config))
    return (
        moment >= calendar.starts_at(query.span.start) - lookback,
        moment < calendar.starts_at(query.span.end),
    )


# -- which teams took part ------------------------------------------------------------------


def team_marks(touched: FromClause) -> Select:
    """One row a journey with eligible touches, of rows with ``key`` and ``team``: ``first_team``,
    and 1 or 0 for ``marketing``, ``sales`` and ``others``."""
    t = touched.c

    def took_part(condition: ColumnElement[bool]) -> ColumnElement[Any]:
        return func.max(case((condition, 1), else_=0)).over(partition_by=t.key)

    place = func.row_number().over(partition_by=t.key, order_by=(t.occurred_at, t.touch_id))
    marked = select(
        t.key,
        t.team.label("first_team"),
        place.label("place"),
        took_part(t.team == "marketing").label("marketing"),
        took_part(t.team == "sales").label("sales"),
        took_part(t.team.not_in(("marketing", "sales"))).label("others"),
    ).subquery("marked_touches")
    names = ("key", "first_team", "marketing", "sales", "others")
    return select(*(marked.c[name] for name in names)).where(marked.c.place == 1)


def opportunity_teams(
    context: Context, basis: str, lookback_days: int, *conditions: ColumnElement[bool]
) -> FromClause:
    """``team_marks`` of every opportunity of a basis (won: lost ones as well) that meets the
    conditions, whenever it was; ``key`` is its id. For KPIs to join: one row an opportunity, none
    where nobody touched it."""
    fact, anchor, _ = anchored(context, basis)
    o = opportunities.c
    rows = (
        select(o.opportunity_id.label("key"), o.lead_id, anchor.label("anchor"))
        .select_from(fact.source)
        .where(*fact.conditions, *conditions)
        .cte("anchored_opportunities")
    )
    contacts = union_all(*contact_rows(rows)).subquery("opportunity_leads")
    touched = touches_of(contacts, lookback_days, {"team": touches.c.team})
    return team_marks(touched.subquery("opportunity_touches")).subquery("opportunity_teams")
