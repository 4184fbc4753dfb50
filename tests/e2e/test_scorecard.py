"""The scorecard's links in a real browser: sign-in, filters, reload, Back, presenting."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.e2e.conftest import Account, AppFactory, Settings
from tests.e2e.scorecard_visit import await_scorecard, figures, open_scorecard, sign_in
from tests.e2e.server import AppServer
from tests.e2e.visit import known

DEEP = "/?cadence=monthly&region=EMEA&compare=year"


@pytest.fixture(scope="module")
def signed_in(
    browser: Browser, demo_app: AppServer, accounts: dict[str, Account]
) -> Iterator[BrowserContext]:
    """A browser that has signed in once; every test opens its own page in it."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, timezone_id="UTC")
    context.set_default_timeout(30_000)
    known(context, accounts["viewer"])
    yield context
    context.close()


@pytest.fixture
def scorecard(signed_in: BrowserContext) -> Iterator[Page]:
    page = signed_in.new_page()
    yield page
    page.close()


def query(page: Page) -> str:
    return urlsplit(page.url).query


def bar_shows(page: Page, cadence: str, filters: str) -> None:
    expect(page.get_by_role("radio", name=cadence, exact=True)).to_be_checked()
    expect(page.locator(".st-key-bar-filters button").first).to_contain_text(filters)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        DEEP,
        *(
            pytest.param(p, marks=pytest.mark.long)
            for p in ("/scorecard", "/nowhere", "/?present=1")
        ),
    ],
)
def test_signed_out_every_path_shows_the_sign_in_form_alone(
    page: Page, demo_app: AppServer, path: str
) -> None:
    page.goto(demo_app.url + path)
    expect(page.get_by_label("User name")).to_be_visible()
    for part in (".tile", ".goal", ".st-key-bar", ".st-key-masthead", ".st-key-presenting"):
        expect(page.locator(part)).to_have_count(0)


@pytest.mark.parametrize("link", [DEEP, f"/scorecard{DEEP.lstrip('/')}"])
def test_a_deep_link_survives_the_sign_in(
    page: Page, demo_app: AppServer, accounts: dict[str, Account], link: str
) -> None:
    page.goto(demo_app.url + link)
    sign_in(page, accounts["viewer"])
    await_scorecard(page)
    assert page.url == demo_app.url + link
    bar_shows(page, "Month", "Region: EMEA")


def test_filters_make_a_link_that_reload_and_a_new_tab_reproduce(
    scorecard: Page, signed_in: BrowserContext, demo_app: AppServer
) -> None:
    open_scorecard(scorecard, demo_app.url)
    assert query(scorecard) == ""
    all_regions = figures(scorecard)
    scorecard.locator(".st-key-bar-filters button").first.click()
    scorecard.get_by_role("combobox", name="Region").click()
    scorecard.get_by_role("option", name="EMEA").click()
    scorecard.wait_for_url("**/?region=EMEA")
    await_scorecard(scorecard)
    filtered = figures(scorecard)
    assert filtered != all_regions
    scorecard.reload()
    await_scorecard(scorecard)
    assert figures(scorecard) == filtered
    other = signed_in.new_page()
    open_scorecard(other, scorecard.url)
    assert figures(other) == filtered
    other.close()


@pytest.mark.long
def test_back_and_forward_lead_through_the_views(scorecard: Page, demo_app: AppServer) -> None:
    open_scorecard(scorecard, demo_app.url)
    weekly = figures(scorecard)
    scorecard.get_by_text("Month", exact=True).click()
    scorecard.wait_for_url("**/?cadence=monthly")
    bar_shows(scorecard, "Month", "Filters")
    await_scorecard(scorecard)
    monthly = figures(scorecard)
    assert monthly != weekly
    scorecard.go_back()
    bar_shows(scorecard, "Week", "Filters")
    await_scorecard(scorecard)
    assert (query(scorecard), figures(scorecard)) == ("", weekly)
    scorecard.go_forward()
    bar_shows(scorecard, "Month", "Filters")
    await_scorecard(scorecard)
    assert (query(scorecard), figures(scorecard)) == ("cadence=monthly", monthly)


