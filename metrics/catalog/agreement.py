"""The agreement between the two teams: what each owes the other, and what its breach costs.

Adherence, response times and rejections are in ``sales`` and ``shared``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from metrics.calendar import Calendar, Span
from metrics.catalog.parts import HANDOFF_DIMENSIONS, LEAD_DIMENSIONS, count, derived, ratio
from metrics.facts.effort import WATCHED_DAYS
from metrics.facts.mql_rule import OFF_RULE
from metrics.facts.outreach import CLOSE_DAYS
from metrics.model import Direction, Fallback, Measure, Parts, TargetOf, Team, Unit

TODAY_S_FACTS = Fallback(
    "lead_changes",
    "today's facts",
    "The table lead_changes is empty: this is what is known of the leads today, not what was "
    "known when they became MQLs",
)


def _delivery_inputs(
    span: Span, calendar: Calendar, as_of: datetime
) -> Mapping[str, tuple[str, Span]]:
    return {"delivered": ("_mqls_delivered", span)}


def _delivery_targets(span: Span, calendar: Calendar, as_of: datetime) -> Mapping[str, TargetOf]:
    return {"target": TargetOf("mqls", span)}


def _delivery(values: Mapping[str, float | None]) -> Parts:
    delivered, target = values["delivered"], values["target"]
    if delivered is None or not target:
        return Parts(None, delivered, target)
    return Parts(delivered / target, delivered, target)


METRICS = (
    derived(
        "mql_delivery",
        "MQL delivery",
        Team.MARKETING,
        _delivery_inputs,
        _delivery,
        _delivery_targets,
        unit=Unit.SHARE,
        definition="Marketing's side of the agreement: MQLs, re-MQLs included, that were handed to "
        "sales and complete at entry, over the target of MQLs. Handed over means by a handoff at "
        "or after the entry and before the lead's next one. A re-MQL is the first MQL entry after "
        "a recycling. Complete is what MQL completeness calls so. It can exceed 100 %.",
        formula="MQLs complete at entry and handed over ÷ target of MQLs",
        counted_by="the MQL entry",
        null_rule="No data where no target of MQLs holds for the period and filter.",
        tables=("lead_stages", "leads", "handoffs", "targets"),
        dimensions=LEAD_DIMENSIONS,
        needs_stages=("mql",),
        by_account=False,
        fallback=TODAY_S_FACTS,
    ),
    ratio(
        "mql_completeness",
        "MQL completeness",
        Team.MARKETING,
        Measure("mqls_qualified", "complete"),
        Measure("mqls_qualified", "n"),
        definition="The share of MQLs of which all agreed qualification facts (budget, authority, "
        "timeline, interest, or those that the configuration requires) were known when they "
        "became MQLs, by the lead's history of changes. Known means that there is a value, be it "
        "yes or no. Without that history it is what is known today, and the figure says so.",
        formula="MQLs with all agreed facts known at entry ÷ MQLs",
        counted_by="the first MQL entry",
        tables=("lead_stages", "leads"),
        dimensions=LEAD_DIMENSIONS,
        needs_stages=("mql",),
        fallback=TODAY_S_FACTS,
    ),
    count(
        "mqls_off_rule",
        "MQLs off the rule",
        Team.MARKETING,
        Measure("mqls_qualified", OFF_RULE),
        direction=Direction.DOWN,
        definition="MQLs that did not meet the rule that both teams had signed for the day of "
        "their first MQL entry: its score, the facts that must be known, its sources. The rule "
        "checks and does not recount: they are MQLs all the same. Scores and facts are those at "
        "the entry, by the lead's history of changes; where that has none, today's.",
        formula="Number of MQLs that do not meet the signed rule",
        counted_by="the first MQL entry",
        null_rule="None counts as 0; no data until both teams have signed a rule. Entries before "
        "the day from which the first signed rule holds are not checked.",
        tables=("lead_stages", "leads", "agreements"),
        dimensions=LEAD_DIMENSIONS,
        needs_stages=("mql",),
        fallback=TODAY_S_FACTS,
    ),
    count(
        "overdue_handoffs",
        "Overdue handoffs",
        Team.SALES,
        Measure("handoffs", "overdue"),
        direction=Direction.DOWN,
        definition="Handoffs of the period that are past due and unanswered at the as-of moment. "
        "Over all periods together they are the backlog.",
        formula="Number of handoffs past due without a response",
        counted_by="the handoff",
        tables=("handoffs", "handoff_clock"),
        dimensions=HANDOFF_DIMENSIONS,
    ),
    ratio(
        "wasted_effort_share",
        "Wasted effort",
        Team.SHARED,
        Measure("handoffs_worked", "wasted"),
        Measure("handoffs_worked", "touches"),
        direction=Direction.DOWN,
        definition="Of the sales touches by people after the first response and within "
        f"{WATCHED_DAYS} days of the handoff, the share on handoffs rejected for fit in that time. "
        "A touch belongs to its lead's last handoff before it. Which reasons are about fit is "
        f"configured. Handoffs whose {WATCHED_DAYS} days are not over are maturing.",
        formula="sales touches on handoffs rejected for fit ÷ sales touches",
        counted_by="the handoff (a cohort)",
        null_rule="Over handoffs whose time is over alone; undefined (–) where sales did nothing "
        "after the answers.",
        tables=("handoffs", "handoff_clock", "touches"),
        dimensions=HANDOFF_DIMENSIONS,
        maturing=Measure("handoffs_worked", "open"),
        slow=True,
    ),
    ratio(
        "redundant_outreach_rate",
        "Redundant outreach",
        Team.SHARED,
        Measure("outreach", "by_both"),
        Measure("outreach", "n"),
        direction=Direction.DOWN,
        definition="Of the leads that marketing or sales contacted (outbound) in the period, the "
        f"share that both contacted within {CLOSE_DAYS} days of each other, one of the two "
        "contacts lying in the period. Automated mails count, other teams' contacts do not. A "
        "lead counts once a period, so that periods do not add up.",
        formula="leads contacted by both within 3 days ÷ leads contacted by either",
        counted_by="the contact",
        tables=("touches",),
        dimensions=LEAD_DIMENSIONS,
    ),
)
