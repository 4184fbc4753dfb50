"""Salesforce: its raw tables as Fivetran lands them, and what each of their rows feeds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    FromClause,
    Subquery,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
)

from data.build import feeds
from data.build.context import Context, lead_fields, named_columns
from data.build.feeds import Feed, first_problem, first_told, mapped, not_named, unlisted, where
from data.build.raw import As, Col, Found, RawSchema, RawTable
from data.config_sources import SalesforceSource
from data.sources.salesforce_activities import activities, activity_tables
from data.sources.salesforce_deals import deal_tables, deals, field_history

PRODUCT = "salesforce"
DEFAULT_FIELDS = {"channel": "lead_source", "region": "country"}
# The same field where the record is a contact.
ON_CONTACT = {"country": "mailing_country"}
# Fields of a lead, besides its facts, whose changes are followed where a setting names them.
FOLLOWED = ("score", "account_id", "first_response_at")
QUEUE = "00G"  # the ids of queues begin so: an owner that is nobody


def tables(settings: SalesforceSource) -> tuple[RawTable, ...]:
    """Salesforce's raw tables, with the columns that the configuration names."""
    own = tuple(lead_fields(PRODUCT, settings.fields, DEFAULT_FIELDS, Col))
    contact_own = tuple(Col(ON_CONTACT.get(col.name, col.name), col.read_as) for col in own)
    person = (
        Col("id"),
        Col("created_date", As.MOMENT, required=True),
        *(Col(name) for name in ("email", "name", "owner_id", "master_record_id", "created_by_id")),
        Col("is_deleted", As.FLAG),
        Col("last_modified_date", As.MOMENT),
    )
    return (
        RawTable(
            "lead",
            (
                *person,
                Col("status"),
                Col("is_converted", As.FLAG),
                Col("converted_date", As.MOMENT),
                *(Col(f"converted_{name}_id") for name in ("contact", "account", "opportunity")),
            ),
            gives="the leads",
            needed=True,
        ).with_columns(own),
        RawTable(
            "contact", (*person, Col("account_id")), gives="whom leads become", needed=True
        ).with_columns(contact_own),
        field_history("lead_history", "lead"),
        RawTable(
            "account",
            (
                *_account_columns(settings),
                Col("id"),
                *(Col(n) for n in ("name", "industry", "billing_country", "master_record_id")),
                Col("number_of_employees", As.NUMBER),
                Col("created_date", As.MOMENT),
                Col("is_deleted", As.FLAG),
            ),
            gives="the accounts",
        ),
        RawTable(
            "user",
            (
                Col("id"),
                *(Col(n) for n in ("name", "email", "user_role_id", "manager_id",
                                   "time_zone_sid_key", "country")),
            ),
            gives="the reps",
            also=("sf_user", "users"),
        ),
        RawTable("user_role", (Col("id"), Col("name")), gives="the roles of reps"),
        *deal_tables(settings),
        *activity_tables(settings),
    )  # fmt: skip


def _account_columns(settings: SalesforceSource) -> Iterator[Col]:
    for field, name in settings.account_fields.items():
        if name:
            yield Col(name, configured=f"[sources.salesforce.account_fields] {field}")


def build(raw: RawSchema, context: Context) -> Iterator[Feed]:
    """What every row of Salesforce's tables feeds."""
    settings = context.sources.salesforce
    yield _leads(raw, settings)
    yield _contacts(raw, settings)
    yield from _lead_history(raw, settings)
    yield from _conversion(raw, settings)
    yield from _companies(raw, settings)
    yield from deals(raw, context)
    yield from activities(raw, context)


def _person(found: Found, settings: SalesforceSource, names: dict[str, str]) -> dict[str, Any]:
    c = found.c
    is_merged = c.master_record_id.is_not(None)
    return {
        "record_id": c.id,
        "created_at": c.created_date,
        "email": c.email,
        "full_name": c.name,
        "owner_ref": case((func.substr(c.owner_id, 1, 3) != QUEUE, c.owner_id)),
        # What was merged away is in the recycle bin as well: it goes on as the other record.
        "deleted_at": case(
            (
                and_(c.is_deleted.is_(True), ~is_merged),
                func.coalesce(c.last_modified_date, c.created_date),
            )
        ),
        "is_merged": is_merged,
        "created_by_ref": c.created_by_id,
        **named_columns(c, names, settings.channels),
    }


def _own_names(settings: SalesforceSource) -> dict[str, str]:
    names = {**DEFAULT_FIELDS, **settings.fields}
    return {field: name for field, name in names.items() if not field.startswith("salesforce_")}


