"""KPIs of pace, made of other KPIs over spans of their own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from metrics.calendar import Cadence, Calendar, Span
from metrics.catalog.parts import LEAD_DIMENSIONS, OPPORTUNITY_DIMENSIONS, derived
from metrics.model import Parts, Team, Unit

# Before any company's first opportunity.
BEGINNING = date(1900, 1, 1)
FOUR_WEEKS = timedelta(days=28)
# A span of up to two weeks is one of a weekly or biweekly review.
SHORT = timedelta(days=14)


def _known_end(span: Span, calendar: Calendar, as_of: datetime) -> date:
    """The day after the last whole day of a span that is known at the as-of moment."""
    return min(span.end, calendar.day_of(as_of))


def _velocity_inputs(
    span: Span, calendar: Calendar, as_of: datetime
) -> Mapping[str, tuple[str, Span]]:
    end = _known_end(span, calendar, as_of)
    if span.end - span.start <= SHORT:
        middle = end - FOUR_WEEKS
        now, before = Span(middle, end), Span(middle - FOUR_WEEKS, middle)
    else:
        month = calendar.period_of(end, Cadence.MONTHLY)
        last = calendar.previous(month)
        now, before = last.span, calendar.previous(last).span
    return {"now": ("sqls", now), "before": ("sqls", before)}


def _growth(values: Mapping[str, float | None]) -> Parts:
    now, before = values["now"], values["before"]
    if now is None or not before:
        return Parts(None, now, before)
    return Parts(now / before - 1, now, before)


def year_before(day: date) -> date:
    """The same day of the year before."""
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)


def _money_a_day_inputs(
    span: Span, calendar: Calendar, as_of: datetime
) -> Mapping[str, tuple[str, Span]]:
    until = Span(BEGINNING, span.end)
    year = Span(year_before(span.end), span.end)
    return {
        "created": ("_new_created", until),
        "closed": ("_new_closed", until),
        "win_rate": ("win_rate", year),
        "deal_size": ("avg_deal_size", year),
        "cycle_days": ("sales_cycle_days_mean", year),
    }


def _money_a_day(values: Mapping[str, float | None]) -> Parts:
    created, closed = values["created"], values["closed"]
    win_rate, size, cycle = values["win_rate"], values["deal_size"], values["cycle_days"]
    if created is None or closed is None or win_rate is None or size is None or not cycle:
        return Parts(None, None, cycle)
    money = (created - closed) * win_rate * size
    return Parts(money / cycle, money, cycle)


METRICS = (
    derived(
        "lead_velocity_rate",
        "Lead velocity",
        Team.SHARED,
        _velocity_inputs,
        _growth,
        unit=Unit.SHARE,
        definition="How much faster qualified leads come: the SQLs of the last complete month over "
        "the month before, less one. For a week or two: the last 28 days over the 28 before.",
        formula="SQLs ÷ SQLs before − 1",
        counted_by="the first SQL entry",
        null_rule="Undefined (–) where there were no SQLs before.",
        tables=("lead_stages",),
        dimensions=LEAD_DIMENSIONS,
        needs_stages=("sql",),
    ),
    derived(
        "sales_velocity",
        "Sales velocity",
        Team.SHARED,
        _money_a_day_inputs,
        _money_a_day,
        unit=Unit.MONEY,
        definition="The money that open new business is on its way to bring a day: open "
        "opportunities × win rate × average won deal ÷ mean won cycle, the last three over "
        "trailing 12 months.",
        formula="open opportunities × win rate × average deal size ÷ mean cycle in days",
        counted_by="the end of the period",
        null_rule="Undefined (–) without won deals in the trailing 12 months.",
        tables=("opportunities",),
        dimensions=OPPORTUNITY_DIMENSIONS,
    ),
)
