"""HubSpot: what the rows of its raw tables (``hubspot_tables``) feed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
)

from data.build import feeds
from data.build.context import Context, named_columns
from data.build.feeds import NOT_NAMED, Feed, first_problem, mapped, not_named, where
from data.build.raw import RawSchema
from data.config_sources import HubspotSource
from data.sources.hubspot_activities import activities
from data.sources.hubspot_deals import deals
from data.sources.hubspot_tables import DEFAULT_FIELDS, STAGE_DATES, tables

__all__ = ["build", "tables"]


def build(raw: RawSchema, context: Context) -> Iterator[Feed]:
    """What every row of HubSpot's tables feeds."""
    settings = context.sources.hubspot
    yield from _people(raw, settings)
    yield from _contact_history(raw, settings)
    yield from activities(raw, context)
    yield from _reps(raw, settings)
    yield from _companies(raw)
    yield from deals(raw, context)


def _people(raw: RawSchema, settings: HubspotSource) -> Iterator[Feed]:
    contact = raw["contact"]
    c = contact.c
    ours = lead_columns(c, settings)
    yield Feed(
        "contact",
        feeds.records,
        contact.rows,
        {
            "record_id": c.id,
            "kind": literal("contact", Text),
            "created_at": c.property_createdate,
            "email": c.property_email,
            "full_name": func.nullif(
                func.trim(
                    func.coalesce(c.property_firstname, "")
                    + " "
                    + func.coalesce(c.property_lastname, "")
                ),
                "",
            ),
            "account_ref": c.property_associatedcompanyid,
            "owner_ref": c.property_hubspot_owner_id,
            "deleted_at": case(
                (
                    c._fivetran_deleted.is_(True),
                    func.coalesce(
                        c.property_lastmodifieddate, c._fivetran_synced, c.property_createdate
                    ),
                )
            ),
            "created_by_team": where(
                func.upper(c.property_hs_analytics_source_data_1) == "SALESFORCE", "sales"
            ),
            **ours,
        },
        contact.c.problem,
    )
    if (merge := raw.get("contact_merge_audit")) is not None:
        m = merge.c
        columns = {"from_id": m.vid_to_merge, "into_id": m.canonical_vid, "at": m.timestamp}
        itself = where(m.vid_to_merge == m.canonical_vid, "merged into itself")
        yield Feed(
            "contact_merge_audit", feeds.merges, merge.rows, columns,
            first_problem(m.problem, itself),
        )  # fmt: skip


def lead_columns(c: Any, settings: HubspotSource) -> dict[str, ColumnElement[Any]]:
    """The fields of a lead that columns of ``contact`` are named for."""
    columns = named_columns(c, {**DEFAULT_FIELDS, **settings.fields}, settings.channels)
    for record in ("lead", "contact"):
        if (name := f"salesforce_{record}_id") in columns:
            columns[f"sales_{record}_ref"] = columns.pop(name)
    return columns


def _contact_history(raw: RawSchema, settings: HubspotSource) -> Iterator[Feed]:
    history = raw.get("contact_property_history")
    if history is None:
        yield from _stage_dates(raw, settings)
        return
    h = history.c
    name = func.lower(h.name)
    stage = case(
        (name == "lifecyclestage", mapped(h.value, settings.lifecycle_stages)),
        (name == "hs_lead_status", mapped(h.value, settings.lead_status)),
    )
    followed = {"hubspot_owner_id": "owner_id", "associatedcompanyid": "account_id"}
    for field, column in {**DEFAULT_FIELDS, **settings.fields}.items():
        if field == "score" or field.startswith("has_"):
            followed[column.removeprefix("property_").lower()] = field
    is_stage = name.in_(("lifecyclestage", "hs_lead_status"))
    setting = case(
        (name == "lifecyclestage", literal("[sources.hubspot.lifecycle_stages]", Text)),
        else_=literal("[sources.hubspot.lead_status]", Text),
    )
    yield Feed(
        "contact_property_history",
        feeds.history,
        history.rows,
        {
            "record_id": h.contact_id,
            "field": case((is_stage, literal("stage", Text)), else_=mapped(name, followed)),
            "value": case((is_stage, stage), else_=h.value),
            "at": h.timestamp,
        },
        first_problem(
            h.problem,
            where(and_(~is_stage, name.not_in(list(followed))), "a property that is not followed"),
            where(and_(is_stage, h.value.is_(None)), "the stage was cleared"),
            case(
                (
                    and_(is_stage, stage.is_(None)),
                    literal("the stage '", Text) + h.value + f"' {NOT_NAMED} " + setting,
                )
            ),
            where(and_(is_stage, stage == ""), "a value that is no stage of ours"),
        ),
    )


