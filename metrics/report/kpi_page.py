"""A KPI's section as parts, for whoever shows pages of parts alone: a frozen page on screen."""

from __future__ import annotations

from dataclasses import replace

from metrics.report.kpi_section import KpiSection
from metrics.report.page_section import Headline, PageSection, Part, plain
from metrics.report.words import Words


def kpi_parts(section: KpiSection) -> PageSection:
    """The same figures, words, charts and tables, in the page's order."""
    trend_table, segment_table = section.tables
    lines = tuple(
        Words(" ".join(part for part in (text, state.text) if part), state.judgement)
        for text, state in section.lines
    )
    first = Headline(section.title, section.value, (plain(section.qualifier), *lines))
    to_date = tuple(Headline(one.label, one.value, (one.note,)) for one in section.to_date)
    said = tuple(plain(f"“{comment}”") for comment in section.comments)
    parts = (
        Part("figure", section.title, section.owner, figures=(first, *to_date), words=said),
        Part(
            "trend",
            "Six weeks, twelve months",
            picture=section.trend_picture,
            room=section.trend_room,
            natives=section.trends,
            # The chart has every figure of it: for spreadsheets.
            table=replace(trend_table, is_data=True),
            notes=(section.trend_note,) if section.trend_note else (),
        ),
        Part(
            "cause",
            "What moved it",
            section.split,
            words=(plain(section.cause),) if section.cause else (),
            picture=section.waterfall,
            room=section.waterfall_room,
        ),
        Part(
            "segments",
            f"By {section.segments.by}",
            words=(plain(section.segments.reason),) if section.segments.reason else (),
            table=segment_table if section.segments.reason is None else None,
        ),
    )
    told = (section.about, section.definition)
    return PageSection("kpi", section.title, section.team, parts, told)
