"""Median time in each stage: from its entry to the lead's next change of stage."""

from __future__ import annotations

from sqlalchemy import Select, and_, case, cast, func, or_, select
from sqlalchemy.types import Double

from data.dialects.functions import microseconds_between, percentile
from data.tables import STAGES, lead_stages
from metrics.engine import cached_rows
from metrics.facts.base import Fact, Links
from metrics.funnel.curve import DAY_MICROSECONDS
from metrics.funnel.model import StageTime
from metrics.funnel.question import Question


def times_statement(question: Question) -> Select:
    """One row a stage: ``days`` (median), ``completed`` and ``running``.

    Two systems may both report an entry: a row for the stage that the lead is in already is no
    change. Rows of one moment follow the order of the stages.
    """
    s = lead_stages.c
    rank = case(*((s.stage == stage, index) for index, stage in enumerate(STAGES)))
    order = (s.entered_at, rank)
    rows = (
        select(
            s.lead_id,
            s.stage,
            s.entered_at,
            rank.label("rank"),
            func.lag(s.stage).over(partition_by=s.lead_id, order_by=order).label("before"),
        )
        .where(s.entered_at <= question.as_of)
        .subquery("stage_rows")
    )
    left = func.lead(rows.c.entered_at).over(
        partition_by=rows.c.lead_id, order_by=(rows.c.entered_at, rows.c.rank)
    )
    visits = (
        select(rows.c.lead_id, rows.c.stage, rows.c.entered_at, left.label("left_at"))
        .where(or_(rows.c.before.is_(None), rows.c.before != rows.c.stage))
        .subquery("visits")
    )
    v = visits.c
    dimensions, conditions = question.filtered(Fact(source=visits, links=Links(lead_id=v.lead_id)))
    _, end = question.bounds(question.view.period)
    completed = question.within_period(v.left_at)
    days = cast(microseconds_between(v.entered_at, v.left_at), Double) / DAY_MICROSECONDS
    running = and_(v.entered_at < end, or_(v.left_at.is_(None), v.left_at >= end))
    return (
        select(
            v.stage,
            percentile(0.5, case((completed, days))).label("days"),
            func.sum(case((completed, 1), else_=0)).label("completed"),
            func.sum(case((running, 1), else_=0)).label("running"),
        )
        .select_from(dimensions.source)
        .where(or_(completed, running), *conditions)
        .group_by(v.stage)
    )


def stage_times(question: Question) -> tuple[StageTime, ...]:
    """The used stages but the last, then the recycled pool where there is one.

    Raises ``UnsupportedDimension`` for a filter that leads do not know.
    """
    rows = {row["stage"]: row for row in cached_rows(question.warehouse, times_statement(question))}
    shown = [*question.stages[:-1], *(["recycled"] if "recycled" in rows else [])]
    return tuple(_time(stage, rows.get(stage, {})) for stage in shown)


def _time(stage: str, row: dict) -> StageTime:
    days = row.get("days")
    return StageTime(
        stage,
        None if days is None else float(days),
        int(row.get("completed", 0)),
        int(row.get("running", 0)),
    )
