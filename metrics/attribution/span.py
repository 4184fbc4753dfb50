"""Over which days a view's credit is: never a week's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from metrics.calendar import Cadence, Calendar, Span
from metrics.view import View


@dataclass(frozen=True)
class CreditSpan:
    """``label`` names the days ("Q4 2026 up to W46"); ``note`` says, where they are not the
    view's period, why not."""

    span: Span
    label: str
    is_running: bool
    note: str = ""


def credit_span(calendar: Calendar, view: View) -> CreditSpan:
    """The days whose opportunities share out a view's credit.

    A journey takes months, and a week has a handful of deals: at the weekly cadences it is the
    quarter up to the week's end, which is what the scorecard's bookings to date are of.
    """
    period = view.period
    if period.cadence not in (Cadence.WEEKLY, Cadence.BIWEEKLY):
        is_running = calendar.starts_at(period.end) > view.as_of
        label = period.label.split(",")[0] + (" to date" if is_running else "")
        return CreditSpan(period.span, label, is_running)
    quarter = calendar.period_of(period.end - timedelta(days=1), Cadence.QUARTERLY)
    span = quarter.within(quarter.start, period.end)
    label = f"{quarter.short} {quarter.id[:4]}" + (f" up to {period.short}" if span.is_cut else "")
    return CreditSpan(
        span,
        label,
        is_running=span.is_cut or calendar.starts_at(quarter.end) > view.as_of,
        note=f"Credit is never weekly, for a journey takes months and a week has few deals: this "
        f"is {label}.",
    )
