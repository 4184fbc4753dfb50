"""Salesforce's tasks, events and campaign members, which become touches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
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
from data.build.context import READ_AS, Context, named_columns
from data.build.feeds import Feed, first_problem, is_listed, mapped, renamed, unlisted, where
from data.build.raw import FALSE, As, Col, RawSchema, RawTable
from data.config_sources import SalesforceSource
from data.tables import ENUMS, TEAMS

DELETED = "deleted in Salesforce"


def activity_tables(settings: SalesforceSource) -> tuple[RawTable, ...]:
    automated = _named(settings.automated_field, As.TEXT, "automated_field")
    no_show = _named(settings.no_show_field, As.FLAG, "no_show_field")
    own = tuple(
        Col(
            name,
            READ_AS.get(field, As.TEXT),
            configured=f"[sources.salesforce.activity_fields] {field}",
        )
        for field, name in settings.activity_fields.items()
        if name
    )
    common = (
        Col("id"),
        *(Col(name) for name in ("who_id", "owner_id", "type", "subject")),
        Col("created_date", As.MOMENT, required=True),
        Col("is_deleted", As.FLAG),
    )
    return (
        RawTable(
            "task",
            (
                *common,
                *(Col(name) for name in ("task_subtype", "call_type")),
                Col("is_closed", As.FLAG),
                *(Col(name, As.MOMENT) for name in ("activity_date", "completed_date_time")),
            ),
            gives="calls and e-mails of reps",
        ).with_columns((*automated, *own)),
        RawTable(
            "event",
            (
                *common,
                *(Col(name, As.MOMENT) for name in ("start_date_time", "activity_date_time")),
                Col("is_child", As.FLAG),
            ),
            gives="meetings",
        ).with_columns((*no_show, *own)),
        RawTable(
            "campaign",
            (
                Col("id"),
                *(Col(name) for name in ("name", "type")),
                *(Col(name, As.DAY) for name in ("start_date", "end_date")),
                Col("is_deleted", As.FLAG),
            ),
            gives="the campaigns",
        ),
        RawTable(
            "campaign_member",
            (
                Col("id"),
                Col("campaign_id", required=True),
                *(Col(name) for name in ("lead_id", "contact_id")),
                *(Col(name, As.FLAG) for name in ("has_responded", "is_deleted")),
                Col("first_responded_date", As.MOMENT),
                Col("created_date", As.MOMENT, required=True),
            ),
            gives="whom a campaign reached",
        ),
    )


def _named(column: str, read_as: As, setting: str) -> tuple[Col, ...]:
    if not column:
        return ()
    return (Col(column, read_as, configured=f"[sources.salesforce] {setting}"),)


def activities(raw: RawSchema, context: Context) -> Iterator[Feed]:
    """What every row of the tables about activities feeds."""
    yield from _tasks(raw, context)
    yield from _events(raw, context)
    yield from _campaigns(raw, context.sources.salesforce)


def _tasks(raw: RawSchema, context: Context) -> Iterator[Feed]:
    if (task := raw.get("task")) is None:
        return
    settings = context.sources.salesforce
    t = task.c
    kind = func.coalesce(
        mapped(t.task_subtype, settings.touch_types), mapped(t.type, settings.touch_types)
    )
    is_inbound = func.coalesce(func.lower(t.call_type) == "inbound", False)
    # Without a moment of completion: the day it was for, or the moment it was logged on that day.
    logged = case(
        (cast(t.activity_date, Date) == cast(t.created_date, Date), t.created_date),
        else_=func.coalesce(t.activity_date, t.created_date),
    )
    at = func.coalesce(t.completed_date_time, logged)
    yield Feed(
        "task",
        feeds.touches,
        task.rows,
        {
            "touch_ref": t.id,
            "record_id": t.who_id,
            "at": at,
            "channel": case({"call": "phone"}, value=kind, else_=kind),
            "kind": kind,
            "direction": case((is_inbound, "inbound"), else_="outbound"),
            "responded": case((is_inbound, True)),
            "automated": _is_automated(t, settings),
            "asset": t.subject,
            "owner_ref": t.owner_id,
            **_own(t, settings, kind, is_inbound),
        },
        first_problem(
            t.problem,
            where(t.is_deleted.is_(True), DELETED),
            where(t.is_closed.is_not(True), "a task not completed"),
            where(t.who_id.is_(None), "no lead or contact"),
            where(func.lower(t.call_type) == "internal", "an internal call"),
            case(
                (
                    kind.is_(None),
                    unlisted(
                        func.coalesce(t.type, t.task_subtype, "(none)"),
                        "the type",
                        "[sources.salesforce.touch_types]",
                    ),
                )
            ),
            where(kind == "", "a type that is no touch"),
            where(at > context.now, "dated in the future"),
        ),
    )


def _own(
    activity: Any, settings: SalesforceSource, kind: ColumnElement[Any],
    is_inbound: ColumnElement[bool] | None = None,
) -> dict[str, ColumnElement[Any]]:  # fmt: skip
    """What the company's own columns of an activity say, where settings name them."""
    found = named_columns(activity, settings.activity_fields, {})
    usual = {
        "channel": case({"call": "phone"}, value=kind, else_=kind),
        "direction": literal("outbound", Text)
        if is_inbound is None
        else case((is_inbound, "inbound"), else_="outbound"),
    }
    lists = {"team": TEAMS, "direction": ENUMS["touches", "direction"]}
    for field, listed in lists.items():
        if field in found:
            value = func.lower(found[field])
            found[field] = case((value.in_(listed), value))
    return {
        field: func.coalesce(value, usual[field]) if field in usual else value
        for field, value in found.items()
    }


