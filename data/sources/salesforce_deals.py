"""Salesforce's opportunities: their raw tables, and what each of their rows feeds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Date, Text, and_, case, cast, func, literal, null, true

from data.build import feeds
from data.build.context import Context, lead_fields, named_columns
from data.build.feeds import (
    Feed,
    first_problem,
    is_listed,
    mapped,
    not_named,
    unlisted_sources,
    where,
)
from data.build.raw import As, Col, RawSchema, RawTable
from data.config_sources import SalesforceSource
from data.dialects.functions import moment_of, number_of

DEFAULT_DEAL_FIELDS = {"channel": "lead_source"}


def field_history(name: str, of: str) -> RawTable:
    """The table that holds an object's changes, one row a field."""
    return RawTable(
        name,
        (
            Col("id"),
            Col(f"{of}_id", required=True),
            Col("field", required=True),
            *(Col(column) for column in ("old_value", "new_value", "created_by_id")),
            Col("created_date", As.MOMENT, required=True),
            Col("is_deleted", As.FLAG),
        ),
        gives=f"when the fields of {'an' if of[0] in 'aeiou' else 'a'} {of} changed",
    )


def deal_tables(settings: SalesforceSource) -> tuple[RawTable, ...]:
    own = lead_fields(
        "salesforce", settings.opportunity_fields, DEFAULT_DEAL_FIELDS, Col,
        block="opportunity_fields",
    )  # fmt: skip
    return (
        RawTable(
            "opportunity",
            (
                Col("id"),
                Col("created_date", As.MOMENT, required=True),
                Col("close_date", As.DAY),
                Col("amount", As.NUMBER),
                *(Col(name, As.FLAG) for name in ("is_closed", "is_won", "is_deleted")),
                *(Col(name) for name in ("account_id", "owner_id", "stage_name", "type",
                                         "currency_iso_code")),
            ),
            gives="the opportunities",
        ).with_columns(own),
        RawTable(
            "opportunity_history",
            (
                Col("id"),
                Col("opportunity_id"),
                Col("stage_name", required=True),
                Col("amount", As.NUMBER),
                Col("close_date", As.DAY),
                Col("owner_id"),
                Col("created_date", As.MOMENT),
                Col("_fivetran_start", As.MOMENT),
            ),
            gives="when an opportunity entered its stages",
            key=(),
            keeps_versions=True,
        ),
        field_history("opportunity_field_history", "opportunity"),
        RawTable(
            "opportunity_contact_role",
            (
                Col("id"),
                *(Col(name, required=True) for name in ("opportunity_id", "contact_id")),
                Col("role"),
                *(Col(name, As.FLAG) for name in ("is_primary", "is_deleted")),
                Col("created_date", As.MOMENT),
            ),
            gives="the leads of an opportunity",
        ),
    )  # fmt: skip


def deals(raw: RawSchema, context: Context) -> Iterator[Feed]:
    """What every row of the tables about opportunities feeds."""
    settings = context.sources.salesforce
    elsewhere = (
        None
        if context.deals_from == "salesforce"
        else where(true(), f"opportunities are taken from {context.deals_from}")
    )
    yield from _opportunities(raw, settings, elsewhere)
    yield from _stages(raw, settings, elsewhere)
    yield from _contacts(raw, elsewhere)


def _opportunities(
    raw: RawSchema, settings: SalesforceSource, elsewhere: ColumnElement[Any] | None
) -> Iterator[Feed]:
    if (found := raw.get("opportunity")) is None:
        return
    o = found.c
    status = case((o.is_won.is_(True), "won"), (o.is_closed.is_(True), "lost"), else_="open")
    columns = {
        "deal_ref": o.id,
        "account_ref": o.account_id,
        "owner_ref": o.owner_id,
        "kind": mapped(o.type, settings.opportunity_kinds),
        "created_at": o.created_date,
        "closed_on": case((o.is_closed.is_(True), o.close_date)),
        "status": status,
        "stage": o.stage_name,
        "amount": o.amount,
        "currency": func.upper(o.currency_iso_code),
        "expected_close_on": o.close_date,
        **named_columns(
            o, {**DEFAULT_DEAL_FIELDS, **settings.opportunity_fields}, settings.channels
        ),
    }
    problem = first_problem(
        o.problem,
        elsewhere,
        where(o.is_deleted.is_(True), "deleted in Salesforce"),
        where(and_(o.is_won.is_(None), o.is_closed.is_(None)), "not known whether it is closed"),
    )
    feed = Feed("opportunity", feeds.deals, found.rows, columns, problem)
    yield feed
    yield from unlisted_sources(feed)
    setting = "[sources.salesforce.opportunity_kinds]"
    kinds = not_named(problem, o.type, columns["kind"], "the type", setting)
    yield Feed("opportunity", None, found.rows, {}, kinds, counted=False)


