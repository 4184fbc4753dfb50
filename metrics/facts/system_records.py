"""What the systems hold: records of marketing's and of sales' products, and whose they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.sql.selectable import Subquery

from data.tables import system_records
from metrics.facts.base import Amount, Column, Context, Fact, Links, Record, Shown

SIDES = ("marketing", "sales")
# White space that may stand around an e-mail address; a plain trim takes blanks alone.
BLANKS = " \t\r\n\u00a0"


def normal_key(column: Column) -> Column:
    """An e-mail address as it is compared: trimmed, lower case; NULL where nothing is left."""
    return func.nullif(func.lower(func.trim(column, BLANKS)), "")


def held(as_of: datetime) -> Subquery:
    """All records counted by a moment (naive UTC), with their normalised ``key`` and ``lead``: the
    one that they name, else the first that another record of the same key names."""
    r = system_records.c
    known = (
        select(*(c for c in r if c is not r.match_key), normal_key(r.match_key).label("key"))
        .where(r.counted_at <= as_of)
        .subquery("known")
    )
    of_key = func.min(known.c.lead_id).over(partition_by=known.c.key)
    lead = func.coalesce(known.c.lead_id, case((known.c.key.is_not(None), of_key)))
    return select(known, lead.label("lead")).subquery("held")


def is_counted(records, stage: str) -> Column:
    """Whether a system counts a record at a stage: it is there, not merged, deleted or archived."""
    return and_(records.c.stage == stage, records.c.status == "active")


def compared_from(stage: str, as_of: datetime) -> Select:
    """The moment from which both sides count a stage; NULL while only one does. One row."""
    r = system_records
    firsts = (
        select(func.min(r.c.counted_at).label("at"))
        .where(is_counted(r, stage), r.c.counted_at <= as_of)
        .group_by(r.c.system)
        .subquery("firsts")
    )
    return select(case((func.count() == len(SIDES), func.max(firsts.c.at))))


def counted(stage: str) -> Callable[[Context], Fact]:
    """The fact of a stage's records as the systems of each side count them.

    What one side counted before the other had any record is unknown, not a gap.
    """

    def fact(context: Context) -> Fact:
        records = held(context.as_of)
        c = records.c
        both_count = c.counted_at >= compared_from(stage, context.as_of).scalar_subquery()
        one = case((both_count, 1))
        return Fact(
            source=records,
            moment=c.counted_at,
            links=Links(lead_id=c.lead),
            measures={side: Amount(one, c.system == side, is_money=False) for side in SIDES},
            conditions=(is_counted(records, stage),),
            record=Record(
                "records",
                "Counted",
                (c.system, c.product, c.record_id),
                {
                    "system": Shown("System", c.system),
                    "product": Shown("Product", c.product),
                    "record_id": Shown("Record", c.record_id),
                },
            ),
        )

    return fact
