"""The KPIs that both teams answer for."""

from __future__ import annotations

from metrics.catalog.parts import (
    HANDOFF_DIMENSIONS,
    LEAD_DIMENSIONS,
    OPPORTUNITY_DIMENSIONS,
    cohort,
    duration,
    ratio,
    total,
)
from metrics.model import Direction, Measure, Team, Unit

METRICS = (
    cohort("mql_to_sal", "MQL → SAL", Team.SHARED, ("mql", "sal")),
    cohort("mql_to_sql", "MQL → SQL", Team.SHARED, ("mql", "sql")),
    cohort("sql_to_opportunity", "SQL → opportunity", Team.SHARED, ("sql", "opportunity")),
    cohort("mql_to_customer", "MQL → customer", Team.SHARED, ("mql", "customer")),
    cohort("lead_to_customer", "Lead → customer", Team.SHARED, ("lead", "customer")),
    duration(
        "stage_days_mql_to_sql",
        "Days MQL → SQL",
        Team.SHARED,
        Measure("entered_sql", "days_since_mql"),
        0.5,
        unit=Unit.DAYS,
        definition="Median days between a lead's first MQL and its first SQL; a skipped stage "
        "counts as reached with the next later one; an SQL earlier than its MQL makes no span.",
        formula="median(first SQL − first MQL)",
        counted_by="the first SQL entry",
        tables=("lead_stages",),
        dimensions=LEAD_DIMENSIONS,
        needs_stages=("mql", "sql"),
    ),
    total(
        "pipeline_created",
        "Pipeline created",
        Team.SHARED,
        Measure("opportunities_qualified", "amount"),
        definition="The amount of opportunities that entered the pipeline.",
        formula="Σ amount",
        counted_by="the opportunity's qualification, else its creation",
        tables=("opportunities",),
        dimensions=OPPORTUNITY_DIMENSIONS,
    ),
    total(
        "bookings",
        "Bookings",
        Team.SHARED,
        Measure("opportunities_closed", "won_amount"),
        definition="The amount won: new, expansion and renewal together; split by kind they stand "
        "apart.",
        formula="Σ amount of won opportunities",
        counted_by="the closing date",
        tables=("opportunities",),
        dimensions=OPPORTUNITY_DIMENSIONS,
    ),
    ratio(
        "sla_response",
        "SLA: answered in time",
        Team.SHARED,
        Measure("handoffs", "met"),
        Measure("handoffs", "due"),
        definition="The share of handoffs answered within their response target in business hours. "
        "Only handoffs whose due time has passed count; those not yet due are maturing.",
        formula="met ÷ (met + breached)",
        counted_by="the handoff",
        tables=("handoffs", "handoff_clock"),
        dimensions=HANDOFF_DIMENSIONS,
        maturing=Measure("handoffs", "pending"),
    ),
    ratio(
        "lead_rejection_rate",
        "Lead rejection rate",
        Team.SHARED,
        Measure("dispositions", "rejected"),
        Measure("dispositions", "disposed"),
        direction=Direction.DOWN,
        definition="The share of handoffs that sales gave back, of those it accepted or rejected.",
        formula="rejected ÷ (accepted + rejected)",
        counted_by="the disposition",
        tables=("handoffs",),
        dimensions=HANDOFF_DIMENSIONS,
    ),
)
