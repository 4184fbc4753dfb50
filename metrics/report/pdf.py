"""A document as PDF: A4 landscape, a page a section, charts as vectors, fonts embedded.

What the data say reaches the template as JSON and is set as text: nothing of it is ever read as
markup. Set by typst, with the fonts that ship with the program alone, so that it looks the same
everywhere and needs no network.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import typst

from metrics.report.cells import Table
from metrics.report.chart_file import FONTS, LIGHT, Picture
from metrics.report.document import Document, Section
from metrics.report.kpi_section import KpiSection
from metrics.report.page_section import PageSection, Part
from metrics.report.scorecard_section import QUIET, FigureWords, GoalWords, ScorecardSection
from metrics.report.words import Words

MIME = "application/pdf"
TEMPLATE = Path(__file__).resolve().parent / "pdf_template.typ"
Json = dict[str, Any]
# Signs that the program's own font lacks, and one of typst's that has them.
SIGNS = "DejaVu Sans Mono"
_TEXT, _SIGNS = re.compile(r">[^<]*[◔◐][^<]*<"), re.compile(r"[◔◐]")
HALF, WHOLE = 600, 1180  # px of a chart that half a page has room for, and a whole one
MOST_TOGETHER = 16  # rows of a table that are not torn apart


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
        "sections": [_section(section) for section in document.sections],
    }


def _section(section: Section) -> Json:
    if isinstance(section, ScorecardSection):
        return _scorecard(section)
    return _page(section) if isinstance(section, PageSection) else _kpi(section)


def _page(section: PageSection) -> Json:
    """Small parts stand two in a row, where the one before leaves half of it."""
    rows: list[list[Json]] = []
    for part in section.parts:
        made = _part(part) | ({"title": ""} if part.title == section.title else {})
        if rows and made["is_half"] and len(rows[-1]) == 1 and rows[-1][0]["is_half"]:
            rows[-1].append(made)
        else:
            rows.append([made])
    return {
        "kind": "page",
        "title": section.title,
        "beside": section.beside,
        "rows": rows,
        # The review's own parts are short: they follow each other on a page.
        "flows": section.path == "review",
    }


def _part(part: Part) -> Json:
    table = part.table
    shown = None if table is None or table.is_data or not table.rows else table
    half = _is_half(part, shown)
    return {
        "title": part.title,
        "aside": part.aside,
        "words": [_words(one) for one in part.words],
        "figures": [
            {
                "label": one.label,
                "value": one.value,
                "lines": [_words(line) for line in one.lines],
            }
            for one in part.figures
        ],
        "picture": _picture(part.picture),
        # Drawn as large as its text is on the page, also where the part has the whole width.
        "span": 1.0 if half else min(1.0, (part.picture.width if part.picture else 0) / WHOLE),
        "is_whole": shown is None or len(shown.rows) <= MOST_TOGETHER,
        "table": None if shown is None else _table(shown),
        "notes": list(part.notes),
        "is_half": half,
    }


def _is_half(part: Part, shown: Table | None) -> bool:
    """Whether a part does with half the width of the page."""
    if len(part.figures) > 3 or (part.picture is not None and part.picture.width > HALF):
        return False
    return shown is None or sum(_width(shown, m) for m in range(len(shown.heads))) <= 62


def _width(table: Table, column: int) -> int:
    """Of a column, in letters."""
    return max([len(table.heads[column]) // 2, *(len(row[column].text) for row in table.rows)])


def _table(table: Table) -> Json:
    columns = range(len(table.heads))
    return {
        "heads": list(table.heads),
        "rows": [[cell.text for cell in row] for row in table.rows],
        "feet": table.feet,
        "figures": [table.is_numeric(m) for m in columns],
        # Columns of long text share what the others leave.
        "wide": [not table.is_numeric(m) and _width(table, m) > 18 for m in columns],
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
        "team": f"{section.team} · {section.owner}",
        "qualifier": section.qualifier,
        "value": section.value,
        "lines": [{"text": text, "state": _words(state)} for text, state in section.lines],
        "about": section.about,
        "definition": section.definition,
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
    if picture is None:
        return None
    return {"svg": _TEXT.sub(_with_signs, picture.svg()), "alt": picture.alt}


def _with_signs(found: re.Match[str]) -> str:
    """A text of the drawing with its signs in a font that has them: else all of it would be set
    in another."""
    return _SIGNS.sub(rf'<tspan font-family="{SIGNS}">\g<0></tspan>', found[0])
