"""Two editors sign a definition and set one target at once; a viewer reads what they agreed on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from data.agreements import Topic
from data.config import parse_config
from tests.build import fill
from tests.e2e.conftest import Account, AppFactory, Settings, add_account, home, new_account
from tests.e2e.server import AppServer
from tests.e2e.visit import arrive, known, settled
from tests.metrics.agreements.people import sign_first
from tests.metrics.agreements.test_marks import BASE, tables

# A member of its own: no other test looks at its targets. The windows are signed as they are
# configured, so that no number is marked.
TARGETS = "/agreements?find=targets&metric=bookings&cadence=monthly&region=APAC"
WINDOWS = "/agreements?find=windows"


@pytest.fixture(scope="module")
def people(
    browser: Browser, demo_app: AppServer, demo_settings: Settings, accounts: dict[str, Account]
) -> Iterator[list[BrowserContext]]:
    """The browsers of marketing's editor, of sales' and of a viewer, signed in."""
    mia = add_account(demo_settings, new_account("mia", "Mia Marketing", "editor_marketing"))
    sol = add_account(demo_settings, new_account("sol", "Sol <b>Sales</b>", "editor_sales"))
    contexts = []
    for account in (mia, sol, accounts["viewer"]):
        context = browser.new_context(viewport={"width": 1366, "height": 900}, timezone_id="UTC")
        context.set_default_timeout(30_000)
        known(context, account)
        contexts.append(context)
    yield contexts
    for context in contexts:
        context.close()


def opened(context: BrowserContext, app: AppServer, address: str, awaited: str) -> Page:
    page = context.new_page()
    page.goto(app.url + address)
    expect(page.locator(awaited).first).to_be_visible()
    settled(page)
    return page


def test_both_sign_and_the_handbook_tells_it(people: list[BrowserContext], demo_app: AppServer):
    topic = '.agreed[data-topic="windows"]'
    mia, sol, vera = (opened(one, demo_app, WINDOWS, topic) for one in people)
    for name in ("Sign for", "Propose"):
        expect(vera.get_by_role("button", name=name)).to_have_count(0)
    expect(mia.locator(topic)).to_contain_text("Not signed by both teams yet")
    heading = "Definitions, not signed by both teams yet"
    expect(mia.get_by_role("heading", name=heading, exact=True)).to_have_count(1)
    expect(mia.get_by_role("button", name="Sign for sales")).to_have_count(0)
    mia.get_by_role("button", name="Sign for marketing").click()
    expect(mia.locator(topic)).to_contain_text("Mia Marketing, ")
    sol.get_by_role("button", name="Sign for sales").click()
    expect(sol.locator(topic)).to_contain_text("Signed by both teams, holds as far back")
    heading = "Definitions, signed by both teams"
    expect(sol.get_by_role("heading", name=heading, exact=True)).to_have_count(1)
    vera.goto(f"{demo_app.url}/handbook?find=windows")
    expect(vera.locator(".book-agreed h2")).to_have_text("Definitions, 1 of 3 signed by both teams")
    told = vera.locator(f".book-agreed {topic}")
    expect(told).to_contain_text("MQL → SQL: 30 days")
    expect(told).to_contain_text("Sol <b>Sales</b>, ")


def _open_form(page: Page) -> Locator:
    page.locator(".st-key-memory-row-target-2026-09").get_by_role("button", name="Set").click()
    body = page.locator('[data-testid="stPopoverBody"]')
    expect(body).to_be_visible()
    settled(page)
    return body


def test_of_two_who_set_a_target_at_once_the_second_keeps_what_was_typed(
    people: list[BrowserContext], demo_app: AppServer
):
    line = '[data-target="2026-09"]'
    mia, sol, vera = (opened(one, demo_app, TARGETS, line) for one in people)
    expect(vera.get_by_role("button", name="Set")).to_have_count(0)
    forms = [_open_form(page) for page in (mia, sol)]
    for form, value, why in zip(forms, ("123000", "145000"), ("A fair", "A big deal"), strict=True):
        form.get_by_role("spinbutton").fill(value)
        form.get_by_label("Why").fill(why)
    forms[0].get_by_role("button", name="Set the target").click()
    expect(mia.locator(line)).to_contain_text("$123k")
    expect(mia.locator(line)).to_contain_text("set by Mia Marketing")
    expect(mia.locator(line).locator("s")).to_contain_text("$")  # the loaded one stays visible
    forms[1].get_by_role("button", name="Set the target").click()
    expect(forms[1].get_by_role("status")).to_contain_text("mia has set this target to 123000")
    settled(sol)
    expect(forms[1].get_by_role("spinbutton")).to_have_value(re.compile("^145000"))
    expect(forms[1].get_by_label("Why")).to_have_value("A big deal")
    forms[1].get_by_role("button", name="Set the target").click()
    expect(sol.locator(line)).to_contain_text("$145k")
    # Every other page holds figures against it at once.
    vera.goto(f"{demo_app.url}/kpi?metric=bookings&cadence=monthly&period=2026-09&region=APAC")
    expect(vera.locator(".kpi-change")).to_contain_text("$145k")


@pytest.mark.long
def test_one_sentence_tells_how_many_mqls_miss_the_signed_rule(
    page: Page, app_server: AppFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    config = BASE + "[mql]\nscore_at_least = 50\n"
    (tmp_path / "scorecard.toml").write_text(config, encoding="utf-8")
    settings = home(tmp_path) | {
        "WAREHOUSE_URL": f"duckdb:///{tmp_path / 'own.duckdb'}",
        "SCORECARD_CONFIG": str(tmp_path / "scorecard.toml"),
    }
    rows = tables()
    for number, row in enumerate(rows["leads"]):
        row["score"] = (10, 60, 70, 80)[number]
    fill(settings["WAREHOUSE_URL"], rows, config)
    mara = add_account(settings, new_account("mara", "Mara Marketing", "editor_marketing"))
    add_account(settings, new_account("sam", "Sam Sales", "editor_sales"))
    monkeypatch.setenv("STATE_URL", settings["STATE_URL"])
    sign_first(parse_config(config), Topic.MQL)
    server = app_server(settings)
    arrive(page, mara, f"{server.url}/agreements?find=mql&cadence=monthly&period=2026-06")
    told = page.locator(".st-key-agreed-check a")
    expect(told).to_contain_text("1 of 4 MQLs of Jun do not meet the signed rule")
    told.click()
    page.wait_for_url("**/kpi?*metric=mqls_off_rule*")
