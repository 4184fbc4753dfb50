"""HubSpot's deals: what each row of their tables feeds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
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
    true,
)

from data.build import feeds
from data.build.context import Context, named_columns
from data.build.feeds import (
    Feed,
    first_problem,
    is_listed,
    mapped,
    not_named,
    unlisted_sources,
    where,
)
from data.build.raw import Found, RawSchema
from data.config_sources import HubspotSource
from data.dialects.functions import add_seconds, moment_of, number_of

DEFAULT_DEAL_FIELDS = {
    "channel": "property_hs_analytics_source",
    "loss_reason": "property_closed_lost_reason",
}
# The stages of HubSpot's own first pipeline, where the table of stages is not synced.
CLOSED = {"closedwon": "won", "closedlost": "lost"}


def deals(raw: RawSchema, context: Context) -> Iterator[Feed]:
    """What every row of the tables about deals feeds."""
    settings = context.sources.hubspot
    elsewhere = _elsewhere(context)
    for name in ("deal_pipeline_stage", "deal_pipeline", "merged_deal", "deal_company"):
        if (found := raw.get(name)) is not None:
            yield Feed(name, None, found.rows, {}, found.c.problem)
    if (deal := raw.get("deal")) is not None:
        feed = _deal(raw, deal, settings, elsewhere)
        yield feed
        yield from unlisted_sources(feed)
        setting = "[sources.hubspot.deal_kinds]"
        kinds = not_named(
            feed.problem, deal.c.property_dealtype, feed.columns["kind"], "the type", setting
        )
        yield Feed("deal", None, feed.rows, {}, kinds, counted=False)
    yield from _stages(raw, settings, elsewhere)
    if (link := raw.get("deal_contact")) is not None:
        columns = {"deal_ref": link.c.deal_id, "record_id": link.c.contact_id}
        problem = first_problem(link.c.problem, elsewhere)
        yield Feed("deal_contact", feeds.deal_contacts, link.rows, columns, problem)


def _elsewhere(context: Context) -> ColumnElement[Any] | None:
    if context.deals_from == "hubspot":
        return None
    return where(true(), f"opportunities are taken from {context.deals_from}")


def _deal(
    raw: RawSchema,
    deal: Found,
    settings: HubspotSource,
    elsewhere: ColumnElement[Any] | None,
) -> Feed:
    d = deal.c
    rows: FromClause = deal.rows
    status: ColumnElement[Any] = case(
        (d.deal_pipeline_stage_id.is_(None), cast(null(), Text)),
        else_=func.coalesce(mapped(d.deal_pipeline_stage_id, CLOSED), "open"),
    )
    stage, pipeline = d.deal_pipeline_stage_id, d.deal_pipeline_id
    if (stages := raw.get("deal_pipeline_stage")) is not None:
        s = select(stages.rows).where(stages.c.problem.is_(None)).subquery("stage_of_deal")
        rows = rows.outerjoin(s, s.c.stage_id == d.deal_pipeline_stage_id)
        stage = func.coalesce(s.c.label, d.deal_pipeline_stage_id)
        status = case((s.c.stage_id.is_not(None), _status(s)))
    if (pipelines := raw.get("deal_pipeline")) is not None:
        p = select(pipelines.rows).where(pipelines.c.problem.is_(None)).subquery("pipeline_of_deal")
        rows = rows.outerjoin(p, p.c.pipeline_id == d.deal_pipeline_id)
        pipeline = func.coalesce(p.c.label, d.deal_pipeline_id)
    account: ColumnElement[Any] = cast(null(), Text)
    if (companies := raw.get("deal_company")) is not None:
        first = (
            select(companies.c.deal_id, func.min(companies.c.company_id).label("company_id"))
            .where(companies.c.problem.is_(None))
            .group_by(companies.c.deal_id)
            .subquery("company_of_deal")
        )
        rows = rows.outerjoin(first, first.c.deal_id == d.deal_id)
        account = first.c.company_id
    merged: ColumnElement[Any] | None = None
    if (merges := raw.get("merged_deal")) is not None:
        gone = (
            select(merges.c.merged_deal_id)
            .where(merges.c.problem.is_(None), merges.c.merged_deal_id != merges.c.deal_id)
            .distinct()
            .subquery("merged_away")
        )
        rows = rows.outerjoin(gone, gone.c.merged_deal_id == d.deal_id)
        merged = where(gone.c.merged_deal_id.is_not(None), "merged into another deal")
    is_closed = status.in_(("won", "lost"))
    columns = {
        "deal_ref": d.deal_id,
        "account_ref": account,
        "owner_ref": d.owner_id,
        "kind": mapped(d.property_dealtype, settings.deal_kinds),
        "pipeline": pipeline,
        "created_at": d.property_createdate,
        "closed_at": case((is_closed, d.property_closedate)),
        "status": status,
        "stage": stage,
        "amount": d.property_amount,
        "currency": func.upper(d.property_deal_currency_code),
        "expected_close_on": cast(d.property_closedate, Date),
        **named_columns(d, {**DEFAULT_DEAL_FIELDS, **settings.deal_fields}, settings.channels),
    }
    problem = first_problem(
        d.problem,
        elsewhere,
        where(d.is_deleted.is_(True), "deleted in HubSpot"),
        merged,
        where(
            status.is_(None),
            "its stage is not among the stages of a pipeline: won, lost or open is not known",
        ),
    )
    return Feed("deal", feeds.deals, rows, columns, problem)


def _status(stage: FromClause) -> ColumnElement[Any]:
    """Won, lost or open by a stage; NULL where it is closed and nothing says how.

    HubSpot's own way to tell: a closed stage is won with the probability 1. ``closed_won`` has for
    years been true of every closed stage as Fivetran lands it, so it counts without that alone.
    """
    c = stage.c
    is_closed = or_(c.is_closed, c.closed_won)
    sure = case((c.probability >= 1, "won"), (c.probability <= 0, "lost"))
    told = case((c.closed_won.is_(True), "won"), (c.closed_won.is_(False), "lost"))
    return case(
        (is_closed.is_(True), func.coalesce(sure, told)),
        (is_closed.is_(None), func.coalesce(sure, "open")),
        else_="open",
    )


def _stages(
    raw: RawSchema, settings: HubspotSource, elsewhere: ColumnElement[Any] | None
) -> Iterator[Feed]:
    entered = raw.get("deal_stage")
    if entered is not None:
        e = entered.c
        rows, label = _labelled(raw, entered.rows, e.value)
        columns = {
            "deal_ref": e.deal_id,
            "stage": label,
            "at": e.date_entered,
            "is_qualified": _qualified(label, e.value, settings),
            "is_sparse": true(),
        }
        problem = first_problem(e.problem, elsewhere)
        yield Feed("deal_stage", feeds.deal_stages, rows, columns, problem)
    if (history := raw.get("deal_property_history")) is None:
        return
    h = history.c
    name = func.lower(h.name)
    followed = ["amount", "closedate", "hubspot_owner_id"]
    if entered is None:
        followed.append("dealstage")
    rows, label = _labelled(raw, history.rows, h.value)
    columns = {
        "deal_ref": h.deal_id,
        "stage": case((name == "dealstage", label)),
        "at": h.timestamp,
        "amount": case((name == "amount", number_of(h.value))),
        "expected_close_on": case((name == "closedate", cast(_moment(h.value), Date))),
        "owner_ref": case((name == "hubspot_owner_id", h.value)),
        "is_qualified": and_(name == "dealstage", _qualified(label, h.value, settings)),
        "is_sparse": true(),
    }
    problem = first_problem(
        h.problem,
        elsewhere,
        where(and_(name == "dealstage", literal(entered is not None)), "told by deal_stage"),
        where(name.not_in(followed), "a property that is not followed"),
    )
    yield Feed("deal_property_history", feeds.deal_stages, rows, columns, problem)


def _moment(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """A moment in a property's history: ISO 8601, or milliseconds since 1970 as HubSpot's older
    interface has it."""
    number = number_of(value)
    since = add_seconds(literal(datetime(1970, 1, 1)), cast(number / 1000, BigInteger))
    return case((number.is_not(None), since), else_=moment_of(value))


def _labelled(
    raw: RawSchema, rows: FromClause, stage_id: ColumnElement[Any]
) -> tuple[FromClause, ColumnElement[Any]]:
    """The rows with the name of a stage, or its id where the name is not known."""
    if (stages := raw.get("deal_pipeline_stage")) is None:
        return rows, stage_id
    s = select(stages.rows).where(stages.c.problem.is_(None)).subquery("stage_name")
    return rows.outerjoin(s, s.c.stage_id == stage_id), func.coalesce(s.c.label, stage_id)


def _qualified(
    label: ColumnElement[Any], stage_id: ColumnElement[Any], settings: HubspotSource
) -> ColumnElement[Any]:
    """Whether a stage is one from which on a deal counts as qualified pipeline."""
    names = settings.qualified_stages
    if not names:
        return literal(False)
    return is_listed(label, names) | is_listed(stage_id, names)
