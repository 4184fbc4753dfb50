"""Who signed what and from when, on the Handbook page. Everything from data is escaped here."""

from __future__ import annotations

from urllib.parse import urlencode

from metrics.agreements.standing import known_standings
from metrics.agreements.topics import TITLES, lines_of
from pages.view.agreements.topic_html import (
    list_html,
    signatures_html,
    signed_words,
    state_html,
)
from pages.view.memory.wording import Wording
from pages.view.memory.wording import escaped as _e
from pages.view.request import Request
from pages.view.state import to_query

PATH = "agreements"
WORDS = "agreed agreements definitions signed both teams mql rule sla response conversion windows"


def agreed_in_book(wanted: str, request: Request) -> str:
    """The section; nothing where it has none of the words looked for, or nothing is on record."""
    if not all(word in WORDS for word in wanted.casefold().split()):
        return ""
    wording, parts = Wording(request), []
    standings = [one for one in known_standings(request.config) if one.reference is not None]
    for standing in standings:
        held = standing.reference
        assert held is not None
        change = "<p><b>§ Unsigned change:</b> the numbers follow something else.</p>"
        parts.append(
            f'<article class="agreed" data-topic="{_e(standing.topic)}">'
            f"<div><h3>{_e(TITLES[standing.topic])}</h3>"
            f"{list_html(lines_of(standing.topic, held.content))}</div>"
            f"<div>{state_html(held, wording)}{signatures_html(held, wording)}"
            f"{change if standing.is_changed else ''}</div></article>"
        )
    if not parts:
        return ""
    address = f"{PATH}?{urlencode(to_query(request.view, request.bounds), doseq=True)}"
    return (
        '<section class="book-agreed">'
        f'<h2 class="book-team">Definitions, {signed_words(standings)}</h2>'
        f'<div class="book-topics">{"".join(parts)}</div>'
        f'<p><a href="{_e(address)}">All versions, proposals and targets</a></p>'
        "</section>"
    )
