"""Marketo: its raw tables as Fivetran lands them, and what each of their rows feeds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Text, and_, case, func, literal, select, true

from data.build import feeds
from data.build.context import Context, lead_fields, named_columns
from data.build.feeds import Feed, first_problem, mapped, unlisted, where
from data.build.raw import As, Col, Found, RawSchema, RawTable
from data.config_sources import MarketoSource

PRODUCT = "marketo"
DEFAULT_FIELDS = {
    "channel": "lead_source",
    "region": "country",
    "score": "lead_score",
    "salesforce_lead_id": "sfdc_lead_id",
    "salesforce_contact_id": "sfdc_contact_id",
}
# Activity → (direction, whether the buyer responded, whether a machine sent it).
ACTIVITIES = {
    "email_delivered": ("outbound", False, True),
    "click_email": ("inbound", True, False),
    "fill_out_form": ("inbound", True, False),
}
# What is landed as well and is no touch, and why.
NO_TOUCH = {
    "send_email": "told by its delivery",
    "open_email": "opening is no sure sign of a reader",
    "email_bounced": "it did not arrive",
    "unsubscribe_email": "no touch",
}


def _activity(name: str, gives: str, *columns: Col) -> RawTable:
    return RawTable(
        f"activity_{name}",
        (
            Col("id", also=("marketo_guid", "marketoguid")),
            Col("lead_id", required=True),
            Col("activity_date", As.MOMENT, required=True),
            Col("primary_attribute_value"),
            *columns,
        ),
        gives=gives,
        also=(f"activities_{name}",),
    )


def tables(settings: MarketoSource) -> tuple[RawTable, ...]:
    """Marketo's raw tables, with the columns that the configuration names."""
    return (
        RawTable(
            "lead",
            (
                Col("id"),
                Col("created_at", As.MOMENT, required=True),
                *(Col(name) for name in ("email", "first_name", "last_name")),
                Col("updated_at", As.MOMENT),
                Col("_fivetran_deleted", As.FLAG),
            ),
            gives="the leads",
            also=("leads",),
            needed=True,
        ).with_columns(lead_fields(PRODUCT, settings.fields, DEFAULT_FIELDS, Col)),
        _activity("change_data_value", "when the fields of a lead changed", Col("new_value")),
        _activity("merge_leads", "which leads were merged", Col("merge_ids")),
        _activity("delete_lead", "which leads were deleted"),
        *(
            _activity(name, "answers and e-mails of marketing", Col("campaign_id"))
            for name in (*ACTIVITIES, *NO_TOUCH)
        ),
        RawTable(
            "campaign",
            (Col("id"), Col("name"), Col("program_id")),
            gives="the programme of an activity",
            also=("campaigns",),
        ),
        RawTable(
            "program",
            (
                Col("id"),
                *(Col(name) for name in ("name", "channel")),
                *(Col(name, As.DAY) for name in ("start_date", "end_date")),
            ),
            gives="the campaigns",
            also=("programs",),
        ),
    )


def build(raw: RawSchema, context: Context) -> Iterator[Feed]:
    """What every row of Marketo's tables feeds."""
    settings = context.sources.marketo
    yield from _people(raw, settings)
    yield from _changes(raw, settings)
    yield from _touches(raw, settings)


def _people(raw: RawSchema, settings: MarketoSource) -> Iterator[Feed]:
    lead = raw["lead"]
    c = lead.c
    rows: FromClause = lead.rows
    deleted_at: ColumnElement[Any] = case(
        (c._fivetran_deleted.is_(True), func.coalesce(c.updated_at, c.created_at))
    )
    if (deletion := raw.get("activity_delete_lead")) is not None:
        d = deletion.c
        last = (
            select(d.lead_id, func.max(d.activity_date).label("at"))
            .where(d.problem.is_(None))
            .group_by(d.lead_id)
            .subquery("deletion")
        )
        rows = rows.outerjoin(last, last.c.lead_id == c.id)
        deleted_at = func.coalesce(last.c.at, deleted_at)
        yield Feed("activity_delete_lead", None, deletion.rows, {}, d.problem)
    columns = named_columns(c, {**DEFAULT_FIELDS, **settings.fields}, settings.channels)
    for record in ("lead", "contact"):
        if (name := f"salesforce_{record}_id") in columns:
            columns[f"sales_{record}_ref"] = columns.pop(name)
    whole = func.coalesce(c.first_name, "") + " " + func.coalesce(c.last_name, "")
    columns |= {
        "record_id": c.id,
        "kind": literal("contact", Text),
        "created_at": c.created_at,
        "email": c.email,
        "full_name": func.nullif(func.trim(whole), ""),
        "deleted_at": deleted_at,
    }
    yield Feed("lead", feeds.records, rows, columns, c.problem)
    if (merge := raw.get("activity_merge_leads")) is not None:
        yield from _merges(merge)