def _press(page: Page, key: str, address: str) -> None:
    """Press a key until it has led to the address: a page just drawn may not listen to it yet."""
    for _ in range(10):
        page.keyboard.press(key)
        try:
            page.wait_for_url(address, timeout=3_000)
            return
        except PlaywrightTimeout:
            continue
    raise AssertionError(f"{key} does not lead to {address}, but to {page.url}")


@pytest.mark.long
def test_p_presents_and_escape_leaves_with_the_same_view(
    scorecard: Page, demo_app: AppServer
) -> None:
    open_scorecard(scorecard, f"{demo_app.url}/?region=EMEA")
    before = figures(scorecard)
    _press(scorecard, "p", "**present=1")
    expect(scorecard.locator(".st-key-presenting .present-head h1")).to_be_visible()
    expect(scorecard.locator(".st-key-bar")).to_have_count(0)
    await_scorecard(scorecard)
    assert figures(scorecard) == before
    _press(scorecard, "Escape", "**/?region=EMEA")
    expect(scorecard.locator(".st-key-bar")).to_be_visible()
    assert query(scorecard) == "region=EMEA"


def test_a_broken_link_opens_with_defaults_and_says_so(
    scorecard: Page, demo_app: AppServer
) -> None:
    hostile = "cadence=%3Cscript%3E&region=EMAE&period=%00&as_of=%F0%9F%A6%84&present=yes&foo=1"
    open_scorecard(scorecard, f"{demo_app.url}/?{hostile}")
    bar_shows(scorecard, "Week", "Filters")
    strip = scorecard.locator(".strip")
    expect(strip).to_contain_text("region “EMAE”, which is not in the data")
    expect(strip).to_contain_text("“<script>”")
    expect(strip).to_contain_text("“foo” that is unknown")


def test_the_definition_is_one_click_away(scorecard: Page, demo_app: AppServer) -> None:
    open_scorecard(scorecard, demo_app.url)
    tile = scorecard.locator('.tile[data-kpi="mqls"]')
    expect(tile.locator(".card")).not_to_be_visible()
    tile.locator("summary").click()
    expect(tile.locator(".card")).to_be_visible()
    expect(tile.locator(".card")).to_contain_text("Counted by")


@pytest.mark.long
def test_a_figure_tells_its_history_under_the_pointer(scorecard: Page, demo_app: AppServer) -> None:
    open_scorecard(scorecard, demo_app.url)
    points = scorecard.locator("svg.marks .mark-symbol.role-mark").last.locator("path")
    points.first.hover(force=True)
    expect(scorecard.locator("#vg-tooltip-element")).to_contain_text("Period")


@pytest.mark.long
def test_a_missing_warehouse_is_told_in_words(
    page: Page,
    app_server: AppFactory,
    demo_settings: Settings,
    accounts: dict[str, Account],
    tmp_path: Path,
) -> None:
    server = app_server(demo_settings | {"WAREHOUSE_URL": f"duckdb:///{tmp_path}/none.duckdb"})
    answer = page.request.get(f"{server.url}/ready")
    assert answer.status == 503
    assert "none.duckdb" not in answer.text()
    page.goto(server.url)
    sign_in(page, accounts["viewer"])
    expect(page.get_by_role("alert")).to_contain_text("warehouse")
    expect(page.locator(".stException")).to_have_count(0)
    assert "Traceback" not in page.content()


@pytest.mark.long
def test_a_warehouse_that_goes_away_leaves_the_last_known_numbers(
    page: Page,
    app_server: AppFactory,
    demo_settings: Settings,
    accounts: dict[str, Account],
    tmp_path: Path,
) -> None:
    built = Path(demo_settings["WAREHOUSE_URL"].removeprefix("duckdb:///")).resolve()
    own = tmp_path / "own.duckdb"
    # As a load leaves it: a link to the newest version.
    own.symlink_to(shutil.copy(built, tmp_path / "version-1.duckdb"))
    server = app_server(demo_settings | {"WAREHOUSE_URL": f"duckdb:///{own}"})
    open_scorecard(page, server.url, accounts["viewer"])
    before = figures(page)
    own.unlink()
    page.reload()
    await_scorecard(page)
    expect(page.locator(".strip")).to_contain_text("last known numbers")
    assert figures(page) == before
