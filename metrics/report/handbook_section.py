"""The handbook as a section to write: the definitions that a search finds."""

from __future__ import annotations

from data.config import Config
from metrics.handbook import TEAM_TITLES, all_entries, find
from metrics.report.cells import Cell, Table
from metrics.report.page_section import PageSection, Part, lacking

TITLE = "Handbook"


def handbook_section(config: Config, wanted: str) -> PageSection:
    """The KPIs that ``wanted`` finds (all without any text), each with its definition."""
    found = find(all_entries(config), wanted)
    aside = f"“{wanted}”" if wanted else "every KPI"
    if not found:
        return PageSection(
            "handbook", TITLE, aside, (lacking("definitions", TITLE, "No KPI has these words."),)
        )
    rows = tuple(
        (Cell(one.label), Cell(TEAM_TITLES[one.team]), Cell(one.definition), Cell(one.formula))
        for one in found
    )
    table = Table("Definitions", ("KPI", "Team", "What it means", "Formula"), rows)
    part = Part("definitions", "Definitions", aside, table=table)
    return PageSection("handbook", TITLE, aside, (part,))
