"""Which records of the two sides are the same: one to one, earliest first, by lead, else by key.

What a side counts of a stage are its active records of it, dated within the span. Rows are told
apart by ``row``, their place in the order of time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CTE, Column, and_, case, exists, func, select, union_all

from data.dialects.functions import once
from metrics.facts.system_records import SIDES, held, is_counted

MARKETING, SALES = SIDES


@dataclass(frozen=True)
class Span:
    """What is asked: a stage from ``start`` (inclusive) to ``end`` (exclusive) as it was at
    ``as_of``; naive UTC moments."""

    stage: str
    start: datetime
    end: datetime
    as_of: datetime


def all_records(span: Span) -> CTE:
    """Every record known by then, at any stage, with its ``row``."""
    records = held(span.as_of)
    c = records.c
    order = (c.counted_at, c.record_id, c.system, c.product, c.stage)
    place = func.row_number().over(order_by=[column.nulls_last() for column in order])
    return select(records, place.label("row")).cte("all_records")


def counted_records(records: CTE, span: Span) -> CTE:
    c = records.c
    inside = and_(c.counted_at >= span.start, c.counted_at < span.end)
    return select(records).where(is_counted(records, span.stage), inside).cte("counted")


def pairs(counted: CTE) -> CTE:
    """``row`` and the ``partner`` it is matched with, a row for either of the two."""
    by_lead = _joined(counted, "lead_id")
    taken = [exists().where(by_lead.c[f"{side}_row"] == counted.c.row) for side in SIDES]
    free = select(counted).where(*(~is_taken for is_taken in taken)).cte("free")
    by_key = _joined(free, "key")
    either_way = union_all(
        *(
            select(found.c[f"{one}_row"].label("row"), found.c[f"{other}_row"].label("partner"))
            for found in (by_lead, by_key)
            for one, other in (SIDES, SIDES[::-1])
        )
    ).subquery()
    # All that follows reads it, by way of others a dozen times.
    return select(either_way).where(once()).cte("pairs")


def _joined(records: CTE, name: str) -> CTE:
    """The n-th record of marketing with the n-th of sales of one value; NULL equals nothing."""
    c = records.c
    place = func.row_number().over(partition_by=(c.system, c[name]), order_by=c.row)
    ranked = (
        select(c.row, c.system, c[name].label("value"), place.label("place"))
        .where(c[name].is_not(None))
        .cte(f"ranked_by_{name}")
    )
    ours, theirs = ranked.alias(), ranked.alias()
    return (
        select(ours.c.row.label("marketing_row"), theirs.c.row.label("sales_row"))
        .join_from(
            ours, theirs, and_(ours.c.value == theirs.c.value, ours.c.place == theirs.c.place)
        )
        .where(ours.c.system == MARKETING, theirs.c.system == SALES)
        .cte(f"matched_by_{name}")
    )


def settled(counted: CTE, matched: CTE) -> CTE:
    """The counted records, each with its ``partner`` (NULL: only one side counts it) and the
    ``of_lead`` by which it is filtered: a pair is marketing's lead's, so that a filter never
    takes a pair apart."""
    partner = counted.alias("partner")
    own, other = counted.c, partner.c
    marketing_first = case(
        (own.system == MARKETING, func.coalesce(own.lead, other.lead)),
        else_=func.coalesce(other.lead, own.lead),
    )
    source = counted.outerjoin(matched, matched.c.row == own.row).outerjoin(
        partner, other.row == matched.c.partner
    )
    columns: list[Column] = [matched.c.partner, marketing_first.label("of_lead")]  # type: ignore[list-item]
    return select(counted, *columns).select_from(source).cte("settled")
