"""What speaks for each reason: one row a one-sided record, and a condition a reason.

Evidence lies in the other records of the same buyer (the same lead or the same key), on both
sides and at all stages, and in the lead's handoffs, stages and deals. docs/reconciliation.md tells
the rules in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    union,
    union_all,
)

from data.tables import (
    handoffs,
    lead_stages,
    leads,
    opportunities,
    opportunity_contacts,
)
from metrics.facts.system_records import is_counted
from metrics.reconcile.matching import MARKETING, SALES, Span
from metrics.reconcile.reasons import NOT_FOUND, ORDER

Condition = ColumnElement[bool]
# Words of a sync's message by which a test or spam is known.
FILTER_WORDS = ("test", "tests", "spam", "junk")
SIGNS = "_-:;,./()[]'\""
# At these stages an open deal is the record's own, not an earlier one.
DEAL_STAGES = ("opportunity", "customer")


def one_sided(settled: CTE) -> CTE:
    return select(settled).where(settled.c.partner.is_(None)).cte("one_sided")


def related(open_: CTE, records: CTE, matched: CTE, span: Span) -> CTE:
    """Every one-sided record with each other record of its buyer, and what that one is to it."""
    merged = into_counted(records, span)
    found = union(
        *(
            select(open_.c.row, records.c.row.label("other")).join_from(
                open_,
                records,
                and_(open_.c[name] == records.c[name], open_.c.row != records.c.row),
            )
            for name in ("lead_id", "key")
        )
    ).cte("same_buyer")
    o, k = open_.c, records.c
    is_active, is_here = k.status == "active", k.system == o.system
    is_inside = and_(k.counted_at >= span.start, k.counted_at < span.end)
    at_stage = k.stage == span.stage
    is_same_record = and_(
        is_here, k.record_id == o.record_id, k.product.is_not_distinct_from(o.product)
    )
    is_new_pass = or_(is_same_record, _came_back(o.lead, o.counted_at, k.counted_at))
    facts: dict[str, Condition] = {
        "is_here": is_here,
        "at_stage": at_stage,
        "is_active": is_active,
        "is_merged": exists().where(merged.c.row == k.row),
        "is_inside": is_inside,
        "is_matched": exists().where(matched.c.row == k.row),
        "is_before": k.row < o.row,
        "is_earlier": k.counted_at < o.counted_at,
        "is_new_pass": is_new_pass,
    }
    source = found.join(open_, o.row == found.c.row).join(records, k.row == found.c.other)
    return (
        select(
            found.c.row,
            k.record_id,
            k.product,
            k.stage,
            k.status,
            k.counted_at,
            *(condition.label(name) for name, condition in facts.items()),
        )
        .select_from(source)
        .cte("related")
    )


def into_counted(records: CTE, span: Span) -> CTE:
    """The rows merged, over up to three records, into one that is counted at the stage."""
    c = records.c
    own = (c.system, c.product, c.record_id)
    steps = select(*own, c.merged_into).where(c.status == "merged").distinct().cte("merges")
    first = select(c.row, c.system, c.product, c.merged_into).where(
        c.status == "merged", c.stage == span.stage
    )
    reached = [first.cte("merged_once")]
    for name in ("merged_twice", "merged_thrice"):
        last = reached[-1].c
        step = select(last.row, last.system, last.product, steps.c.merged_into).join_from(
            reached[-1], steps, _is_record(last, steps.c)
        )
        reached.append(step.cte(name))
    ends = union_all(*(select(hop) for hop in reached)).subquery("ends")
    alive = select(*own).where(is_counted(records, span.stage)).distinct().subquery("alive")
    return (
        select(ends.c.row)
        .distinct()
        .join_from(ends, alive, _is_record(ends.c, alive.c))
        .cte("merged_into_counted")
    )


def _is_record(c: Any, other: Any) -> Condition:
    """Whether ``other`` is the record that ``c`` was merged into."""
    return and_(
        c.merged_into == other.record_id,
        c.system == other.system,
        c.product.is_not_distinct_from(other.product),
    )


def _came_back(lead: Any, one: Any, other: Any) -> Condition:
    """Whether the lead was recycled between two moments, whichever is first."""
    again = lead_stages.alias()
    s = again.c
    either_way = or_(
        and_(s.entered_at > one, s.entered_at <= other),
        and_(s.entered_at > other, s.entered_at <= one),
    )
    return exists().where(s.lead_id == lead, s.stage == "recycled", either_way)


def _times_recycled(rows: CTE, lead: Any, moment: Any) -> CTE:
    """The rows with how often their lead had been recycled by their moment (``times``)."""
    again = lead_stages.alias()
    is_before = and_(
        again.c.lead_id == lead, again.c.stage == "recycled", again.c.entered_at <= moment
    )
    counted = select(*rows.c, func.count(again.c.entered_at).label("times"))
    return counted.outerjoin_from(rows, again, is_before).group_by(*rows.c).cte()


def evidence(others: CTE) -> CTE:
    """Per one-sided record what its buyer's other records say, as 0 or 1."""
    c = others.c
    there, at_stage = ~c.is_here, c.at_stage
    counted_here = and_(c.is_here, at_stage, c.is_active)
    counted_there = and_(there, at_stage, c.is_active)
    found = {
        "merged_there": and_(there, at_stage, c.is_merged),
        "twin": and_(counted_here, c.is_inside, or_(c.is_before, c.is_matched), ~c.is_new_pass),
        "came_back": and_(counted_here, c.is_earlier, or_(~c.is_inside, c.is_new_pass)),
        "taken": and_(counted_there, c.is_inside),
        "was_there": and_(counted_there, c.is_earlier),
        "gone": and_(there, at_stage, ~c.is_active),
        "gone_anywhere": and_(there, ~c.is_active),
        "other_period": and_(counted_there, ~c.is_inside),
        "other_stage": and_(there, ~at_stage, c.is_active),
    }
    flags = (
        func.max(case((condition, 1), else_=0)).label(name) for name, condition in found.items()
    )
    return select(c.row, *flags).group_by(c.row).cte("evidence")


