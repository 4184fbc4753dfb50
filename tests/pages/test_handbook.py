"""The handbook's HTML and links: everything is escaped, the chosen KPI stands out."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from data.config import Config
from metrics.calendar import Cadence
from metrics.catalog import CATALOG
from metrics.handbook import all_entries
from metrics.handbook_rules import RULES
from metrics.report.format import Formats
from pages.view.cards import column_html
from pages.view.handbook import Book, handbook_html, handbook_link
from pages.view.state import ViewState, default_view, parse
from tests.pages import fixtures
from tests.pages.test_state import BOUNDS

ENTRIES = all_entries(Config())
BOOK = Book(ENTRIES, RULES, {}, {}, None)
BAD = "<img src=x onerror=alert(1)>\"'&"


def link_of(view: ViewState):
    request: Any = SimpleNamespace(view=view, bounds=BOUNDS)
    return handbook_link(request)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]


def test_every_kpi_and_rule_has_an_anchor_that_the_index_leads_to() -> None:
    html = handbook_html(BOOK)
    anchors = re.findall(r'<article class="[^"]*" id="([^"]+)"', html)
    assert anchors == [e.id for e in ENTRIES] + [f"rule-{rule.id}" for rule in RULES]
    assert set(re.findall(r'href="#([^"]+)"', html)) == set(anchors)
    assert "kpi-chosen" not in html


def test_only_the_kpi_of_the_link_is_highlighted() -> None:
    html = handbook_html(replace(BOOK, chosen="mqls"))
    assert re.findall(r'class="kpi kpi-chosen" id="(\w+)"', html) == ["mqls"]


def test_what_the_data_cannot_feed_is_told_only_where_it_is_known() -> None:
    html = handbook_html(replace(BOOK, not_fed={"spend": "the table <spend> is empty"}))
    assert html.count("Your data can feed it") == len(ENTRIES) - 1
    assert "the table &lt;spend&gt; is empty." in html
    assert "kpi-fed" not in handbook_html(replace(BOOK, not_fed=None))


def test_text_that_holds_markup_stays_text() -> None:
    bad = [replace(e, label=BAD, definition=BAD, facts=((BAD, BAD),)) for e in ENTRIES[:2]]
    decided = dict.fromkeys((rule.id for rule in RULES), BAD)
    reader = _Reader()
    reader.feed(handbook_html(Book(bad, RULES, {bad[0].id: BAD}, decided, None)))
    assert "img" not in reader.tags


def test_nothing_found_says_so() -> None:
    assert "No KPI" in handbook_html(replace(BOOK, entries=(), rules=()))


def test_a_link_keeps_the_view_and_names_the_kpi() -> None:
    calendar = BOUNDS.calendar
    view = replace(
        default_view(BOUNDS),
        cadence=Cadence.QUARTERLY,
        period=calendar.parse_period("2026-Q3"),
        filters=(("region", ("EMEA", None)),),
        lead="L1",
        find="words",
    )
    link = link_of(view)("win_rate")
    assert link.startswith("handbook?")
    read, notices = parse(parse_qs(urlsplit(link).query), BOUNDS)
    assert notices == ()
    assert read == replace(view, metric="win_rate", lead=None, find=None)


def test_every_tile_s_card_leads_to_its_entry() -> None:
    link = link_of(default_view(BOUNDS))
    html = column_html("Sales", fixtures.sales(), Formats("en_US", "EUR"), link)
    linked = re.findall(r'href="handbook\?metric=(\w+)"', html)
    assert linked == [tile.metric.id for tile in fixtures.sales()]
    assert set(linked) <= set(CATALOG)
