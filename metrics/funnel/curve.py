"""The share of a cohort that has converted, over age: Kaplan–Meier from counts by day of age.

A conversion on day t came more than t−1 and at most t times 24 h after the entry. A lead is
observed through the days of age that it has completed at the as-of moment: a conversion on the
day under way does not count yet, or of a day's leads only the converted ones would be known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Integer, Select, and_, case, cast, false, func, literal, select
from sqlalchemy.types import Double

from data.dialects.functions import microseconds_between
from metrics.calendar import Period
from metrics.catalog import CATALOG
from metrics.engine import cached_rows
from metrics.facts.base import Column
from metrics.facts.stages import entered
from metrics.funnel.model import Conversion, Curve, CurvePoint
from metrics.funnel.question import STAGE_LABELS, Question
from metrics.model import Kind

DEFAULT_STEP = "mql_to_sql"
EARLIER_COHORTS = 3
# A window up to the first is drawn to 90 days, a longer one to 180.
SHORT_WINDOW, SHORT_HORIZON, LONG_HORIZON = 30, 90, 180
DAY_MICROSECONDS = 86_400_000_000.0
Z_95 = 1.959963984540054


@dataclass(frozen=True)
class AgeDay:
    """Leads whose observation ended on a day of age: by a conversion, or by the as-of moment."""

    day: int
    converted: int
    censored: int


def steps(question: Question) -> tuple[str, ...]:
    """The cohort KPIs between two stages that the company uses, the default first."""
    found = [
        metric.id
        for metric in CATALOG.values()
        if metric.kind is Kind.COHORT
        and metric.stages is not None
        and set(metric.stages) <= set(question.stages)
    ]
    return tuple(sorted(found, key=lambda step: step != DEFAULT_STEP))


def _age_days(start: Column, end: Column, rounded: Any) -> Column:
    days = cast(microseconds_between(start, end), Double) / DAY_MICROSECONDS
    return cast(rounded(days), Integer)


def curve_statement(question: Question, step: str, periods: Sequence[Period], horizon: int):
    """One row a period (``span``, its index) and day of age: how many converted and how many
    were only observed so far, of the leads by their first entry in the period."""
    start, end = _stages_of(step)
    fact = entered(start)(replace(question.context, cohorts={step: (end, horizon)}))
    dimensions, conditions = question.filtered(fact)
    at, to = fact.source.c.at, fact.source.c[f"to_{end}"]
    observed = func.least(_age_days(at, literal(question.as_of), func.floor), horizon)
    event = _age_days(at, to, func.ceil)
    converted = func.coalesce(event <= observed, false())
    spans = [question.bounds(period) for period in periods]
    span = case(
        *((and_(at >= s, at < e), literal(index, Integer)) for index, (s, e) in enumerate(spans))
    )
    leads: Select = (
        select(
            span.label("span"),
            case((converted, event), else_=observed).label("day"),
            case((converted, 1), else_=0).label("converted"),
        )
        .select_from(dimensions.source)
        .where(at >= min(s for s, _ in spans), at < max(e for _, e in spans), *conditions)
    )
    ages = leads.subquery("ages")
    return (
        select(
            ages.c.span,
            ages.c.day,
            func.sum(ages.c.converted).label("converted"),
            func.sum(1 - ages.c.converted).label("censored"),
        )
        .where(ages.c.span.is_not(None))
        .group_by(ages.c.span, ages.c.day)
    )


def kaplan_meier(days: Iterable[AgeDay]) -> tuple[CurvePoint, ...]:
    """The estimate at every day from 0 to the last one observed, with Greenwood's 95 % band on
    the log-log scale. Leads that end on a day by censoring are at risk on that day."""
    by_day = {day.day: day for day in days}
    at_risk = sum(day.converted + day.censored for day in by_day.values())
    if not at_risk:
        return ()
    points, survival, variance = [], 1.0, 0.0
    for number in range(max(by_day) + 1):
        day = by_day.get(number, AgeDay(number, 0, 0))
        survival *= 1 - day.converted / at_risk
        left = at_risk - day.converted
        variance += day.converted / (at_risk * left) if left else 0.0
        low, high = _band(survival, variance)
        points.append(CurvePoint(number, 1 - survival, low, high, at_risk, day.converted))
        at_risk = left - day.censored
    return tuple(points)


def _band(survival: float, variance: float) -> tuple[float, float]:
    """The 95 % band of the share converted; it has no width where all or nobody have."""
    if not 0 < survival < 1:
        return 1 - survival, 1 - survival
    log = math.log(survival)
    spread = Z_95 * math.sqrt(variance) / log
    # ``log`` is negative, so is ``spread``: its exponential is under 1.
    return 1 - math.exp(log * math.exp(spread)), 1 - math.exp(log * math.exp(-spread))


def conversion(question: Question, step: str) -> Conversion:
    """The curves of the view's cohort and of the earlier ones.

    Raises ``UnsupportedDimension`` for a filter that leads do not know.
    """
    window = question.warehouse.config.window_days(step)
    horizon = SHORT_HORIZON if window <= SHORT_WINDOW else LONG_HORIZON
    period = question.view.period
    periods = question.calendar.recent(period, EARLIER_COHORTS + 1)[::-1]
    statement = curve_statement(question, step, periods, horizon)
    days: dict[int, list[AgeDay]] = {}
    for row in cached_rows(question.warehouse, statement):
        day = AgeDay(int(row["day"]), int(row["converted"]), int(row["censored"]))
        days.setdefault(int(row["span"]), []).append(day)
    curves = []
    for index, cohort in enumerate(periods):
        found = days.get(index, [])
        leads = sum(day.converted + day.censored for day in found)
        age = (question.as_of - question.bounds(cohort)[1]) // timedelta(days=1)
        curves.append(
            Curve(
                question.frame.period_name(cohort),
                leads,
                min(max(age, 0), horizon),
                kaplan_meier(found),
            )
        )
    return Conversion(step, step_label(step), window, horizon, tuple(curves))


def step_label(step: str) -> str:
    """ "MQL → SQL" of a cohort KPI's id."""
    start, end = _stages_of(step)
    return f"{STAGE_LABELS[start]} → {STAGE_LABELS[end]}"


def _stages_of(step: str) -> tuple[str, str]:
    stages = CATALOG[step].stages
    assert stages is not None
    return stages