def _leads(raw: RawSchema, settings: SalesforceSource) -> Feed:
    lead = raw["lead"]
    c = lead.c
    person = _person(lead, settings, _own_names(settings))
    columns = {
        **person,
        "kind": literal("lead", Text),
        "account_ref": first_told(c.converted_account_id, person.get("account_ref")),
        "next_id": func.coalesce(c.master_record_id, c.converted_contact_id),
        "next_at": case(
            (c.master_record_id.is_not(None), c.last_modified_date), else_=c.converted_date
        ),
    }
    return Feed("lead", feeds.records, lead.rows, columns, c.problem)


def _contacts(raw: RawSchema, settings: SalesforceSource) -> Feed:
    contact = raw["contact"]
    c = contact.c
    names = {field: ON_CONTACT.get(name, name) for field, name in _own_names(settings).items()}
    columns = {
        **_person(contact, settings, names),
        "kind": literal("contact", Text),
        "account_ref": c.account_id,
        "next_id": c.master_record_id,
        "next_at": c.last_modified_date,
    }
    return Feed("contact", feeds.records, contact.rows, columns, c.problem)


def _stage_problem(status: ColumnElement[Any], stage: ColumnElement[Any]) -> ColumnElement[Any]:
    setting = "[sources.salesforce.lead_status]"
    return case(
        (status.is_(None), "no status"),
        (stage.is_(None), unlisted(status, "the status", setting)),
        (stage == "", "a status that is no stage of ours"),
    )


def _lead_history(raw: RawSchema, settings: SalesforceSource) -> Iterator[Feed]:
    history = raw.get("lead_history")
    if history is None:
        return
    h = history.c
    field = func.lower(h.field)
    is_status = field == "status"
    stage = mapped(h.new_value, settings.lead_status)
    followed = {"owner": "owner_id", "ownerid": "owner_id"}
    for ours, column in settings.fields.items():
        if ours in FOLLOWED or ours.startswith("has_"):
            # A field's own name in the history: Score__c, where the column is score_c.
            followed |= dict.fromkeys((column.lower(), _api_name(column)), ours)
    # Salesforce tells a change of owner or account twice: by name and by id.
    is_account = field.in_([name for name, ours in followed.items() if ours == "account_id"])
    named = or_(
        and_(field.in_(("owner", "ownerid")), func.substr(h.new_value, 1, 3) != "005"),
        and_(is_account, func.substr(h.new_value, 1, 3) != "001"),
    )
    queue = and_(field.in_(("owner", "ownerid")), func.substr(h.new_value, 1, 3) == QUEUE)
    yield Feed(
        "lead_history",
        feeds.history,
        history.rows,
        {
            "record_id": h.lead_id,
            "field": case((is_status, literal("stage", Text)), else_=mapped(field, followed)),
            "value": case((is_status, stage), (queue, cast(null(), Text)), else_=h.new_value),
            "at": h.created_date,
            "actor_ref": h.created_by_id,
        },
        first_problem(
            h.problem,
            where(h.is_deleted.is_(True), "deleted in Salesforce"),
            where(field == "leadconverted", "the conversion, which the lead itself tells"),
            where(and_(~is_status, field.not_in(list(followed))), "a field that is not followed"),
            where(and_(named, ~queue), "a name; another row has the id"),
            case((is_status, _stage_problem(h.new_value, stage))),
        ),
    )
    yield _first_status(raw, history, settings)
    yield _first_owner(raw, history)


def _api_name(column: str) -> str:
    return f"{column[:-2]}__c" if column.endswith("_c") else column.replace("_", "")


def _before_changes(raw: RawSchema, h: Any, is_change: ColumnElement[bool]) -> Subquery:
    """Per lead whose field has changed: the value that it had before the first change."""
    nth = func.row_number().over(partition_by=h.lead_id, order_by=[h.created_date, h.id])
    changes = (
        select(h.lead_id, h.old_value, nth.label("nth"))
        .where(h.problem.is_(None), h.is_deleted.is_not(True), is_change)
        .subquery("changes")
    )
    return select(changes).where(changes.c.nth == 1).subquery("first_change")


def _first_status(raw: RawSchema, history: Found, settings: SalesforceSource) -> Feed:
    """The status that a lead was created with: the one before its first change, or today's."""
    lead = raw["lead"]
    first = _before_changes(raw, history.c, func.lower(history.c.field) == "status")
    rows = lead.rows.outerjoin(first, first.c.lead_id == lead.c.id)
    status = case((first.c.lead_id.is_not(None), first.c.old_value), else_=lead.c.status)
    stage = mapped(status, settings.lead_status)
    # A conversion has a date of its own and is told by it.
    converted = and_(first.c.lead_id.is_(None), lead.c.is_converted.is_(True))
    columns = {
        "record_id": lead.c.id,
        "field": literal("stage", Text),
        "value": stage,
        "at": lead.c.created_date,
        "actor_ref": lead.c.created_by_id,
    }
    problem = first_problem(
        lead.c.problem, where(converted, "converted"), _stage_problem(status, stage)
    )
    return Feed("lead", feeds.history, rows, columns, problem, counted=False)


