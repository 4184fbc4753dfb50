"""The Handbook page in a real browser: a link to a KPI, the search, the way from a tile."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from metrics.catalog import CATALOG
from tests.e2e.conftest import Account
from tests.e2e.scorecard_visit import READ_TEXT, open_scorecard, scroll_excess, sign_in
from tests.e2e.server import AppServer
from tests.e2e.visit import settled


@pytest.fixture(scope="module")
def handbook(browser: Browser, demo_app: AppServer, accounts: dict[str, Account]) -> Iterator[Page]:
    """A page of a visitor who opened a link to a KPI, signed out, and then signed in."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, timezone_id="UTC")
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.goto(f"{demo_app.url}/handbook?metric=win_rate")
    sign_in(page, accounts["viewer"])
    expect(page.locator(".book")).to_be_visible()
    yield page
    context.close()


def show(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(".book")).to_be_visible()
    settled(page)


def entries(page: Page) -> list[str]:
    return page.locator(".kpi:not(.rule)").evaluate_all("found => found.map(e => e.id)")


def test_a_link_opens_at_its_kpi_and_highlights_it(handbook: Page) -> None:
    chosen = handbook.locator(".kpi-chosen")
    expect(chosen).to_have_attribute("id", "win_rate")
    expect(chosen).to_be_in_viewport(ratio=1)
    assert sorted(entries(handbook)) == sorted(CATALOG)


@pytest.mark.long
def test_a_search_is_a_link_too(handbook: Page, demo_app: AppServer) -> None:
    show(handbook, f"{demo_app.url}/handbook?region=EMEA&metric=mqls")
    box = handbook.get_by_role("searchbox", name="Find a KPI or a rule")
    box.fill("mql sql")
    box.press("Enter")
    handbook.wait_for_url("**/handbook?region=EMEA&find=mql+sql")
    expect(handbook.locator(".kpi")).to_have_count(2)
    handbook.reload()
    expect(handbook.locator(".kpi")).to_have_count(2)
    expect(box).to_have_value("mql sql")
    assert entries(handbook) == ["mql_to_sql", "stage_days_mql_to_sql"]


def test_a_tile_s_card_leads_to_its_entry_and_keeps_the_view(
    handbook: Page, demo_app: AppServer
) -> None:
    open_scorecard(handbook, f"{demo_app.url}/?cadence=monthly&region=EMEA")
    tile = handbook.locator('.tile[data-kpi="mqls"]')
    tile.locator("summary").click()
    tile.get_by_role("link", name="In the handbook").click()
    expect(handbook.locator(".kpi-chosen")).to_have_attribute("id", "mqls")
    assert urlsplit(handbook.url).query == "cadence=monthly&region=EMEA&metric=mqls"


@pytest.mark.parametrize(
    ("width", "height", "query", "smallest"),
    [(1920, 1080, "?present=1", 18), (1366, 768, "", 12), (390, 844, "", 12)],
)
@pytest.mark.long
def test_it_reads_well_in_every_room(
    handbook: Page, demo_app: AppServer, width: int, height: int, query: str, smallest: float
) -> None:
    handbook.set_viewport_size({"width": width, "height": height})
    show(handbook, f"{demo_app.url}/handbook{query}")
    assert scroll_excess(handbook)[0] <= 0
    read = handbook.evaluate(READ_TEXT)
    # What Streamlit's icon font draws is no text.
    small = [line for line in read if line[1] < smallest and line[0] != "search"]
    assert small == []
    pages = handbook.locator(".st-key-masthead-pages a").all_inner_texts()  # a line to push aside
    assert {line[0] for line in read if line[4] > width + 1} <= set(pages)
    if width < 640:
        summary = handbook.locator(".book-folded summary")
        box = handbook.locator(".st-key-handbook-find input")
        frame = handbook.locator('.st-key-handbook-find [data-testid="stTextInputRootElement"]')
        for touched in (summary, box, frame):
            bounds = touched.bounding_box()
            assert bounds is not None
            assert bounds["height"] >= 44