def reason_of(open_: CTE, counted: CTE, says: CTE, span: Span) -> ColumnElement[str]:
    """The first reason that applies to a row of ``open_`` (outer-joined with ``says``)."""
    rules = _rules(open_, counted, says, span)
    assert (*rules, NOT_FOUND) == ORDER
    return case(*((rule, literal(name)) for name, rule in rules.items()), else_=NOT_FOUND)


def _rules(open_: CTE, counted: CTE, says: CTE, span: Span) -> Mapping[str, Condition]:
    o = open_.c

    def told(name: str) -> Condition:
        return func.coalesce(says.c[name], 0) == 1

    def is_sync(status: str) -> Condition:
        return func.coalesce(o.sync_status == status, false())

    here, there = o.system == MARKETING, o.system == SALES
    returned = and_(told("came_back"), or_(told("was_there"), told("taken")))
    return {
        "merged": or_(told("merged_there"), _merged_here(open_, counted, span)),
        "duplicate": or_(told("twin"), and_(told("taken"), ~told("came_back"))),
        "deleted": or_(
            told("gone"),
            and_(told("gone_anywhere"), ~told("other_stage"), ~told("other_period")),
            _lead_deleted(o, span),
        ),
        "filtered": _is_filtered(o),
        "repeat": returned,
        "rejected": and_(here, _rejected(open_, span)),
        "period_differs": told("other_period"),
        "existing_contact": _existing(o, span),
        "sync_excluded": is_sync("excluded"),
        "sync_error": is_sync("error"),
        "sync_pending": is_sync("pending"),
        "unrouted": and_(here, _unrouted(o, span)),
        "created_by_sales": and_(there, func.coalesce(o.created_by_team == "sales", false())),
        # What takes part in a sync was meant for the other side, whoever made it.
        "created_by_marketing": and_(
            here,
            func.coalesce(o.created_by_team == "marketing", false()),
            o.sync_status.is_(None),
        ),
        "stage_differs": told("other_stage"),
        "no_key": and_(o.lead_id.is_(None), o.key.is_(None)),
    }


def _merged_here(open_: CTE, counted: CTE, span: Span) -> Condition:
    """The record, or its lead, was merged into one that this side counts in the span."""
    o, survivor = open_.c, counted.alias("survivor").c
    same_side = and_(survivor.system == o.system, survivor.row != o.row)
    lead_merged = (
        exists()
        .where(leads.c.lead_id == o.lead, leads.c.merged_into == survivor.lead)
        .where(or_(leads.c.merged_at.is_(None), leads.c.merged_at <= span.as_of), same_side)
    )
    record_merged = exists().where(
        survivor.record_id == o.merged_into,
        survivor.product.is_not_distinct_from(o.product),
        same_side,
    )
    return or_(lead_merged, record_merged)


