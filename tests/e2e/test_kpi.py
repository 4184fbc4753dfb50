"""From a tile to its KPI's page and back, without a reload and with the same view."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import Account
from tests.e2e.scorecard_visit import await_scorecard, open_scorecard, scroll_excess
from tests.e2e.server import AppServer
from tests.e2e.visit import known, settled
from tests.metrics.report.taken_away import slide_text, slides_of


@pytest.fixture(scope="module")
def signed_in(
    browser: Browser, demo_app: AppServer, accounts: dict[str, Account]
) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, timezone_id="UTC")
    context.set_default_timeout(30_000)
    known(context, accounts["viewer"])
    yield context
    context.close()


@pytest.fixture
def visitor(signed_in: BrowserContext) -> Iterator[Page]:
    page = signed_in.new_page()
    yield page
    page.close()


def open_tile(page: Page, kpi: str) -> str:
    """Click the link that covers a tile; the value that the tile showed."""
    shown = page.locator(f'.tile[data-kpi="{kpi}"] .tile-value b').inner_text()
    page.locator(f'[class*="st-key-links-"] a[href$="metric={kpi}"]').click()
    expect(page.locator(f'.kpi-head[data-kpi="{kpi}"]')).to_be_visible()
    settled(page)
    return shown


def test_a_tile_opens_its_kpi_with_the_same_view_and_back_returns(
    visitor: Page, demo_app: AppServer
) -> None:
    open_scorecard(visitor, f"{demo_app.url}/scorecard?cadence=monthly&region=EMEA")
    visitor.evaluate("window.notReloaded = true")
    for kpi in ("mqls", "mql_to_sal", "win_rate"):
        value = open_tile(visitor, kpi)
        assert visitor.url == f"{demo_app.url}/kpi?cadence=monthly&region=EMEA&metric={kpi}"
        expect(visitor.locator(".kpi-figure")).to_have_text(value)
        expect(visitor.locator(".to-date b").first).to_have_text(value)
        expect(visitor.locator(".segments .total .bar-cell")).to_have_text(value)
        expect(visitor.locator("svg.marks").first).to_be_visible()
        visitor.go_back()
        await_scorecard(visitor)
        assert visitor.url == f"{demo_app.url}/scorecard?cadence=monthly&region=EMEA"
    assert visitor.evaluate("window.notReloaded") is True


def test_a_goal_opens_its_kpi_whose_quarter_to_date_is_the_goal_s(
    visitor: Page, demo_app: AppServer
) -> None:
    open_scorecard(visitor, demo_app.url)
    goal = visitor.locator('.goal[data-kpi="bookings"]')
    shown = goal.locator(".goal-figure b").inner_text()
    visitor.locator('.st-key-links-goals a[href$="metric=bookings"]').click()
    expect(visitor.locator('.kpi-head[data-kpi="bookings"]')).to_be_visible()
    quarter = visitor.locator(".to-date div", has_text="Quarter to date").locator("b")
    expect(quarter).to_have_text(shown)


def test_every_tile_is_covered_by_its_link(visitor: Page, demo_app: AppServer) -> None:
    open_scorecard(visitor, demo_app.url)
    for width, height in ((1366, 768), (390, 844)):
        visitor.set_viewport_size({"width": width, "height": height})
        for tiles, links in (
            (".tile", '[class*="st-key-links-"]:not(.st-key-links-goals) a'),
            (".goal", ".st-key-links-goals a"),
        ):
            # Both at one moment: a font that arrives in between moves them.
            boxes = visitor.evaluate(
                "parts => parts.map(part => [...document.querySelectorAll(part)].map(e => {"
                " const b = e.getBoundingClientRect();"
                " return [b.x, b.y, b.width, b.height].map(Math.round); }))",
                [tiles, links],
            )
            assert len(boxes[0]) >= 5
            for tile, link in zip(*boxes, strict=True):
                assert max(abs(a - b) for a, b in zip(tile, link, strict=True)) <= 2


@pytest.mark.long
def test_the_page_splits_by_another_dimension_and_shows_its_sql(
    visitor: Page, demo_app: AppServer
) -> None:
    visitor.goto(f"{demo_app.url}/kpi?metric=leads")
    expect(visitor.locator(".segments thead th").first).to_have_text("Channel")
    settled(visitor)
    visitor.get_by_role("combobox", name="Split by").click()
    visitor.get_by_role("option", name="By region").click()
    visitor.wait_for_url("**/kpi?metric=leads&by=region")
    expect(visitor.locator(".segments thead th").first).to_have_text("Region")
    visitor.get_by_text("The SQL behind the number").click()
    expect(visitor.locator(".st-key-kpi-sql code").first).to_contain_text("SELECT")


@pytest.mark.long
def test_without_a_kpi_the_page_offers_all_of_them(visitor: Page, demo_app: AppServer) -> None:
    visitor.goto(f"{demo_app.url}/kpi?region=EMEA")
    visitor.wait_for_selector(".kpi-choice")
    settled(visitor)
    visitor.get_by_role("button", name="Lead rejection rate").click()
    visitor.wait_for_url("**/kpi?region=EMEA&metric=lead_rejection_rate")
    expect(visitor.locator(".kpi-head")).to_be_visible()


@pytest.mark.long
def test_a_phone_scrolls_down_only_and_the_room_not_at_all(
    visitor: Page, demo_app: AppServer
) -> None:
    for size, query in (((390, 844), ""), ((1920, 1080), "&present=1")):
        visitor.set_viewport_size({"width": size[0], "height": size[1]})
        visitor.goto(f"{demo_app.url}/kpi?metric=sla_response{query}")
        expect(visitor.locator("svg.marks")).to_have_count(2)
        wide, high = scroll_excess(visitor)
        assert wide == 0
        assert not query or high == 0


def test_a_kpi_is_taken_away_as_slides_and_as_a_picture(visitor: Page, demo_app: AppServer) -> None:
    visitor.goto(f"{demo_app.url}/kpi?cadence=monthly&region=EMEA&metric=mqls")
    expect(visitor.locator(".kpi-figure")).to_be_visible()
    settled(visitor)
    shown = visitor.locator(".kpi-figure").inner_text()
    visitor.set_viewport_size({"width": 390, "height": 844})
    visitor.locator(".st-key-take-away button").first.click()
    body = visitor.locator(".st-key-take-away-body")
    files = {}
    for name in ("PowerPoint", "Chart as picture"):
        button = body.get_by_role("button", name=name)
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        with visitor.expect_download() as found:
            button.click()
        files[found.value.suggested_filename.partition(".")[2]] = found.value.path().read_bytes()
    first = slides_of(files["pptx"])[0]
    assert shown in slide_text(first)
    assert "region EMEA" in slide_text(first)
    assert files["png"].startswith(b"\x89PNG")
