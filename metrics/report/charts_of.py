"""The charts of a section, each to be a picture of its own."""

from __future__ import annotations

from dataclasses import dataclass

from metrics.report.chart_file import Picture
from metrics.report.document import Section
from metrics.report.kpi_section import KpiSection
from metrics.report.page_section import PageSection


@dataclass(frozen=True)
class Chart:
    """``id`` names it in file names, ``headline`` stands above the picture."""

    id: str
    title: str
    headline: str
    picture: Picture


def charts_of(section: Section) -> tuple[Chart, ...]:
    """Every chart that has something to draw."""
    if isinstance(section, KpiSection):
        title = f"{section.title}: {section.value}"
        shown = (
            ("trend", "Six weeks, twelve months", title, section.trend_picture),
            ("cause", "What moved it", f"{section.title}, what moved it", section.waterfall),
        )
        return tuple(
            Chart(id_, name, head, picture) for id_, name, head, picture in shown if picture
        )
    if isinstance(section, PageSection):
        return tuple(
            Chart(part.id, part.title, f"{section.title}: {part.title}", picture)
            for part, picture in section.pictures
        )
    return ()
