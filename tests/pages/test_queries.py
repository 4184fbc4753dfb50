"""How many statements a page runs on a cold cache, as docs/design.md states it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from sqlalchemy import event

from data.state import open_state
from data.warehouse import Warehouse
from metrics.cache import RESULTS
from metrics.report import drawn, sparkline
from pages.view import links
from pages.view.auth import Viewer
from pages.view.frame import SECTIONS
from pages.view.request import read_request, set_current
from pages.view.state import BAR_FILTERS
from tests.metrics.test_scorecard import CONFIG, filled

__all__ = ["filled"]  # the fixture
DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "design.md"
ROW = re.compile(r"^\| (\w[\w ,]*) \| (\d+) \|", re.MULTILINE)
STATED = {name: int(most) for name, most in ROW.findall(DOCUMENT.read_text(encoding="utf-8"))}
# The page, and what of it is looked at.
PAGES: dict[str, tuple[str, dict[str, str]]] = {
    "Scorecard": ("scorecard", {}),
    "Funnel": ("funnel", {}),
    "Lead": ("lead", {"lead": "l50-1"}),
    "Handbook": ("handbook", {}),
    "Review": ("review", {}),
    "KPI": ("kpi", {"metric": "win_rate"}),
    "KPI of a cohort": ("kpi", {"metric": "mql_to_sql"}),
    "KPI made of others": ("kpi", {"metric": "sales_velocity"}),
}
VIEWER = Viewer("vera", "Vera Viewer", "viewer")


@pytest.fixture
def asked(filled, company, monkeypatch) -> list[str]:
    """The statements that reach the warehouse from here on."""
    company(filled, CONFIG)
    statements: list[str] = []
    for name in ("rows", "stream"):
        run = getattr(Warehouse, name)

        def counted(self: Warehouse, statement: Any, *rest: Any, _run=run) -> Any:
            statements.append(str(statement))
            return _run(self, statement, *rest)

        monkeypatch.setattr(Warehouse, name, counted)
    RESULTS.clear()
    return statements


def open_page(query: dict[str, str]) -> None:
    """What every page asks first: the state of the warehouse and the members of the filters."""
    request = read_request(VIEWER, {name: [value] for name, value in query.items()})
    for name in BAR_FILTERS:  # the review bar offers them
        assert name in request.bounds.members
    set_current(request)
    links.set_pages({s.path: st.Page(s.show, title=s.title, url_path=s.path) for s in SECTIONS})


def show(path: str) -> None:
    """Draw a page once, outside a server; what it would draw goes nowhere."""
    next(section.show for section in SECTIONS if section.path == path)()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_no_more_statements_than_the_document_says(page: str, asked: list[str]):
    path, query = PAGES[page]
    open_page(query)
    assert len(asked) <= STATED["Every page, first of all"]
    asked.clear()
    show(path)
    assert len(asked) <= STATED[page]
    asked.clear()
    open_page(query)
    show(path)
    assert asked == []


def test_a_warm_scorecard_asks_the_state_database_no_more_than_the_document_says(filled, company):
    company(filled, CONFIG)
    open_page({})
    show("scorecard")
    statements: list[str] = []

    def note(*told: Any) -> None:
        if told[2] != "BEGIN":
            statements.append(told[2])

    engine = open_state().engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        open_page({})
        show("scorecard")
    finally:
        event.remove(engine, "before_cursor_execute", note)
    stated = re.search(r"asked at most (\d+) times", DOCUMENT.read_text(encoding="utf-8"))
    assert stated
    assert 0 < len(statements) <= int(stated[1]), statements


def test_a_column_is_drawn_once_for_all_who_look_at_it(filled, company, monkeypatch):
    company(filled, CONFIG)
    drawn.forget()
    columns: list[int] = []
    draw = sparkline.sparkline_data

    def counted(tiles: Any, formats: Any) -> Any:
        columns.append(len(tiles))
        return draw(tiles, formats)

    monkeypatch.setattr(sparkline, "sparkline_data", counted)
    for _ in range(3):
        open_page({})
        show("scorecard")
    assert len(columns) == 3, "three columns, each once"
    open_page({"cadence": "monthly"})
    show("scorecard")
    assert len(columns) == 6, "another view has others"
