"""Names in the data that hold HTML, scripts and formulas: shown as they are, run by nobody."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from playwright.sync_api import Browser, Dialog, expect

from data.warehouse import Warehouse, open_warehouse
from metrics.calendar import Calendar
from metrics.query import MetricQuery
from metrics.records import RecordList, lists_of
from metrics.report.csv_export import csv_chunks
from tests.attack.company import ANYWHERE, HOSTILE, PERSON
from tests.attack.conftest import ADMIN, VIEWER, VIEWS, Open, no_failure
from tests.e2e.conftest import Settings
from tests.e2e.server import AppServer
from tests.e2e.visit import settled
from tests.metrics.asking import YEAR

# No text of ours is an attribute that runs something, or one of these elements.
RUNNING = {"script", "iframe", "object", "embed", "form", "base", "meta", "link", "img", "svg"}


class _Marked(HTMLParser):
    """What in a piece of HTML would run: elements and attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in RUNNING:
            self.found.append(tag)
        for name, value in attrs:
            leads = name in ("href", "src", "action") and "javascript:" in (value or "").lower()
            if name.startswith("on") or leads:
                self.found.append(f"{tag} {name}={value}")


def test_the_check_finds_what_would_run():
    assert _Marked(f"<p>{HOSTILE[0]}</p>").found == ["img", "img onerror=alert(1)"]
    assert _Marked(f'<p title="{HOSTILE[3]}">').found == ["svg", "svg onload=alert(1)"]
    assert _Marked('<a href="JavaScript:alert(1)">x</a>').found


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: "?".join(view))
def test_no_name_becomes_markup(seen: Open, view: tuple[str, str]):
    answer = seen(ADMIN, *view)
    assert no_failure(answer)
    assert [found for html in answer.markup for found in _Marked(html).found] == []


def test_names_do_stand_on_the_pages(seen: Open):
    assert any(ANYWHERE in html for html in seen(ADMIN, "lead", "lead=EMEA-L2").markup)
    assert any(ANYWHERE in html for html in seen(ADMIN, "sla", "cadence=yearly").markup)


def test_names_of_people_reach_only_who_may_read_them(seen: Open):
    """Left out of the queries, not hidden: nothing that is sent to a viewer has them."""
    assert any(seen(ADMIN, *view).holds(PERSON) for view in VIEWS[-6:])
    assert not any(seen(VIEWER, *view).holds(PERSON) for view in VIEWS)


@pytest.mark.parametrize(
    "mark", [HOSTILE[0], pytest.param(HOSTILE[3], marks=pytest.mark.long)], ids=["img", "svg"]
)
def test_nothing_runs_in_a_browser(
    browser: Browser, attacked: AppServer, token_of: Callable[[str], str], mark: str
):
    context = browser.new_context()
    context.add_cookies([{"name": "scorecard", "value": token_of(ADMIN), "url": attacked.url}])
    page = context.new_page()
    ran: list[str] = []

    def note(dialog: Dialog) -> None:
        ran.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    page.goto(f"{attacked.url}/lead?lead=AMER-L{HOSTILE.index(mark)}")
    expect(page.locator(".lead-head")).to_contain_text(mark)
    settled(page)
    assert page.evaluate("window.hacked") is None
    assert ran == []
    context.close()


# -- files ----------------------------------------------------------------------------------------


@pytest.fixture
def warehouse(attack_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    for name in ("WAREHOUSE_URL", "SCORECARD_CONFIG"):
        monkeypatch.setenv(name, attack_settings[name])
    return open_warehouse()


def test_no_file_holds_a_formula(warehouse: Warehouse):
    calendar, as_of = Calendar(warehouse.config), warehouse.default_as_of
    texts: set[str] = set()
    for metric in ("leads", "mqls", "bookings", "lead_rejection_rate", "sla_response"):
        for wanted in lists_of(MetricQuery((metric,), (YEAR,), as_of), warehouse):
            records = RecordList(warehouse, wanted, shows_people=True)
            file = b"".join(csv_chunks(records.columns, records.stream(), calendar)).decode()
            rows = list(csv.reader(io.StringIO(file, newline="")))
            texts |= {cell for row in rows for cell in row}
    hostile = {text for text in texts if ANYWHERE in text}
    assert {text.lstrip("'")[0] for text in hostile} >= set("=+@-<[:")
    assert not [text for text in hostile if text[0] in "=+-@\t\r"]
