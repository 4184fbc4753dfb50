"""Where leads leak: what became of those that entered a stage, and of the recycled ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import FromClause, Select, and_, case, false, func, or_, select

from data.dialects.functions import days_later
from data.tables import lead_stages
from metrics.engine import cached_rows
from metrics.facts.base import Column, Context, Fact, Links
from metrics.facts.stages import later_stages, own_entry, reached
from metrics.funnel.model import Leak, Pool
from metrics.funnel.paths import last_entry, last_reached, last_up_to, lead_paths
from metrics.funnel.question import Question

FATES = ("advanced", "rejected", "recycled", "waiting", "overdue")


def _fate_of(stage: str) -> str:
    return f"fate_{stage}"


def _steps(question: Question) -> list[tuple[str, str, int]]:
    """(stage, the next one used, days that the step should take)."""
    stages = question.stages
    return [(start, end, question.window_days(start, end)) for start, end in pairwise(stages)]


def _fate(question: Question, paths: FromClause, stage: str, window_days: int) -> Column:
    """What became of a lead after its first entry into a stage; NULL where that is not in the
    period.

    It advanced when any later stage came at or after the entry. Else its last row decides:
    rejected, recycled, or this stage or an earlier one again: then it is still there, overdue
    once the step's days have passed since that row. At one moment a recycling follows a rejection
    and both follow an entry.
    """
    at = reached(paths, stage)
    advanced = or_(*(paths.c[last_entry(later)] >= at for later in later_stages(stage)))
    back = last_up_to(paths, stage)
    rejected, recycled = paths.c[last_entry("rejected")], paths.c[last_entry("recycled")]
    is_rejected = and_(
        rejected >= at, rejected >= back, or_(recycled.is_(None), rejected > recycled)
    )
    is_recycled = and_(recycled >= at, recycled >= back)
    return case(
        (func.coalesce(~question.within_period(at), True), None),
        (advanced, "advanced"),
        (is_rejected, "rejected"),
        (is_recycled, "recycled"),
        (days_later(back, window_days) > question.as_of, "waiting"),
        else_="overdue",
    )


def _last_reasons(context: Context) -> FromClause:
    """Per lead the reason of its last rejection by the as-of moment."""
    s = lead_stages.c
    place = func.row_number().over(
        partition_by=s.lead_id, order_by=(s.entered_at.desc(), s.reason.asc().nulls_last())
    )
    rows = (
        select(s.lead_id, s.reason, place.label("place"))
        .where(s.stage == "rejected", s.entered_at <= context.as_of)
        .subquery("rejections")
    )
    return select(rows.c.lead_id, rows.c.reason).where(rows.c.place == 1).subquery("last_reason")


def _pool(paths: FromClause) -> Column:
    """The furthest that a lead has come at or after its first recycling; NULL for the others."""
    recycled = paths.c[own_entry("recycled")]
    return case(
        (recycled.is_(None), None),
        (paths.c[last_entry("customer")] >= recycled, "customer"),
        (last_reached(paths, "sql") >= recycled, "sql"),
        (last_reached(paths, "mql") >= recycled, "re_mql"),
        else_="in_pool",
    )


def fates_statement(question: Question) -> Select:
    """One row a combination of fates that occurs, with its number of leads ``n``."""
    paths = lead_paths(question.context)
    reasons = _last_reasons(question.context)
    source = paths.outerjoin(reasons, reasons.c.lead_id == paths.c.lead_id)
    dimensions, conditions = question.filtered(
        Fact(source=source, links=Links(lead_id=paths.c.lead_id))
    )
    fates = [
        _fate(question, paths, stage, days).label(_fate_of(stage))
        for stage, _, days in _steps(question)
    ]
    recycled = paths.c[own_entry("recycled")]
    lately = func.coalesce(question.within_period(recycled), false())
    leads = (
        select(
            *fates,
            reasons.c.reason.label("reason"),
            _pool(paths).label("pool"),
            case((lately, 1), else_=0).label("lately"),
        )
        .select_from(dimensions.source)
        .where(*conditions)
        .subquery("fates")
    )
    kept = [leads.c[_fate_of(stage)] for stage, _, _ in _steps(question)]
    is_rejected = or_(false(), *(fate == "rejected" for fate in kept))
    columns = [*kept, case((is_rejected, leads.c.reason)), leads.c.pool, leads.c.lately]
    names = [*(fate.name for fate in kept), "reason", "pool", "lately"]
    return (
        select(
            *(column.label(name) for column, name in zip(columns, names, strict=True)),
            func.count().label("n"),
        )
        .where(or_(leads.c.pool.is_not(None), *(fate.is_not(None) for fate in kept)))
        .group_by(*columns)
    )


def fates(question: Question) -> tuple[tuple[Leak, ...], Pool, Pool]:
    """(by stage, the pool of the period, the pool of all time).

    Raises ``UnsupportedDimension`` for a filter that leads do not know.
    """
    rows = cached_rows(question.warehouse, fates_statement(question))
    leaks = tuple(_leak(rows, *step) for step in _steps(question))
    lately = [row for row in rows if row["lately"]]
    return leaks, _pool_of(lately), _pool_of(rows)


def _leak(rows: Sequence[dict[str, Any]], stage: str, to: str, window_days: int) -> Leak:
    counts: Counter[str] = Counter()
    reasons: Counter[str | None] = Counter()
    for row in rows:
        fate = row[_fate_of(stage)]
        counts[fate] += row["n"]
        if fate == "rejected":
            reasons[row["reason"]] += row["n"]
    return Leak(
        stage,
        to,
        window_days,
        **{fate: counts[fate] for fate in FATES},
        reasons=tuple(sorted(reasons.items(), key=lambda r: (-r[1], r[0] is None, r[0] or ""))),
    )


def _pool_of(rows: Sequence[dict[str, Any]]) -> Pool:
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row["pool"]] += row["n"]
    return Pool(counts["in_pool"], counts["re_mql"], counts["sql"], counts["customer"])
