"""Recording a change of process on a KPI's page: who sees the form, and what it does."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Account
from tests.e2e.server import AppServer
from tests.e2e.visit import arrive, settled

# A region's own baseline: no other test looks at it.
ADDRESS = "/kpi?metric=mqls&region=APAC"


def open_kpi(page: Page, app: AppServer, account: Account) -> None:
    arrive(page, account, app.url + ADDRESS)
    expect(page.locator(".history")).to_be_visible()
    settled(page)


@pytest.mark.long
def test_a_viewer_reads_the_history_and_an_admin_adds_to_it(
    page: Page, browser: Browser, demo_app: AppServer, accounts: dict[str, Account]
) -> None:
    open_kpi(page, demo_app, accounts["viewer"])
    history = page.locator(".history")
    expect(history).to_contain_text("26 weeks.")
    expect(history).to_contain_text("Unchanged since it was first recorded")
    expect(page.locator(".st-key-kpi-rebase")).to_have_count(0)

    context = browser.new_context(viewport={"width": 1366, "height": 900}, timezone_id="UTC")
    other = context.new_page()
    open_kpi(other, demo_app, accounts["admin"])
    other.get_by_text("Record a change of process").click()
    settled(other)  # the form is drawn once more as it opens
    send = other.get_by_role("button", name="Start a new baseline")
    send.click()
    told = other.locator(".chart-note[role=status]")
    expect(told).to_have_text("A baseline is re-based with a reason. Say what changed.")
    settled(other)
    other.get_by_label("What changed").fill("New <scoring> model")
    send.click()
    expect(told).to_contain_text("Recorded. What is usual is now taken from")
    expect(other.locator(".history")).to_contain_text("“New <scoring> model”, Ada Admin.")
    context.close()

    page.reload()
    expect(history).to_contain_text("“New <scoring> model”, Ada Admin.")
    expect(history).to_contain_text("Before, from")
