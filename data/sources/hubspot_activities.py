"""HubSpot's engagements, marketing e-mails and forms, which become touches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Text,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)

from data.build import feeds
from data.build.context import Context
from data.build.feeds import Feed, first_problem, is_listed, where
from data.build.raw import RawSchema
from data.config_sources import HubspotSource

# HubSpot's own outcomes of a call; a portal may add others, which say nothing here.
CONNECTED = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
NOT_REACHED = (
    "9d9162e7-6cf3-4944-bf63-4dff82258764",  # busy
    "73a0d17f-1163-4015-bdd5-ec830791da20",  # no answer
    "17b47fee-58de-441e-a44c-c6300d46f273",  # wrong number
    "a4c4c377-d246-4b32-a13b-75a56a4cd0ff",  # left a message with someone
    "b2cf5968-551e-4856-9783-52b3da59a7d0",  # left a voicemail
)


def activities(raw: RawSchema, context: Context) -> Iterator[Feed]:
    """What every row of the tables about activities feeds."""
    yield from _engagements(raw, context)
    yield from _marketing(raw, context.sources.hubspot)


def _engagements(raw: RawSchema, context: Context) -> Iterator[Feed]:
    settings = context.sources.hubspot
    details = []
    for kind in ("call", "email", "meeting", "task"):
        found = raw.get(f"engagement_{kind}")
        if found is None:
            continue
        e = found.c
        direction: ColumnElement[Any] = cast(null(), Text)
        responded: ColumnElement[Any] = cast(null(), feeds.touches.c.responded.type)
        problem = first_problem(
            e.problem,
            where(e._fivetran_deleted.is_(True), "deleted in HubSpot"),
            where(e.property_hs_timestamp.is_(None), "no time"),
        )
        if kind == "call":
            direction = case(
                {"INBOUND": "inbound", "OUTBOUND": "outbound"},
                value=func.upper(e.property_hs_call_direction),
            )
            reached = case(
                (e.property_hs_call_disposition == CONNECTED, True),
                (e.property_hs_call_disposition.in_(NOT_REACHED), False),
            )
            responded = case((direction == "inbound", True), else_=reached)
        elif kind == "email":
            theirs = func.upper(e.property_hs_email_direction)
            direction = case(
                (theirs == "INCOMING_EMAIL", "inbound"),
                (theirs.in_(("EMAIL", "FORWARDED_EMAIL")), "outbound"),
            )
            responded = case((direction == "inbound", True))
        elif kind == "meeting":
            outcome = e.property_hs_meeting_outcome
            direction = literal("outbound", Text)
            responded = case((is_listed(outcome, settings.missed_meetings), False), else_=True)
            problem = first_problem(
                problem,
                where(is_listed(outcome, settings.cancelled_meetings), "a cancelled meeting"),
                where(e.property_hs_timestamp > context.now, "a meeting still to come"),
            )
        else:
            problem = first_problem(problem, where(true(), "a task is no contact with the buyer"))
        details.append(
            select(
                e.engagement_id,
                literal(kind, Text).label("kind"),
                e.property_hs_timestamp.label("at"),
                e.property_hubspot_owner_id.label("owner_ref"),
                cast(direction, Text).label("direction"),
                cast(responded, feeds.touches.c.responded.type).label("responded"),
                problem.label("problem"),
                e.problem.label("raw_problem"),
            )
        )
        yield Feed(f"engagement_{kind}", None, found.rows, {}, problem)
    link = raw.get("engagement_contact")
    if link is None or not details:
        return
    every = union_all(*details).subquery("engagements")
    whole = select(every).where(every.c.raw_problem.is_(None)).subquery("engagement")
    joined = link.rows.outerjoin(whole, whole.c.engagement_id == link.c.engagement_id)
    yield Feed(
        "engagement_contact",
        feeds.touches,
        joined,
        {
            # Ids of engagements, e-mails and forms are numbered apart.
            "touch_ref": "engagement-" + link.c.engagement_id + "-" + link.c.contact_id,
            "record_id": link.c.contact_id,
            "at": whole.c.at,
            "channel": case({"call": "phone"}, value=whole.c.kind, else_=whole.c.kind),
            "kind": whole.c.kind,
            "direction": whole.c.direction,
            "responded": whole.c.responded,
            "automated": literal(False),
            "owner_ref": whole.c.owner_ref,
        },
        first_problem(
            link.c.problem,
            where(whole.c.engagement_id.is_(None), "its engagement is not in the data"),
            whole.c.problem,
        ),
    )


def _marketing(raw: RawSchema, settings: HubspotSource) -> Iterator[Feed]:
    campaign = raw.get("email_campaign")
    if campaign is not None:
        columns = {
            "campaign_ref": "email-" + campaign.c.id,
            "name": campaign.c.name,
            "channel": literal("email", Text),
        }
        yield Feed("email_campaign", feeds.campaigns, campaign.rows, columns, campaign.c.problem)
    if (event := raw.get("email_event")) is not None:
        e = event.c
        answered = is_listed(e.type, settings.answer_events)
        followed = or_(answered, is_listed(e.type, settings.sent_events))
        yield Feed(
            "email_event",
            feeds.touches,
            event.rows,
            {
                "touch_ref": "email-" + e.id,
                "email": e.recipient,
                "at": e.created,
                "team": literal("marketing", Text),
                "channel": literal("email", Text),
                "kind": literal("email", Text),
                "direction": case((answered, "inbound"), else_="outbound"),
                "responded": answered,
                "automated": ~answered,
                "campaign_ref": "email-" + e.email_campaign_id,
            },
            first_problem(
                e.problem,
                where(e.filtered_event.is_(True), "filtered out by HubSpot"),
                where(~followed, "an e-mail event that is not followed"),
                where(e.recipient.is_(None), "no recipient"),
            ),
        )
    if (form := raw.get("contact_form_submission")) is not None:
        f = form.c
        yield Feed(
            "contact_form_submission",
            feeds.touches,
            form.rows,
            {
                "touch_ref": "form-" + f.conversion_id + "-" + f.contact_id,
                "record_id": f.contact_id,
                "at": f.timestamp,
                "team": literal("marketing", Text),
                "channel": literal("website", Text),
                "kind": literal("form", Text),
                "direction": literal("inbound", Text),
                "responded": true(),
                "automated": literal(False),
                "asset": f.title,
            },
            f.problem,
        )