def _stage_dates(raw: RawSchema, settings: HubspotSource) -> Iterator[Feed]:
    """Without the history of properties: the date that HubSpot keeps for each lifecycle stage."""
    contact = raw["contact"]
    stages = {name.lower(): stage for name, stage in settings.lifecycle_stages.items()}
    for column, theirs in STAGE_DATES.items():
        if stages.get(theirs):
            columns = {
                "record_id": contact.c.id,
                "field": literal("stage", Text),
                "value": literal(stages[theirs], Text),
                "at": contact.c[column],
            }
            problem = first_problem(
                contact.c.problem, where(contact.c[column].is_(None), "stage not reached")
            )
            yield Feed("contact", feeds.history, contact.rows, columns, problem, counted=False)


def _reps(raw: RawSchema, settings: HubspotSource) -> Iterator[Feed]:
    owner = raw.get("owner")
    teams, of_owner = raw.get("team"), raw.get("owner_team")
    for name in ("owner_team", "team"):
        if (found := raw.get(name)) is not None:
            yield Feed(name, None, found.rows, {}, found.c.problem)
    if owner is None:
        return
    o = owner.c
    rows: FromClause = owner.rows
    team_name: ColumnElement[Any] = cast(null(), Text)
    if teams is not None and of_owner is not None:
        nth = func.row_number().over(
            partition_by=of_owner.c.owner_id,
            order_by=[case((of_owner.c.is_team_primary.is_(True), 0), else_=1), of_owner.c.team_id],
        )
        named = (
            select(of_owner.c.owner_id, teams.c.name, nth.label("nth"))
            .join_from(of_owner.rows, teams.rows, teams.c.id == of_owner.c.team_id)
            .where(of_owner.c.problem.is_(None), teams.c.problem.is_(None))
            .subquery("named")
        )
        first = select(named).where(named.c.nth == 1).subquery("owner_team_name")
        rows = owner.rows.outerjoin(first, first.c.owner_id == o.owner_id)
        team_name = first.c.name
    yield Feed(
        "owner",
        feeds.reps,
        rows,
        {
            "owner_ref": o.owner_id,
            "name": func.nullif(
                func.trim(func.coalesce(o.first_name, "") + " " + func.coalesce(o.last_name, "")),
                "",
            ),
            "email": o.email,
            "team": func.coalesce(mapped(team_name, settings.teams), settings.default_team),
            "role": team_name,
        },
        o.problem,
    )
    team = mapped(team_name, settings.teams)
    setting = f"[sources.hubspot.teams]: its owners count as {settings.default_team}"
    unnamed = not_named(o.problem, team_name, team, "the team", setting)
    yield Feed("owner", None, rows, {}, unnamed, counted=False)


def _companies(raw: RawSchema) -> Iterator[Feed]:
    if (company := raw.get("company")) is not None:
        c = company.c
        columns = {
            "account_ref": c.id,
            "name": c.property_name,
            "industry": c.property_industry,
            "region": c.property_country,
            "employees": c.property_numberofemployees,
            "created_at": c.property_createdate,
            "sales_ref": c.property_salesforceaccountid,
        }
        deleted = where(c.is_deleted.is_(True), "deleted in HubSpot")
        yield Feed(
            "company", feeds.accounts, company.rows, columns, first_problem(c.problem, deleted)
        )
