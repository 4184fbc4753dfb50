"""MQLs with what was known of them when they became one, and whether they reached sales.

What was known is in ``lead_changes``: a fact is known where its last value by then is not NULL.
Where that table is empty, today's facts of ``leads`` stand in, and the KPI says so.
"""

from __future__ import annotations

from sqlalchemy import (
    DateTime,
    FromClause,
    Integer,
    Subquery,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from data.dialects.functions import once
from data.tables import handoffs, lead_changes, leads
from metrics.facts.base import Column, Context, Count, Fact, Links, Record, Shown
from metrics.facts.mql_rule import OFF_RULE, checked_entries
from metrics.facts.passes import again
from metrics.facts.stages import counted_entries


def qualified(context: Context) -> Fact:
    """Leads (or accounts) by their first MQL entry, complete at it or not."""
    entries = context.of_days(counted_entries(context, "mql"), "at")
    source, complete = _with_completeness(context, entries)
    measures = {"n": Count(), "complete": Count(complete)}
    shown: dict[str, Shown] = {}
    if context.rules:
        checked = checked_entries(entries, context.rules, context.as_of)
        c = checked.c
        source = source.outerjoin(
            checked, and_(c.lead_id == entries.c.lead_id, c.at == entries.c.at)
        )
        measures[OFF_RULE] = Count(c.lacks.is_not(None))
        shown = {
            "score_then": Shown("Score at MQL", c.score, "number"),
            "lacks": Shown("Does not meet", c.lacks),
        }
    return Fact(
        source=source,
        moment=entries.c.at,
        links=Links(lead_id=entries.c.lead_id),
        measures=measures,
        record=Record(
            "leads" if context.unit == "lead" else "first leads of accounts",
            "First MQL",
            (entries.c.lead_id,),
            shown,
        ),
    )


def passed(context: Context) -> Fact:
    """MQL entries, re-MQLs included, by their date: complete, handed over, both (delivered)."""
    # Read by three joins: found once.
    found = context.of_days(_passes(context), "at")
    entries = select(found).where(once()).cte("asked_passes")
    source, complete = _with_completeness(context, entries)
    handed = _handed(context, entries)
    e = entries.c
    is_handed = handed.c.handed_at.is_not(None)
    return Fact(
        source=source.outerjoin(handed, and_(handed.c.lead_id == e.lead_id, handed.c.at == e.at)),
        moment=e.at,
        links=Links(lead_id=e.lead_id),
        measures={
            "n": Count(),
            "complete": Count(complete),
            "handed": Count(is_handed),
            "delivered": Count(and_(is_handed, complete)),
        },
        record=Record(
            "MQLs",
            "MQL",
            (e.lead_id,),
            {
                "entry": Shown("Entry", case((e.is_again == 1, "re-MQL"), else_="first MQL")),
                "handed_at": Shown("Handed over", handed.c.handed_at, "moment"),
            },
        ),
    )


def _passes(context: Context) -> Subquery:
    """First MQL entries and re-MQLs (``metrics/facts/passes.py``); ``next_at`` is the lead's
    following entry."""
    first, later = counted_entries(context, "mql"), again(context)
    came_back = first.c.lead_id.in_(select(later.c.lead_id))
    columns = (first.c.lead_id, first.c.at, literal(0, Integer).label("is_again"))
    both = union_all(
        select(*columns).where(came_back),
        select(later.c.lead_id, later.c.at, literal(1, Integer).label("is_again")),
    ).subquery("both")
    next_at = func.lead(both.c.at).over(partition_by=both.c.lead_id, order_by=both.c.at)
    return union_all(
        select(both, next_at.label("next_at")),
        # Most leads never come back: nothing follows their entry.
        select(*columns, cast(null(), DateTime).label("next_at")).where(~came_back),
    ).subquery("passes")


def _handed(context: Context, entries: FromClause) -> FromClause:
    """By entry with any: its first handoff, at or after it and before the lead's next entry."""
    e, h = entries.c, handoffs.c
    return (
        select(e.lead_id, e.at, func.min(h.handed_at).label("handed_at"))
        .join_from(entries, handoffs, and_(h.lead_id == e.lead_id, h.handed_at >= e.at))
        .where(h.handed_at <= context.as_of, or_(e.next_at.is_(None), h.handed_at < e.next_at))
        .group_by(e.lead_id, e.at)
        .subquery("handed")
    )


def _with_completeness(context: Context, entries: FromClause) -> tuple[FromClause, Column]:
    """The entries joined to what was known, and whether all agreed facts were."""
    facts = context.config.mql.agreed_facts
    then = _known_then(entries, facts)
    today = leads.alias("known_today")
    history = lead_changes.alias("history")
    source = entries.outerjoin(
        then, and_(then.c.lead_id == entries.c.lead_id, then.c.at == entries.c.at)
    ).outerjoin(today, today.c.lead_id == entries.c.lead_id)
    complete = case(
        (exists(select(history.c.lead_id)), func.coalesce(then.c.complete, false())),
        else_=and_(*(today.c[name].is_not(None) for name in facts)),
    )
    return source, complete


def _known_then(entries: FromClause, facts: tuple[str, ...]) -> FromClause:
    """By entry with any change before it: whether each fact's last value by then is known."""
    e, c = entries.c, lead_changes.c
    known = []
    for name in facts:
        learned_at = func.max(case((and_(c.field == name, c.value.is_not(None)), c.changed_at)))
        lost_at = func.max(case((and_(c.field == name, c.value.is_(None)), c.changed_at)))
        known.append(func.coalesce(learned_at >= func.coalesce(lost_at, learned_at), false()))
    return (
        select(e.lead_id, e.at, and_(*known).label("complete"))
        .join_from(entries, lead_changes, and_(c.lead_id == e.lead_id, c.changed_at <= e.at))
        .where(c.field.in_(facts))
        .group_by(e.lead_id, e.at)
        .subquery("known_then")
    )