def _stages(
    raw: RawSchema, settings: SalesforceSource, elsewhere: ColumnElement[Any] | None
) -> Iterator[Feed]:
    whole = raw.get("opportunity_history")
    if whole is not None:
        h = whole.c
        # Salesforce's own object names its opportunity; Fivetran's history mode keeps versions of
        # the opportunity itself.
        columns = {
            "deal_ref": func.coalesce(h.opportunity_id, h.id),
            "stage": h.stage_name,
            "at": func.coalesce(h._fivetran_start, h.created_date),
            "amount": h.amount,
            "expected_close_on": h.close_date,
            "owner_ref": h.owner_id,
            "is_qualified": is_listed(h.stage_name, settings.qualified_stages),
            "is_sparse": literal(False),
        }
        no_date = where(and_(h._fivetran_start.is_(None), h.created_date.is_(None)), "no date")
        problem = first_problem(h.problem, elsewhere, no_date)
        yield Feed("opportunity_history", feeds.deal_stages, whole.rows, columns, problem)
    if (changes := raw.get("opportunity_field_history")) is None:
        return
    h = changes.c
    field = func.lower(h.field)
    followed = ("stagename", "amount", "closedate", "owner")
    is_id = func.substr(h.new_value, 1, 3) == "005"
    columns = {
        "deal_ref": h.opportunity_id,
        "stage": case((field == "stagename", h.new_value)),
        "at": h.created_date,
        "amount": case((field == "amount", number_of(h.new_value))),
        "expected_close_on": case((field == "closedate", cast(moment_of(h.new_value), Date))),
        "owner_ref": case((field == "owner", h.new_value)),
        "is_qualified": and_(
            field == "stagename", is_listed(h.new_value, settings.qualified_stages)
        ),
        "is_sparse": true(),
    }
    problem = first_problem(
        h.problem,
        elsewhere,
        where(h.is_deleted.is_(True), "deleted in Salesforce"),
        where(literal(whole is not None), "told by opportunity_history"),
        where(field.not_in(followed), "a field that is not followed"),
        where(and_(field == "owner", ~is_id), "the owner's name; another row has the id"),
    )
    yield Feed("opportunity_field_history", feeds.deal_stages, changes.rows, columns, problem)


def _contacts(raw: RawSchema, elsewhere: ColumnElement[Any] | None) -> Iterator[Feed]:
    if (role := raw.get("opportunity_contact_role")) is not None:
        r = role.c
        columns = {
            "deal_ref": r.opportunity_id,
            "record_id": r.contact_id,
            "role": r.role,
            "is_primary": func.coalesce(r.is_primary, False),
            "at": r.created_date,
        }
        problem = first_problem(
            r.problem, elsewhere, where(r.is_deleted.is_(True), "deleted in Salesforce")
        )
        yield Feed("opportunity_contact_role", feeds.deal_contacts, role.rows, columns, problem)
    lead = raw["lead"]
    columns = {
        "deal_ref": lead.c.converted_opportunity_id,
        "record_id": lead.c.id,
        "role": cast(null(), Text),
        "is_primary": true(),
        "is_converted": true(),
        "at": lead.c.converted_date,
    }
    none = where(lead.c.converted_opportunity_id.is_(None), "no opportunity")
    problem = first_problem(lead.c.problem, elsewhere, none)
    yield Feed("lead", feeds.deal_contacts, lead.rows, columns, problem, counted=False)
