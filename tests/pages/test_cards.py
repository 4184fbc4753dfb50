"""The scorecard's HTML: everything from data is escaped; the goal bar tells the truth."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from data.errors import WarehouseError
from metrics.report.format import Formats
from metrics.scorecard import TargetState
from pages.view.cards import bar_stretches, column_html, goals_html
from pages.view.failure import failure_html
from tests.pages import fixtures

FORMATS = Formats("en_US", "EUR")
OWN_TAGS = {"div", "section", "article", "details", "summary", "h2", "h3", "p", "b", "i", "span",
            "dl", "dt", "dd", "code"}  # fmt: skip


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    assert reader.open == []
    return reader


def test_names_that_hold_markup_stay_text() -> None:
    card = fixtures.hostile(fixtures.scorecard())
    for team, tiles in card.columns.items():
        html = column_html(team, tiles, FORMATS)
        assert set(read(html).tags) <= OWN_TAGS
        assert "&lt;img src=x" in html
    assert set(read(goals_html(card.columns["sales"], FORMATS)).tags) <= OWN_TAGS


def test_every_tile_holds_its_definition() -> None:
    html = column_html("Sales", fixtures.sales(), FORMATS)
    assert html.count("<details") == html.count('<article class="tile"') == 5
    assert "5 ÷ 19" in html
    assert "Missing values" in html


@pytest.mark.parametrize(
    ("value", "target", "tick", "stretch"),
    [
        (50, TargetState(100, 0, False, False, True, 60), 60, {"short": 10}),
        (70, TargetState(100, 0, True, False, True, 60), 60, {"ahead": 10}),
        (80, TargetState(100, 0, False, False), 80, {"short": 16}),
        (100, TargetState(100, 0, True, False), 80, {}),
        (50, TargetState(100, 0, True, True), 80, {}),
        (125, TargetState(100, 0, False, True), 80, {"short": 20}),
        (-10, TargetState(100, 0, False, False), 80, {"short": 80}),
        (10, TargetState(0, 10, True, False), 0, {"ahead": 100}),
        (0, TargetState(0, 0, True, False), 0, {}),
    ],
)
def test_only_the_stretch_between_value_and_tick_has_colour(
    value: float, target: TargetState, tick: float, stretch: dict[str, float]
) -> None:
    at = bar_stretches(value, target)
    assert at["tick"] == tick
    assert {k: at[k] for k in ("short", "ahead") if at[k]} == stretch
    assert at["from"] + at["short"] + at["ahead"] <= 100


def test_an_expected_error_is_told_with_its_remedy_and_escaped() -> None:
    html = failure_html(WarehouseError("No <b>table</b>.", remedy="Load it."), "id1")
    assert "No &lt;b&gt;table" in html
    assert "Load it." in html


def test_an_unexpected_error_gives_only_its_id() -> None:
    html = failure_html(ValueError("secret 42"), "1f2e")
    assert "secret" not in html
    assert "1f2e" in html
