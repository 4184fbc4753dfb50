"""What goes with lateness: conversion to SQL of leads answered in time against late ones.

A lead counts once, by its first handoff, and only when its whole window has passed by the as-of
moment. One that was an SQL before it was handed over cannot become one, and is left out.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, and_, case, func, select

from data.dialects.functions import days_later
from data.tables import handoff_clock, handoffs
from metrics.engine import cached_rows
from metrics.facts.handoffs import handed
from metrics.facts.stages import first_entries, reached
from metrics.sla.intervals import newcombe
from metrics.sla.model import Cost, CostRow, Rate
from metrics.sla.question import COST_WEEKS, Question

WINDOW_OF = "mql_to_sql"


def cost_statement(question: Question) -> Select:
    """One row a priority, promptness and fate ("converted", "not", "maturing", "already")."""
    h, as_of = handoffs.c, question.as_of
    days = question.warehouse.config.window_days(WINDOW_OF)
    place = func.row_number().over(partition_by=h.lead_id, order_by=(h.handed_at, h.handoff_id))
    firsts = (
        select(h.handoff_id, place.label("place")).where(h.handed_at <= as_of).subquery("firsts")
    )
    entries = first_entries(question.context).subquery("entries")
    sql_at = reached(entries, "sql")
    fact = handed(question.context)
    fact = replace(
        fact,
        source=fact.source.join(
            firsts, and_(firsts.c.handoff_id == h.handoff_id, firsts.c.place == 1)
        ).outerjoin(entries, entries.c.lead_id == h.lead_id),
    )
    dimensions, conditions = question.filtered(fact)
    closes = days_later(h.handed_at, days)
    is_open = (closes > as_of) | (handoff_clock.c.due_at > as_of)
    fate = case(
        (sql_at < h.handed_at, "already"),
        (is_open, "maturing"),
        (sql_at <= closes, "converted"),
        else_="not",
    )
    rows = (
        select(
            h.priority,
            fact.measures["met"].columns("met")["met"].label("met"),
            fate.label("fate"),
        )
        .select_from(dimensions.source)
        .where(*conditions, question.within(h.handed_at, question.last_weeks(COST_WEEKS)))
        .subquery("first_handoffs")
    )
    kept = [rows.c.priority, rows.c.met, rows.c.fate]
    return select(*kept, func.count().label("n")).group_by(*kept)


def cost(question: Question) -> Cost:
    """Raises ``UnsupportedDimension`` for a filter that handoffs do not know."""
    rows = cached_rows(question.warehouse, cost_statement(question))
    by_priority: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_priority[row["priority"]].append(row)
    target = question.warehouse.config.sla.target_hours
    order = sorted(by_priority, key=lambda p: (target(p), p is None, p or ""))
    parts = [_cost_row(priority, by_priority[priority]) for priority in order]
    return Cost(
        question.warehouse.config.window_days(WINDOW_OF),
        _cost_row(None, rows),
        tuple(part for part in parts if part.in_time.total + part.late.total),
        maturing=_count(rows, "maturing"),
        already=_count(rows, "already"),
    )


def _count(rows: list[dict[str, Any]], fate: str) -> int:
    return sum(row["n"] for row in rows if row["fate"] == fate)


def _cost_row(priority: str | None, rows: list[dict[str, Any]]) -> CostRow:
    def rate(met: int) -> Rate:
        of_side = [row for row in rows if row["met"] == met]
        converted = _count(of_side, "converted")
        return Rate(converted, converted + _count(of_side, "not"))

    in_time, late = rate(1), rate(0)
    found = newcombe(in_time, late)
    return CostRow(priority, in_time, late, *(found or (None, None, None)))