def _merges(merge: Found) -> Iterator[Feed]:
    """``merge_ids`` lists those merged away, as "[12]" or "12,34"; a row may name several."""
    m = merge.c
    digits = func.nullif(func.regexp_replace(m.merge_ids, "[^0-9,]", "", "g"), "")
    none = where(digits.is_(None), "it names no lead that was merged")
    yield Feed("activity_merge_leads", None, merge.rows, {}, first_problem(m.problem, none))
    each = (
        select(
            m.lead_id,
            m.activity_date,
            m.problem,
            func.unnest(func.string_to_array(digits, ","), type_=Text).label("from_id"),
        )
        .where(digits.is_not(None))
        .subquery("merged_leads")
    )
    columns = {"from_id": each.c.from_id, "into_id": each.c.lead_id, "at": each.c.activity_date}
    itself = where(each.c.from_id == each.c.lead_id, "merged into itself")
    yield Feed(
        "activity_merge_leads", feeds.merges, each, columns,
        first_problem(each.c.problem, itself), counted=False,
    )  # fmt: skip


def _changes(raw: RawSchema, settings: MarketoSource) -> Iterator[Feed]:
    if (change := raw.get("activity_change_data_value")) is None:
        return
    h = change.c
    attribute = func.lower(h.primary_attribute_value)
    is_stage = attribute == settings.stage_attribute.lower()
    stage = mapped(h.new_value, settings.stages)
    followed = {
        name.lower(): field
        for field, name in settings.attributes.items()
        if field == "score" or field.startswith("has_")
    }
    yield Feed(
        "activity_change_data_value",
        feeds.history,
        change.rows,
        {
            "record_id": h.lead_id,
            "field": case((is_stage, literal("stage", Text)), else_=mapped(attribute, followed)),
            "value": case((is_stage, stage), else_=h.new_value),
            "at": h.activity_date,
        },
        first_problem(
            h.problem,
            where(
                func.coalesce(and_(~is_stage, attribute.not_in(list(followed))), True),
                "an attribute that is not followed",
            ),
            where(and_(is_stage, h.new_value.is_(None)), "the stage was cleared"),
            case(
                (
                    and_(is_stage, stage.is_(None)),
                    unlisted(h.new_value, "the stage", "[sources.marketo.stages]"),
                )
            ),
            where(and_(is_stage, stage == ""), "a value that is no stage of ours"),
        ),
    )


def _touches(raw: RawSchema, settings: MarketoSource) -> Iterator[Feed]:
    campaign, program = raw.get("campaign"), raw.get("program")
    if program is not None:
        p = program.c
        of_program = {
            "campaign_ref": p.id,
            **named_columns(p, {"channel": "channel"}, settings.channels),
            "name": p.name,
            "starts_on": p.start_date,
            "ends_on": p.end_date,
        }
        yield Feed("program", feeds.campaigns, program.rows, of_program, p.problem)
    if campaign is not None:
        yield Feed("campaign", None, campaign.rows, {}, campaign.c.problem)
    for name, (direction, responded, automated) in ACTIVITIES.items():
        if (found := raw.get(f"activity_{name}")) is None:
            continue
        a = found.c
        rows: FromClause = found.rows
        columns: dict[str, ColumnElement[Any]] = {}
        if campaign is not None:
            known = select(campaign.rows).where(campaign.c.problem.is_(None)).subquery("known")
            rows = rows.outerjoin(known, known.c.id == a.campaign_id)
            columns["campaign_ref"] = known.c.program_id
        is_form = name == "fill_out_form"
        columns |= {
            "touch_ref": a.id,
            "record_id": a.lead_id,
            "at": a.activity_date,
            "team": literal("marketing", Text),
            "channel": literal("website" if is_form else "email", Text),
            "kind": literal("form" if is_form else "email", Text),
            "direction": literal(direction, Text),
            "responded": literal(responded),
            "automated": literal(automated),
            "asset": a.primary_attribute_value,
        }
        yield Feed(f"activity_{name}", feeds.touches, rows, columns, a.problem)
    for name, reason in NO_TOUCH.items():
        if (found := raw.get(f"activity_{name}")) is not None:
            problem = first_problem(found.c.problem, where(true(), reason))
            yield Feed(f"activity_{name}", None, found.rows, {}, problem)
