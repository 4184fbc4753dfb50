"""Facts: streams of counted entities, each with a date, its dimensions and its measures.

``FACTS`` names them; a metric points at a fact's measure, and one query a fact serves all metrics
that need it.
"""

from __future__ import annotations

from collections.abc import Callable

from metrics.facts import (
    disputes,
    effort,
    handoffs,
    leads,
    opportunities,
    outreach,
    passes,
    pipeline,
    qualification,
    spend,
    stages,
    touches,
    waiting,
)
from metrics.facts.base import Context, Fact


def _credit(name: str) -> Callable[[Context], Fact]:
    """A fact of ``metrics/attribution/facts.py``."""

    def fact(context: Context) -> Fact:
        # Imported when it is asked for: credit itself is filtered and split as facts are.
        from metrics.attribution import facts

        return getattr(facts, name)(context)

    return fact


FACTS: dict[str, Callable[[Context], Fact]] = {
    "leads": leads.created,
    "entered_lead": stages.entered("lead"),
    "entered_mql": stages.entered("mql"),
    "entered_sal": stages.entered("sal"),
    "entered_sql": stages.entered("sql"),
    "spend": spend.spent,
    "opportunities_created": opportunities.created,
    "opportunities_qualified": opportunities.qualified,
    "opportunities_closed": opportunities.closed,
    "pipeline_expected": pipeline.expected,
    "pipeline_slipped": pipeline.slipped,
    "re_mqls": passes.re_mqls,
    "handoffs": handoffs.handed,
    "dispositions": handoffs.disposed,
    "touches": touches.touched,
    "handoffs_waiting": waiting.waiting,
    "handoffs_worked": effort.worked,
    "outreach": outreach.contacted,
    "mqls_qualified": qualification.qualified,
    "mql_passes": qualification.passed,
    "pipeline_sourced": _credit("pipeline_sourced"),
    "bookings_touched": _credit("bookings_touched"),
    "touches_credited": _credit("touches_credited"),
    "touches_earning": _credit("touches_earning"),
    "customers": _credit("customers"),
    "disputes_open": disputes.still_open,
    "disputes_raised": disputes.raised,
}

__all__ = ["FACTS", "Context", "Fact"]
