"""Facts: streams of counted entities, each with a date, its dimensions and its measures.

``FACTS`` names them; a metric points at a fact's measure, and one query a fact serves all metrics
that need it.
"""

from __future__ import annotations

from collections.abc import Callable

from metrics.facts import (
    handoffs,
    leads,
    opportunities,
    passes,
    pipeline,
    spend,
    stages,
    touches,
)
from metrics.facts.base import Context, Fact

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
}

__all__ = ["FACTS", "Context", "Fact"]
