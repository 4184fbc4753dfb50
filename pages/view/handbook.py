"""The handbook as HTML, and the links that lead to it. Everything is escaped here."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from metrics.handbook import Entry, by_team
from metrics.handbook_rules import Rule
from pages.view.request import Request
from pages.view.state import to_query

PATH = "handbook"
# Brings the KPI of a link under the eye once it is drawn. A constant: nothing from data gets in.
SCROLL_TO_CHOSEN = """<script>
document.querySelector(".kpi-chosen")?.scrollIntoView({ block: "start" });
</script>"""


def handbook_link(request: Request) -> Callable[[str], str]:
    """A function from a KPI's id to the address of its entry, which keeps the view."""
    view = replace(request.view, by=None, lead=None, find=None)

    def link(metric_id: str) -> str:
        query = to_query(replace(view, metric=metric_id), request.bounds)
        return f"{PATH}?{urlencode(query, doseq=True)}"

    return link


@dataclass(frozen=True)
class Book:
    """What the page shows: the entries and rules found, and what a company has to say of them.

    ``not_fed`` says by id why a KPI has no data, and is None while nobody can tell; ``chosen`` is
    the id that a link opened at.
    """

    entries: Sequence[Entry]
    rules: Sequence[Rule]
    not_fed: Mapping[str, str] | None
    decided: Mapping[str, str]
    chosen: str | None


def _e(text: object) -> str:
    return html.escape(str(text))


def handbook_html(book: Book) -> str:
    """Index to the left, entries by team, the rules at the end; or that nothing was found."""
    if not book.entries and not book.rules:
        return '<p class="book-none">No KPI and no rule has these words.</p>'
    groups = by_team(book.entries)
    teams = "".join(
        f'<section><h2 class="book-team">{_e(title)}</h2>'
        f"{''.join(_entry(entry, book) for entry in entries)}</section>"
        for title, entries in groups.items()
    )
    return f'<div class="book">{_index(groups, book)}<div>{teams}{_rules(book)}</div></div>'


def _index(groups: Mapping[str, Sequence[Entry]], book: Book) -> str:
    named = {
        title: [(entry.id, entry.label) for entry in entries] for title, entries in groups.items()
    }
    if book.rules:
        named["Rules for every KPI"] = [(f"rule-{rule.id}", rule.title) for rule in book.rules]
    lists = "".join(
        f"<h2>{_e(title)}</h2><ul>"
        + "".join(f'<li><a href="#{_e(anchor)}">{_e(label)}</a></li>' for anchor, label in links)
        + "</ul>"
        for title, links in named.items()
    )
    # Beside the entries, or, on a phone, folded above them: the style sheet shows one of the two.
    return (
        f'<nav class="book-index" aria-label="KPIs and rules">{lists}</nav>'
        f'<details class="book-index book-folded"><summary>All KPIs and rules</summary>{lists}'
        "</details>"
    )


def _entry(entry: Entry, book: Book) -> str:
    chosen = " kpi-chosen" if entry.id == book.chosen else ""
    facts = "".join(f"<dt>{_e(name)}</dt><dd>{_e(words)}</dd>" for name, words in entry.facts)
    return (
        f'<article class="kpi{chosen}" id="{_e(entry.id)}"><div>'
        f"<h3>{_e(entry.label)} <code>{_e(entry.id)}</code></h3>"
        f'<p>{_e(entry.definition)}</p><p class="kpi-formula">{_e(entry.formula)}</p>'
        f"{_readiness(entry.id, book.not_fed)}</div><dl>{facts}</dl></article>"
    )


def _readiness(metric_id: str, not_fed: Mapping[str, str] | None) -> str:
    if not_fed is None:
        return ""
    if metric_id not in not_fed:
        return '<p class="kpi-fed">✓ Your data can feed it.</p>'
    return f'<p class="kpi-fed"><b>○ No data:</b> {_e(not_fed[metric_id])}.</p>'


def _rules(book: Book) -> str:
    if not book.rules:
        return ""
    shown = "".join(_rule(rule, book.decided.get(rule.id)) for rule in book.rules)
    return f'<section><h2 class="book-team">Rules for every KPI</h2>{shown}</section>'


def _rule(rule: Rule, decided: str | None) -> str:
    sentences = "".join(f"<p>{_e(sentence)}</p>" for sentence in rule.sentences)
    here = f"<p><b>{_e(decided)}</b></p>" if decided else ""
    return (
        f'<article class="kpi rule" id="rule-{_e(rule.id)}"><h3>{_e(rule.title)}</h3>'
        f"<div>{sentences}{here}</div></article>"
    )
