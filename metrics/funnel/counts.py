"""The funnel stage by stage, for a cohort and for a period, by segment and persona."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, and_, case, false, func, or_, select

from data.dialects.functions import days_later
from metrics.engine import cached_rows
from metrics.facts.base import Fact, Links
from metrics.facts.stages import reached
from metrics.funnel.model import CohortStage, SplitRow, StageCounts
from metrics.funnel.paths import last_reached, lead_paths
from metrics.funnel.question import Question

SPLITS = ("segment", "persona")


def counts_statement(question: Question) -> Select:
    """One row a segment and persona; per stage ``cohort_``, ``maturing_`` and ``period_`` counts.

    A lead of the cohort has reached a stage when an entry into it is not before the one into the
    first stage (handbook §2).
    """
    stages = question.stages
    paths = lead_paths(question.context)
    fact = Fact(source=paths, links=Links(lead_id=paths.c.lead_id))
    dimensions, conditions = question.filtered(fact)
    members = [dimensions.column(name).label(name) for name in SPLITS]  # type: ignore[union-attr]
    first = reached(paths, stages[0])
    in_cohort = func.coalesce(question.within_period(first), false())
    columns = []
    for stage in stages:
        at = reached(paths, stage)
        arrived = func.coalesce(last_reached(paths, stage) >= first, false())
        closes = days_later(first, question.window_days(stages[0], stage))
        may_still = and_(in_cohort, ~arrived, closes > question.as_of)
        columns += [
            func.sum(case((and_(in_cohort, arrived), 1), else_=0)).label(f"cohort_{stage}"),
            func.sum(case((may_still, 1), else_=0)).label(f"maturing_{stage}"),
            func.sum(case((question.within_period(at), 1), else_=0)).label(f"period_{stage}"),
        ]
    entered = or_(*(question.within_period(reached(paths, stage)) for stage in stages))
    return (
        select(*members, *columns)
        .select_from(dimensions.source)
        .where(entered, *conditions)
        .group_by(*members)
    )


def stage_counts(question: Question) -> StageCounts:
    """Raises ``UnsupportedDimension`` for a filter that leads do not know."""
    rows = cached_rows(question.warehouse, counts_statement(question))
    first = question.stages[0]
    cohort = tuple(
        CohortStage(
            stage,
            _total(rows, f"cohort_{stage}"),
            _total(rows, f"maturing_{stage}"),
            0 if stage == first else question.window_days(first, stage),
        )
        for stage in question.stages
    )
    period = tuple(_total(rows, f"period_{stage}") for stage in question.stages)
    splits = {name: _split(rows, name, question.stages) for name in SPLITS}
    return StageCounts(cohort, period, splits)


def _total(rows: Sequence[dict[str, Any]], column: str) -> int:
    return sum(int(row[column]) for row in rows)


def _split(
    rows: Sequence[dict[str, Any]], name: str, stages: Sequence[str]
) -> tuple[SplitRow, ...]:
    """By member, by name, the NULL member last."""
    members = sorted({row[name] for row in rows}, key=lambda m: (m is None, m or ""))
    found = []
    for member in members:
        own = [row for row in rows if row[name] == member]
        found.append(
            SplitRow(
                member,
                tuple(_total(own, f"cohort_{stage}") for stage in stages),
                tuple(_total(own, f"period_{stage}") for stage in stages),
            )
        )
    return tuple(found)
