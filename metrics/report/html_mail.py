"""The digest as HTML for mail programs: tables, inline styles, no scripts, nothing to load.

Exceptions first, then goals, then each team's table, each KPI in a few lines; a link to the live
view. Everything from data is escaped.
"""

from __future__ import annotations

import html

from metrics.report.chart_file import LIGHT
from metrics.report.document import Document, Section
from metrics.report.kpi_section import KpiSection
from metrics.report.page_section import PageSection
from metrics.report.scorecard_section import (
    QUIET,
    FigureWords,
    GoalWords,
    ScorecardSection,
    StoryWords,
)
from metrics.report.words import Judgement, Words

_INK, _INK2, _HAIRLINE = LIGHT["ink"], LIGHT["ink2"], LIGHT["hairline"]
_FACE = "font-family:'Source Sans 3','Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_CELL = f"padding:8px 10px 8px 0;border-top:1px solid {_HAIRLINE};vertical-align:top"
_HUES = {Judgement.GOOD: LIGHT["good"], Judgement.BAD: LIGHT["bad"], Judgement.NONE: _INK}


def write_html(document: Document) -> str:
    """The whole mail."""
    parts = "".join(_section(section) for section in document.sections)
    notices = "".join(_p(_e(notice), color=_INK2) for notice in document.notices)
    title = _e(f"{document.title}, {document.period}")
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title></head>"
        f'<body style="margin:0;background:{LIGHT["page"]}">'
        f'<div style="max-width:760px;margin:0 auto;padding:20px;color:{_INK};font-size:15px;'
        f'line-height:1.4;{_FACE}">'
        f'<h1 style="font-size:24px;margin:0">{title}</h1>'
        f"{_p(_e(document.origin), color=_INK2)}{_link(document)}{notices}{parts}"
        "</div></body></html>"
    )


def _section(section: Section) -> str:
    if isinstance(section, ScorecardSection):
        return _scorecard(section)
    return _page(section) if isinstance(section, PageSection) else _kpi(section)


def _page(section: PageSection) -> str:
    """Sentences, figures and notes of every part; charts and tables are in the files."""
    parts = ""
    for part in section.parts:
        lines = [_judged(one) for one in part.words]
        lines += [f"{_e(one.label)}: <b>{_e(one.value)}</b>" for one in part.figures]
        lines += [_small(note) for note in part.notes]
        told = "".join(_p(line) for line in lines)
        parts += f"{_p(f'<b>{_e(part.title)}</b> {_small(part.aside)}')}{told}" if told else ""
    return f"{_heading(section.title)}{parts}"


def write_text(document: Document) -> str:
    """The same in short as plain text, for whoever reads mail so."""
    lines = [f"{document.title}, {document.period}", document.origin, *document.notices]
    if document.link:
        lines += ["", f"The live view: {document.link}"]
    for section in document.sections:
        if isinstance(section, ScorecardSection):
            lines += ["", f"{section.tally} · {section.counted}"]
            lines += [f"- {one.finding}, {one.details}" for one in section.stories] or [QUIET]
            lines += ["", *(_goal_text(goal) for goal in section.goals)]
            for team, figures in section.teams:
                lines += ["", team, *(_figure_text(figure) for figure in figures)]
    return "\n".join(lines) + "\n"


def _goal_text(goal: GoalWords) -> str:
    return f"- {goal.label}: {goal.value} {goal.aim} · {goal.line.text}"


def _figure_text(figure: FigureWords) -> str:
    parts = (f"{figure.label}: {figure.value}", figure.change.text, figure.goal, figure.state.text)
    return "- " + " · ".join(part for part in (*parts, *figure.beside) if part)


def _e(text: str) -> str:
    return html.escape(text)


def _p(inner: str, *, color: str = _INK, size: int = 14) -> str:
    return f'<p style="margin:4px 0;color:{color};font-size:{size}px">{inner}</p>'