def _first_owner(raw: RawSchema, history: Found) -> Feed:
    """The owner that a lead was created with, by id: queues are nobody."""
    lead, h = raw["lead"], history.c
    is_change = and_(
        func.lower(h.field).in_(("owner", "ownerid")),
        func.substr(h.new_value, 1, 3).in_(("005", QUEUE)),
    )
    first = _before_changes(raw, h, is_change)
    rows = lead.rows.outerjoin(first, first.c.lead_id == lead.c.id)
    owner = case((first.c.lead_id.is_not(None), first.c.old_value), else_=lead.c.owner_id)
    columns = {
        "record_id": lead.c.id,
        "field": literal("owner_id", Text),
        "value": owner,
        "at": lead.c.created_date,
    }
    nobody = or_(owner.is_(None), func.substr(owner, 1, 3) == QUEUE)
    problem = first_problem(lead.c.problem, where(nobody, "nobody"))
    return Feed("lead", feeds.history, rows, columns, problem, counted=False)


def _conversion(raw: RawSchema, settings: SalesforceSource) -> Iterator[Feed]:
    if not settings.converted_stage:
        return
    lead = raw["lead"]
    # The date of a conversion has no time of day: the history knows it, where it is synced.
    told: ColumnElement[Any] = cast(null(), DateTime)
    rows: FromClause = lead.rows
    if (history := raw.get("lead_history")) is not None:
        h = history.c
        stage = mapped(h.new_value, settings.lead_status)
        by_status = and_(func.lower(h.field) == "status", stage == settings.converted_stage)
        last = (
            select(h.lead_id, func.max(h.created_date).label("at"))
            .where(h.problem.is_(None), or_(func.lower(h.field) == "leadconverted", by_status))
            .group_by(h.lead_id)
            .subquery("conversion")
        )
        rows = rows.outerjoin(last, last.c.lead_id == lead.c.id)
        told = last.c.at
    dated = case(
        (lead.c.converted_date < lead.c.created_date, lead.c.created_date),
        else_=lead.c.converted_date,
    )
    columns = {
        "record_id": lead.c.id,
        "field": literal("stage", Text),
        "value": literal(settings.converted_stage, Text),
        "at": func.coalesce(told, dated),
    }
    problem = first_problem(
        lead.c.problem,
        where(
            or_(lead.c.is_converted.is_not(True), lead.c.converted_date.is_(None)), "not converted"
        ),
    )
    yield Feed("lead", feeds.history, rows, columns, problem, counted=False)


def _companies(raw: RawSchema, settings: SalesforceSource) -> Iterator[Feed]:
    if (account := raw.get("account")) is not None:
        a = account.c
        columns = {
            "account_ref": a.id,
            "name": a.name,
            "industry": a.industry,
            "region": a.billing_country,
            "employees": a.number_of_employees,
            "created_at": a.created_date,
            **named_columns(a, settings.account_fields, {}),
        }
        problem = first_problem(
            a.problem,
            where(a.master_record_id.is_not(None), "merged into another account"),
            where(a.is_deleted.is_(True), "deleted in Salesforce"),
        )
        yield Feed("account", feeds.accounts, account.rows, columns, problem)
    role = raw.get("user_role")
    if role is not None:
        yield Feed("user_role", None, role.rows, {}, role.c.problem)
    if (user := raw.get("user")) is None:
        return
    u = user.c
    rows: FromClause = user.rows
    role_name: ColumnElement[Any] = cast(null(), Text)
    if role is not None:
        named = select(role.rows).where(role.c.problem.is_(None)).subquery("role_of_user")
        rows = rows.outerjoin(named, named.c.id == u.user_role_id)
        role_name = named.c.name
    columns = {
        "owner_ref": u.id,
        "name": u.name,
        "email": u.email,
        "team": func.coalesce(mapped(role_name, settings.teams), settings.default_team),
        "role": role_name,
        "manager_ref": u.manager_id,
        "region": u.country,
        "timezone": u.time_zone_sid_key,
    }
    yield Feed("user", feeds.reps, rows, columns, u.problem)
    team = mapped(role_name, settings.teams)
    setting = f"[sources.salesforce.teams]: its users count as {settings.default_team}"
    teams = not_named(u.problem, role_name, team, "the role", setting)
    yield Feed("user", None, rows, {}, teams, counted=False)
