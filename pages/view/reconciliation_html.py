"""The reconciliation page's words and tables as HTML. Everything from data is escaped here."""

from __future__ import annotations

from functools import partial
from html import escape

from metrics.reconcile import BY_ID, NOT_FOUND, Balance
from metrics.report.format import Formats
from metrics.report.gap_words import ONLY, WATERFALL, headline_words
from pages.view.html_table import html_table


def heading(title: str, aside: str = "") -> str:
    """A part's title with what it counts beside it."""
    return f'<div class="gap-head"><h2>{escape(title)}</h2><span>{escape(aside)}</span></div>'


def sentence(text: str) -> str:
    return f'<p class="gap-words">{escape(text)}</p>'


def note(text: str) -> str:
    return f'<p class="gap-note">{escape(text)}</p>'


def headline_html(stage: str, balance: Balance, formats: Formats) -> str:
    """Both counts, what they agree on, and how many records still have no reason."""
    told = "".join(
        f"<b>{escape(text)}</b>" if is_figure else escape(text)
        for text, is_figure in headline_words(stage, balance, formats)
    )
    return f'<p class="gap-headline">{told}</p>'


def waterfall_head_html(period: str) -> str:
    key = "".join(
        f'<span><i class="gap-key-{mark}"></i>{words}</span>'
        for mark, words in (
            ("counted", "counted"),
            ("marketing", "marketing only"),
            ("sales", "sales only"),
            ("open", "no reason found"),
        )
    )
    return (
        f'<div class="gap-head"><h2>{WATERFALL}</h2><span>{escape(period)}</span>'
        f'<span class="gap-key">{key}</span></div>'
    )


_table = partial(html_table, style="gap")


def reasons_html(balance: Balance, formats: Formats) -> str:
    """A row a reason and side: not found first, then the largest."""

    def name(reason: str) -> str:
        label = escape(BY_ID[reason].label)
        return f'<b class="bad">{label}</b>' if reason == NOT_FOUND else label

    return _table(
        ["Reason", "Only counted by", "Records", "What it means", "Who can mend it"],
        (
            [
                name(part.reason),
                ONLY[part.side],
                formats.plain(part.count),
                escape(BY_ID[part.reason].meaning),
                escape(BY_ID[part.reason].remedy),
            ]
            for part in balance.parts
        ),
        "reasons",
    )
