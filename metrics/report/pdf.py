"""A document as PDF: A4 landscape, a page a section, charts as vectors, fonts embedded.

What the data say reaches the template as JSON and is set as text: nothing of it is ever read as
markup. Set by typst, with the fonts that ship with the program alone, so that it looks the same
everywhere and needs no network.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import typst

from metrics.report.chart_file import FONTS, LIGHT, Picture
from metrics.report.document import Document
from metrics.report.kpi_section import KpiSection
from metrics.report.scorecard_section import QUIET, FigureWords, GoalWords, ScorecardSection
from metrics.report.words import Words

TEMPLATE = Path(__file__).resolve().parent / "pdf_template.typ"
Json = dict[str, Any]


def write_pdf(document: Document) -> bytes:
    """The pages of a document."""
    return typst.compile(
        str(TEMPLATE),
        format="pdf",
        font_paths=_fonts(),
        sys_inputs={"document": json.dumps(_as_json(document))},
    )


@cache
def _fonts() -> Any:
    """The program's own fonts, behind them typst's, and none of the machine's."""
    return typst.Fonts(include_system_fonts=False, font_paths=[str(FONTS)])


def _as_json(document: Document) -> Json:
    return {
        "title": f"{document.title}, {document.period}",
        "company": document.company,
        "origin": document.origin,
        "link": document.link,
        "notices": list(document.notices),
        "colours": LIGHT,
        "sections": [
            _scorecard(section) if isinstance(section, ScorecardSection) else _kpi(section)
            for section in document.sections
        ],
    }


def _words(words: Words) -> Json:
    return {"text": words.text, "tone": words.judgement.value}


def _scorecard(section: ScorecardSection) -> Json:
    return {
        "kind": "scorecard",
        "title": section.title,
        "period": f"{section.period} · {section.compare}",
        "counted": f"{section.tally} · {section.counted}",
        "quiet": QUIET,
        "stories": [
            {
                "finding": story.finding,
                "more": " ".join(
                    part
                    for part in (
                        f"{story.details}." if story.details else "",
                        f"{story.cause}." if story.cause else "",
                        story.owner,
                    )
                    if part
                ),
                "said": "" if story.said is None else f"“{story.said[0]}” {story.said[1]}",
                "tone": story.tone.value,
            }
            for story in section.stories
        ],
        "goals": [_goal(goal) for goal in section.goals],
        "teams": [
            {"title": team, "figures": [_figure(figure) for figure in figures]}
            for team, figures in section.teams
        ],
    }


def _goal(goal: GoalWords) -> Json:
    return {
        "label": goal.label,
        "value": goal.value,
        "aim": goal.aim,
        "line": _words(goal.line),
        "marks": " · ".join(goal.marks),
    }


def _figure(figure: FigureWords) -> Json:
    return {
        "label": figure.label,
        "value": figure.value,
        "beside": " · ".join(figure.beside),
        "change": _words(figure.change),
        "goal": figure.goal,
        "state": _words(figure.state),
    }


def _kpi(section: KpiSection) -> Json:
    found = section.segments
    return {
        "kind": "kpi",
        "title": section.title,
        "team": f"{section.team} · {section.metric.owner}",
        "qualifier": section.qualifier,
        "value": section.value,
        "lines": [{"text": text, "state": _words(state)} for text, state in section.lines],
        "about": section.about,
        "definition": section.metric.definition,
        "to_date": [
            {"label": figure.label, "value": figure.value, "note": _words(figure.note)}
            for figure in section.to_date
        ],
        "trend_note": section.trend_note,
        "trend": _picture(section.trend_picture),
        "split": section.split,
        "cause": section.cause,
        "waterfall": _picture(section.waterfall),
        "by": found.by,
        "reason": found.reason or "",
        "heads": [found.by.capitalize(), *found.sides, found.value, found.versus],
        "rows": [[line.name, *line.sides, line.value, line.change] for line in found.lines],
        "comments": list(section.comments),
    }


def _picture(picture: Picture | None) -> Json | None:
    return None if picture is None else {"svg": picture.svg(), "alt": picture.alt}
