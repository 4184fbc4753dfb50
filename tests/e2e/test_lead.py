"""The lead page in a real browser: found by a search, told in full, merged leads lead on."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import create_engine, text

from tests.e2e.conftest import Account, Settings
from tests.e2e.scorecard_visit import READ_TEXT, scroll_excess
from tests.e2e.server import AppServer
from tests.e2e.visit import known, settled

BUSIEST = "SELECT lead_id FROM touches GROUP BY lead_id ORDER BY COUNT(*) DESC, lead_id LIMIT 1"
MERGED = "SELECT lead_id, merged_into FROM leads WHERE merged_into IS NOT NULL ORDER BY 1 LIMIT 1"


def first(settings: Settings, query: str) -> list[str]:
    engine = create_engine(settings["WAREHOUSE_URL"], connect_args={"read_only": True})
    try:
        with engine.connect() as connection:
            return list(connection.execute(text(query)).one())
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def signed_in(
    browser: Browser, demo_app: AppServer, accounts: dict[str, Account]
) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, timezone_id="Asia/Tokyo")
    context.set_default_timeout(30_000)
    known(context, accounts["viewer"])
    yield context
    context.close()


def open_lead(page: Page, demo_app: AppServer, query: str) -> None:
    page.goto(f"{demo_app.url}/lead{query}")
    page.locator(".lead-head, .strip").first.wait_for()
    settled(page)


def test_a_lead_is_found_and_told_in_full(
    signed_in: BrowserContext, demo_app: AppServer, demo_settings: Settings
) -> None:
    (lead_id,) = first(demo_settings, BUSIEST)
    page = signed_in.new_page()
    page.goto(f"{demo_app.url}/lead")
    search = page.get_by_role("textbox", name="Find a lead")
    search.fill(lead_id.lower())
    search.press("Enter")
    page.get_by_role("button", name=re.compile(lead_id)).click()
    page.wait_for_url(f"**/lead?lead={lead_id}")
    expect(page.locator(".lead-head")).to_contain_text(lead_id)
    expect(page.locator(".facts")).to_have_count(3)
    expect(page.locator("svg.marks")).to_be_visible()
    for lane in ("Marketing", "Stages", "Sales"):
        expect(page.locator("svg.marks")).to_contain_text(lane)
    settled(page)
    days = page.locator(".day:not(.day-head)")
    assert 0 < days.count() <= 30
    if (following := page.get_by_role("button", name="Next")).count():
        newest = days.first.inner_text()
        following.click()
        expect(days.first).not_to_have_text(newest)
    page.close()


@pytest.mark.parametrize("width", [1366, 390])
@pytest.mark.long
def test_nothing_scrolls_sideways_and_projected_text_is_large(
    signed_in: BrowserContext, demo_app: AppServer, demo_settings: Settings, width: int
) -> None:
    (lead_id,) = first(demo_settings, BUSIEST)
    page = signed_in.new_page()
    page.set_viewport_size({"width": width, "height": 844})
    open_lead(page, demo_app, f"?lead={lead_id}")
    assert scroll_excess(page)[0] <= 0
    page.set_viewport_size({"width": 1920, "height": 1080})
    open_lead(page, demo_app, f"?lead={lead_id}&present=1")
    assert [found for found in page.evaluate(READ_TEXT) if found[1] < 18] == []
    page.close()


@pytest.mark.long
def test_a_merged_lead_says_so_and_leads_to_the_one_that_survived(
    signed_in: BrowserContext, demo_app: AppServer, demo_settings: Settings
) -> None:
    merged, surviving = first(demo_settings, MERGED)
    page = signed_in.new_page()
    open_lead(page, demo_app, f"?lead={merged}")
    expect(page.locator(".strip").first).to_contain_text(f"merged into {surviving}")
    page.get_by_role("button", name=f"Open the surviving lead {surviving}").click()
    page.wait_for_url(f"**/lead?lead={surviving}")
    expect(page.locator(".lead-head", has_text=surviving)).to_be_visible()
    page.go_back()
    expect(page.locator(".lead-head", has_text=merged)).to_be_visible()
    page.close()


def test_an_unknown_lead_is_said_in_words(signed_in: BrowserContext, demo_app: AppServer) -> None:
    page = signed_in.new_page()
    open_lead(page, demo_app, "?lead=%3Cb%3Enobody%3C/b%3E")
    expect(page.locator(".strip")).to_contain_text("There is no lead “<b>nobody</b>”")
    expect(page.get_by_role("textbox", name="Find a lead")).to_be_visible()
    page.close()
