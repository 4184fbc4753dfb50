"""The admin page's HTML: headings, words and quiet tables, all of it escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from datetime import datetime

from babel.dates import format_datetime

from pages.view.request import Request

NOTHING = "–"


def e(text: object) -> str:
    return html.escape(str(text))


def heading(title: str, words: str = "") -> str:
    """The heading of a part, and beside it a few words."""
    return f'<div class="adm-head"><h2>{e(title)}</h2><span>{e(words)}</span></div>'


def words(text: str) -> str:
    return f'<p class="adm-words">{e(text)}</p>'


def moment(at: datetime | None, request: Request) -> str:
    """A naive UTC moment in company time, "16 Nov 2026, 06:00"; – for None."""
    if at is None:
        return NOTHING
    local = request.bounds.calendar.local(at)
    locale = request.config.company.locale
    return format_datetime(local, "d MMM yyyy, HH:mm", tzinfo=local.tzinfo, locale=locale)


def table(name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells that are HTML already; on a phone each row becomes a block of named lines.

    ``name`` is what the style sheet knows it by; a column named in it by ``#`` is of numbers.
    """
    labels = [column.lstrip("#") for column in columns]
    numeric = ["num" if column.startswith("#") else "" for column in columns]
    head = "".join(
        f'<th scope="col" class="{n}">{e(label)}</th>'
        for label, n in zip(labels, numeric, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="{_classes(n, cell)}" data-label="{e(label)}">{cell}</td>'
            for label, n, cell in zip(labels, numeric, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<table class="adm-table" data-part="{e(name)}">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _classes(numeric: str, cell: str) -> str:
    return f"{numeric} none".strip() if cell == NOTHING else numeric


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """A list of names and what they stand for, as plain text."""
    lines = "".join(f"<dt>{e(name)}</dt><dd>{e(text)}</dd>" for name, text in pairs)
    return f'<dl class="adm-facts">{lines}</dl>'