def _is_automated(t: Any, settings: SalesforceSource) -> ColumnElement[Any]:
    listed = or_(
        is_listed(t.task_subtype, settings.automated_types),
        is_listed(t.type, settings.automated_types),
    )
    if not settings.automated_field:
        return listed
    value = t[settings.automated_field]
    marked = and_(value.is_not(None), func.lower(value).not_in(FALSE))
    return or_(listed, marked)


def _events(raw: RawSchema, context: Context) -> Iterator[Feed]:
    if (event := raw.get("event")) is None:
        return
    settings = context.sources.salesforce
    e = event.c
    at = func.coalesce(e.start_date_time, e.activity_date_time)
    kind = func.coalesce(mapped(e.type, settings.touch_types), "meeting")
    held: ColumnElement[Any] = literal(True)
    if settings.no_show_field:
        held = e[settings.no_show_field].is_not(True)
    yield Feed(
        "event",
        feeds.touches,
        event.rows,
        {
            "touch_ref": e.id,
            "record_id": e.who_id,
            "at": at,
            "channel": case({"call": "phone"}, value=kind, else_=kind),
            "kind": kind,
            "direction": literal("outbound", Text),
            "responded": held,
            "automated": literal(False),
            "asset": e.subject,
            "owner_ref": e.owner_id,
            **_own(e, settings, kind),
        },
        first_problem(
            e.problem,
            where(e.is_deleted.is_(True), DELETED),
            where(e.is_child.is_(True), "another invitee's copy of a meeting"),
            where(e.who_id.is_(None), "no lead or contact"),
            where(at.is_(None), "no time"),
            where(kind == "", "a type that is no touch"),
            where(at > context.now, "a meeting still to come"),
        ),
    )


def _campaigns(raw: RawSchema, settings: SalesforceSource) -> Iterator[Feed]:
    campaign = raw.get("campaign")
    if campaign is not None:
        c = campaign.c
        columns = {
            "campaign_ref": c.id,
            "name": c.name,
            "channel": renamed(c.type, settings.channels),
            "starts_on": c.start_date,
            "ends_on": c.end_date,
        }
        problem = first_problem(c.problem, where(c.is_deleted.is_(True), DELETED))
        yield Feed("campaign", feeds.campaigns, campaign.rows, columns, problem)
    if (member := raw.get("campaign_member")) is None:
        return
    m = member.c
    rows: FromClause = member.rows
    channel: ColumnElement[Any] = cast(null(), Text)
    if campaign is not None:
        known = (
            select(campaign.c.id, renamed(campaign.c.type, settings.channels).label("channel"))
            .where(campaign.c.problem.is_(None))
            .subquery("campaign_of_member")
        )
        rows = rows.outerjoin(known, known.c.id == m.campaign_id)
        channel = known.c.channel
    responded = func.coalesce(m.has_responded, False)
    columns = {
        "touch_ref": m.id,
        "record_id": func.coalesce(m.contact_id, m.lead_id),
        "at": case(
            (responded, func.coalesce(m.first_responded_date, m.created_date)),
            else_=m.created_date,
        ),
        "team": literal("marketing", Text),
        "channel": func.coalesce(channel, "campaign"),
        "kind": literal("campaign", Text),
        "direction": case((responded, "inbound"), else_="outbound"),
        "responded": responded,
        "automated": ~responded,
        "campaign_ref": m.campaign_id,
    }
    problem = first_problem(
        m.problem,
        where(m.is_deleted.is_(True), DELETED),
        where(and_(m.lead_id.is_(None), m.contact_id.is_(None)), "no lead or contact"),
    )
    yield Feed("campaign_member", feeds.touches, rows, columns, problem)
