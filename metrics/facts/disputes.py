"""Disputes of a number: raised on a day, and open until one. Their rows are bound as VALUES.

A dispute belongs to a member of a dimension when the disputed view was filtered to that member
alone; all others have the NULL member. A filter finds those of its members and those of views
that show no others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import String, case, cast, column, select, values
from sqlalchemy.types import DateTime, Double

from data.dialects.functions import local_day, microseconds_between
from data.review_memory.disputes import DisputeEvent
from data.review_memory.filters import lies_within
from metrics.calendar import Calendar
from metrics.errors import Unanswerable
from metrics.facts.base import Column, Context, Count, Fact, Links, Record, Shown

MICROSECONDS_A_DAY = 86_400 * 1_000_000.0


def raised(context: Context) -> Fact:
    """Disputes by the day on which they were raised."""
    rows = _Rows(context)
    return Fact(
        source=rows.source,
        moment=rows.c.raised_at,
        links=Links(own=rows.filtered),
        split_by=rows.split,
        measures={"n": Count()},
        conditions=(rows.is_there, rows.c.raised_at <= context.as_of),
        record=rows.record,
    )


def still_open(context: Context) -> Fact:
    """Disputes from the day on which they were raised until that on which they were settled.

    ``age_days`` is their age at the end of the question's last day, or at the as-of moment.
    """
    rows = _Rows(context)
    assert context.days is not None
    end = min(Calendar(context.config).starts_at(context.days.end), context.as_of)
    settled_at = case((rows.c.settled_at <= context.as_of, rows.c.settled_at))
    age = cast(microseconds_between(rows.c.raised_at, end), Double) / MICROSECONDS_A_DAY
    return Fact(
        source=rows.source,
        moment=rows.c.raised_at,
        until=local_day(settled_at, context.config.company.timezone),
        links=Links(own=rows.filtered),
        split_by=rows.split,
        measures={"n": Count()},
        values={"age_days": age},
        conditions=(rows.is_there, rows.c.raised_at <= context.as_of),
        record=rows.record,
    )


class _Rows:
    """The question's disputes as a FROM, with the dimensions that it asks for."""

    def __init__(self, context: Context) -> None:
        if context.disputes is None:
            raise Unanswerable(
                "cannot be counted: the state database, which keeps the disputes, does not answer"
            )
        own: dict[str, tuple[Any, Callable[[DisputeEvent], Any]]] = {
            "id": (String, lambda event: event.id),
            "kpi": (String, lambda event: event.metric),
            "period": (String, lambda event: event.period),
            "raised_at": (DateTime, lambda event: event.raised_at),
            "settled_at": (DateTime, lambda event: event.settled_at),
        }
        for name in context.by:
            own[f"split_{name}"] = (String, partial(_member, name))
        for name, members in context.where:
            own[f"within_{name}"] = (String, partial(_filtered, name, members))
        self.source = _as_table(own, context.disputes)
        self.c = self.source.c
        self.split = {name: self.c[f"split_{name}"] for name in context.by}
        self.filtered: dict[str, Column] = self.split | {
            name: self.c[f"within_{name}"] for name, _ in context.where
        }
        # Of no disputes there is one row of NULLs: VALUES without rows are no SQL.
        self.is_there = self.c.id.is_not(None)
        self.record = Record(
            "disputes",
            "Raised",
            (self.c.id,),
            {
                "kpi": Shown("KPI", self.c.kpi),
                "period": Shown("Period", self.c.period),
                "settled_at": Shown("Settled", self.c.settled_at, "moment"),
                "dispute_id": Shown("Dispute", self.c.id),
            },
        )


def _as_table(own: dict[str, tuple[Any, Callable]], events: Sequence[DisputeEvent]):
    rows = [tuple(read(event) for _, read in own.values()) for event in events]
    table = values(*(column(name, kind) for name, (kind, _) in own.items()), name="given").data(
        rows or [(None,) * len(own)]
    )
    # Cast: a column of NULLs alone has no type of its own.
    typed = (cast(table.c[name], kind).label(name) for name, (kind, _) in own.items())
    return select(*typed).subquery("disputes")


def _member(dimension: str, event: DisputeEvent) -> str | None:
    """The one member that the disputed view was filtered to; None of several or all."""
    members = dict(event.where).get(dimension, ())
    return members[0] if len(members) == 1 else None


def _filtered(dimension: str, asked: tuple[str | None, ...], event: DisputeEvent) -> str | None:
    """What a filter compares: the member; of a view of several members that are all asked for,
    any of them that has a name."""
    member = _member(dimension, event)
    if member is None and lies_within(event.where, ((dimension, asked),)):
        return next((m for m in dict(event.where)[dimension] if m is not None), None)
    return member