def _judged(words: Words) -> str:
    return f'<span style="color:{_HUES[words.judgement]}">{_e(words.text)}</span>'


def _small(text: str) -> str:
    return f'<span style="color:{_INK2};font-size:13px">{_e(text)}</span>'


def _heading(text: str) -> str:
    return f'<h2 style="font-size:17px;margin:24px 0 6px">{_e(text)}</h2>'


def _link(document: Document) -> str:
    if document.link is None:
        return ""
    target = f'<a href="{_e(document.link)}" style="color:{LIGHT["good"]}">Open the live view</a>'
    return _p(target)


def _table(rows: str) -> str:
    """A table of these rows; nothing without any."""
    if not rows:
        return ""
    return (
        '<table role="presentation" cellpadding="0" cellspacing="0" width="100%" '
        f'style="border-collapse:collapse;width:100%">{rows}</table>'
    )


def _scorecard(section: ScorecardSection) -> str:
    told = _table("".join(_story(one) for one in section.stories)) or _p(QUIET)
    goals = _table("".join(_goal(goal) for goal in section.goals))
    teams = "".join(
        f"{_heading(team)}{_table(''.join(_figure(figure) for figure in figures))}"
        for team, figures in section.teams
    )
    counted = _p(_e(f"{section.tally} · {section.counted}"), color=_INK2)
    return f"{_heading('Needs the room')}{counted}{told}{_heading('Goals')}{goals}{teams}"


def _story(one: StoryWords) -> str:
    side = LIGHT["track"] if one.tone is Judgement.NONE else _HUES[one.tone]
    more = " ".join(f"{part}." for part in (one.details, one.cause) if part)
    said = "" if one.said is None else f"<br>{_small(f'“{one.said[0]}” {one.said[1]}')}"
    return (
        f'<tr data-kpi="{_e(one.metric)}"><td style="padding:6px 0 6px 12px;'
        f'border-left:4px solid {side}"><b>{_e(one.finding)}</b><br>{_e(more)} '
        f'{_small(one.owner)}{said}</td></tr><tr><td style="height:6px"></td></tr>'
    )


def _goal(goal: GoalWords) -> str:
    marks = f" {_small(' · '.join(goal.marks))}" if goal.marks else ""
    return (
        f'<tr data-kpi="{_e(goal.metric)}"><td style="{_CELL}"><b>{_e(goal.label)}</b></td>'
        f'<td style="{_CELL};white-space:nowrap"><b style="font-size:18px">{_e(goal.value)}</b> '
        f'{_small(goal.aim)}</td><td style="{_CELL}">{_judged(goal.line)}{marks}</td></tr>'
    )


def _figure(figure: FigureWords) -> str:
    beside = f"<br>{_small(' · '.join(figure.beside))}" if figure.beside else ""
    return (
        f'<tr data-kpi="{_e(figure.metric)}"><td style="{_CELL};width:38%">'
        f"<b>{_e(figure.label)}</b>{beside}</td>"
        f'<td style="{_CELL};text-align:right;white-space:nowrap"><b style="font-size:18px">'
        f'{_e(figure.value)}</b></td><td style="{_CELL}">{_judged(figure.change)}</td>'
        f'<td style="{_CELL}">{_small(figure.goal)} {_judged(figure.state)}</td></tr>'
    )


def _kpi(section: KpiSection) -> str:
    """A KPI in a few lines; its charts are in the PDF."""
    lines = "".join(_p(f"{_e(text)} {_judged(state)}".strip()) for text, state in section.lines)
    said = "".join(_p(_e(f"“{comment}”"), color=_INK2) for comment in section.comments)
    return (
        f"{_heading(section.title)}"
        f'<p style="margin:0;font-size:30px"><b>{_e(section.value)}</b></p>'
        f"{_p(_e(section.qualifier), color=_INK2) if section.qualifier else ''}{lines}"
        f"{_p(_e(section.cause))}{said}"
    )