def _lead_deleted(o: Any, span: Span) -> Condition:
    return exists().where(leads.c.lead_id == o.lead, leads.c.deleted_at <= span.as_of)


def _is_filtered(o: Any) -> Condition:
    """A sync that kept the record back names a test or spam, as a word of its own."""
    blanks = " " * len(SIGNS)
    words = literal(" ").concat(func.translate(func.lower(o.sync_error), SIGNS, blanks)).concat(" ")
    named = or_(*(words.like(f"% {word} %") for word in FILTER_WORDS))
    return and_(
        func.coalesce(o.sync_status, "excluded") == "excluded", func.coalesce(named, false())
    )


def _rejected(open_: CTE, span: Span) -> Condition:
    """Sales rejected the lead in the pass in which it was counted: as often recycled by then.

    The passes are counted beside the records: an EXISTS within an EXISTS may not look at the
    outermost row on every engine.
    """
    o, h, s = open_.c, handoffs.c, lead_stages.c
    by_handoff = select(h.lead_id, h.disposed_at.label("moment")).where(
        h.disposition == "rejected", h.handed_at <= span.as_of, h.disposed_at <= span.as_of
    )
    by_stage = select(s.lead_id, s.entered_at.label("moment")).where(
        s.stage == "rejected", s.entered_at <= span.as_of
    )
    rejections = union(by_handoff, by_stage).cte("rejections")
    rejected = _times_recycled(rejections, rejections.c.lead_id, rejections.c.moment).c
    records = select(o.row, o.lead, o.counted_at).cte("counted_leads")
    counted = _times_recycled(records, records.c.lead, records.c.counted_at).c
    return exists().where(
        counted.row == o.row, rejected.lead_id == counted.lead, rejected.times == counted.times
    )


def _existing(o: Any, span: Span) -> Condition:
    """A deal of the lead's, or of its account's, was won or open before the record was counted."""
    d = opportunities.alias("deal").c
    was_won = and_(d.status == "won", d.closed_at < o.counted_at)
    ended = func.coalesce(and_(d.status != "open", d.closed_at <= o.counted_at), false())
    was_open = and_(d.created_at < o.counted_at, ~ended)
    was_there = was_won if span.stage in DEAL_STAGES else or_(was_won, was_open)
    contact = opportunity_contacts.c
    own = exists().where(d.lead_id == o.lead, was_there)
    as_contact = exists().where(
        contact.lead_id == o.lead, d.opportunity_id == contact.opportunity_id, was_there
    )
    of_account = exists().where(
        leads.c.lead_id == o.lead, d.account_id == leads.c.account_id, was_there
    )
    s = lead_stages.c
    is_customer = exists().where(
        s.lead_id == o.lead, s.stage == "customer", s.entered_at < o.counted_at
    )
    return or_(own, as_contact, of_account, is_customer)


def _unrouted(o: Any, span: Span) -> Condition:
    """A known lead without handoff and owner, where the company hands leads over at all."""
    h = handoffs.c
    any_handoff = exists().where(handoffs.alias().c.handed_at <= span.as_of)
    is_handed = exists().where(h.lead_id == o.lead, h.handed_at <= span.as_of)
    nobody = exists().where(leads.c.lead_id == o.lead, leads.c.owner_id.is_(None))
    return and_(any_handoff, nobody, ~is_handed)


def nearest(others: CTE) -> CTE:
    """Per one-sided record the other side's record of its buyer that tells most: one that is
    there before one that is gone, one of the stage before others, then the newest."""
    c = others.c
    first = (
        case((c.is_active, 0), else_=1),
        case((c.at_stage, 0), else_=1),
        c.counted_at.desc(),
        c.record_id,
    )
    place = func.row_number().over(partition_by=c.row, order_by=first)
    ranked = select(others, cast(place, Integer).label("place")).where(~c.is_here).cte("ranked")
    return select(ranked).where(ranked.c.place == 1).cte("nearest")
