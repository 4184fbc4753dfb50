"""Marketing's KPIs."""

from __future__ import annotations

from metrics.catalog.parts import LEAD_DIMENSIONS, cohort, count, ratio, total
from metrics.model import Direction, Measure, Team, Unit

METRICS = (
    count(
        "leads",
        "Leads",
        Team.MARKETING,
        Measure("leads", "n"),
        definition="Leads created; leads deleted by the as-of moment are not counted.",
        formula="Number of leads",
        counted_by="the lead's creation",
        tables=("leads",),
        dimensions=LEAD_DIMENSIONS,
        null_rule="None counts as 0.",
    ),
    count(
        "mqls",
        "MQLs",
        Team.MARKETING,
        Measure("entered_mql", "n"),
        definition="Distinct leads by their first entry into the stage MQL (meets the signed "
        "rule). A lead that skipped the stage counts with its next later stage.",
        formula="Number of leads that became an MQL for the first time",
        counted_by="the first MQL entry",
        tables=("lead_stages",),
        dimensions=LEAD_DIMENSIONS,
        null_rule="None counts as 0.",
        needs_stages=("mql",),
        beside="re_mqls",
    ),
    count(
        "re_mqls",
        "Re-MQLs",
        Team.MARKETING,
        Measure("re_mqls", "n"),
        definition="Leads that became an MQL again: the first entry into the stage MQL after a "
        "lead was recycled, by its own date. A lead's first MQL is none; a lead that comes back "
        "twice counts twice.",
        formula="Number of MQL entries after a recycling",
        counted_by="the later MQL entry",
        tables=("lead_stages",),
        dimensions=LEAD_DIMENSIONS,
        needs_stages=("mql", "recycled"),
    ),
    cohort("lead_to_mql", "Lead → MQL", Team.MARKETING, ("lead", "mql")),
    total(
        "spend",
        "Spend",
        Team.MARKETING,
        Measure("spend", "amount"),
        direction=Direction.NEUTRAL,
        definition="All marketing cost: media, tools, people and other.",
        formula="Σ spend",
        counted_by="the day it was spent on",
        tables=("spend",),
        dimensions=("channel", "campaign"),
    ),
    ratio(
        "cost_per_mql",
        "Cost per MQL",
        Team.MARKETING,
        Measure("spend", "amount"),
        Measure("entered_mql", "n"),
        unit=Unit.MONEY,
        direction=Direction.DOWN,
        definition="What an MQL cost: the period's spend over the period's MQLs.",
        formula="spend ÷ MQLs",
        counted_by="the day of spend; the first MQL entry",
        tables=("spend", "lead_stages"),
        dimensions=("channel", "campaign"),
        needs_stages=("mql",),
    ),
    ratio(
        "cost_per_opportunity",
        "Cost per opportunity",
        Team.MARKETING,
        Measure("spend", "amount"),
        Measure("opportunities_created", "n"),
        unit=Unit.MONEY,
        direction=Direction.DOWN,
        definition="What an opportunity cost: the period's spend over the opportunities created.",
        formula="spend ÷ opportunities created",
        counted_by="the day of spend; the opportunity's creation",
        tables=("spend", "opportunities"),
        dimensions=("channel", "campaign"),
        slow=True,
    ),
)
