"""The admin page: who reaches it, an account from its first password to its end, the log."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, StorageState, expect

from data import users
from data.audit import read_events
from data.row_scope import RowScope
from tests.e2e.conftest import Account, Settings
from tests.e2e.server import AppServer, run_command
from tests.e2e.visit import known, settled

Visit = Callable[..., Page]


@pytest.fixture(autouse=True)
def _same_state(demo_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked here is the state database of the running app."""
    monkeypatch.setenv("STATE_URL", demo_settings["STATE_URL"])


@pytest.fixture(scope="module")
def cookies(
    browser: Browser, demo_app: AppServer, accounts: dict[str, Account]
) -> dict[str, StorageState]:
    """What the browsers of the viewer and of the admin hold once they are signed in."""
    found = {}
    for role, account in accounts.items():
        context = browser.new_context()
        known(context, account)
        found[role] = context.storage_state()
        context.close()
    return found


@pytest.fixture
def visit(
    browser: Browser, demo_app: AppServer, cookies: dict[str, StorageState]
) -> Iterator[Visit]:
    """``visit(role, address)``: a page as somebody signed in sees it."""
    opened: list[BrowserContext] = []

    def go(role: str, address: str, **options: object) -> Page:
        context = browser.new_context(storage_state=cookies[role], **options)  # type: ignore[arg-type]
        context.set_default_timeout(30_000)
        opened.append(context)
        page = context.new_page()
        page.goto(demo_app.url + address)
        expect(page.locator(".st-key-masthead")).to_be_visible()
        settled(page)
        return page

    yield go
    for context in opened:
        context.close()


def _choose(page: Page, label: str, text: str) -> None:
    """Choose in a select box by typing."""
    box = page.get_by_role("combobox", name=label, exact=True)
    box.click()
    box.fill(text)
    page.get_by_role("option", name=text).first.click()
    settled(page)


def _press(page: Page, name: str, then: str) -> None:
    """Press a button, say yes, and read what the page says of it."""
    page.get_by_role("button", name=name, exact=True).click()
    page.locator(".st-key-admin-question").get_by_role("button", name="Yes").click()
    expect(page.locator(".pop-said")).to_contain_text(then)
    settled(page)


def _row(page: Page, part: str, text: str) -> Locator:
    return page.locator(f'[data-part="{part}"] tbody tr').filter(has_text=text).first


def test_who_is_no_admin_reads_words_and_no_data(visit: Visit):
    page = visit("viewer", "/admin?section=audit")
    expect(page.locator(".strip")).to_contain_text("This page is for admins")
    assert page.locator(".adm-table, .st-key-admin").count() == 0
    assert page.get_by_role("link", name="Admin").count() == 0
    assert "ada" not in page.locator("[data-testid=stMain]").inner_text().lower()


def test_an_account_from_its_first_password_to_its_end(visit: Visit, demo_app: AppServer):
    page = visit("admin", "/admin", viewport={"width": 1366, "height": 768})
    expect(page.get_by_role("link", name="Admin")).to_be_visible()
    # Nobody has more pages than an admin, and they stand in one row.
    head = page.locator(".st-key-masthead").bounding_box()
    assert head is not None
    assert head["height"] <= 44
    page.get_by_label("User name").fill("nina")
    page.get_by_label("Full name").fill("Nina <b>New</b>")
    page.get_by_role("button", name="Add account").click()
    expect(page.locator(".pop-said")).to_contain_text("Added nina, viewer.")
    password = page.locator(".st-key-admin-first-password-body code").inner_text().strip()
    expect(_row(page, "accounts", "nina")).to_contain_text("Nina <b>New</b>")
    account = users.verify("nina", password)
    assert account is not None
    assert account.must_change_password
    page.get_by_role("button", name="I have noted it").click()
    expect(page.get_by_text(password)).to_have_count(0)

    _choose(page, "Account", "Nina")
    _choose(page, "to", "EMEA")
    page.keyboard.press("Escape")  # the list of members stays open for more of them
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.locator(".pop-said")).to_contain_text("nina sees region EMEA now.")
    assert users.find_account("nina").scope == RowScope.parse(["region=EMEA"])
    settled(page)
    _press(page, "Reset password", "nina has a new password")
    assert users.verify("nina", password) is None
    _press(page, "Disable", "Disabled nina.")
    expect(_row(page, "accounts", "nina")).to_contain_text("disabled")
    page.get_by_role("button", name="Enable").click()
    expect(page.locator(".pop-said")).to_contain_text("Enabled nina.")

    page.goto(f"{demo_app.url}/admin?section=audit")
    _choose(page, "Who, or to whom", "nina")
    rows = page.locator('[data-part="audit"] tbody tr')
    expect(rows.first).to_contain_text("account enabled")
    assert {row.split("\t")[1] for row in rows.all_inner_texts()} >= {"ada", "nina"}
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    lines = list(csv.DictReader(Path(download.value.path()).read_text("utf-8").splitlines()))
    told = [row for row in read_events() if "nina" in (row.actor, row.subject)]
    assert [int(line["id"]) for line in lines] == [row.id for row in told][::-1]
    (logged,) = [row for row in read_events() if row.subject == "audit-log.csv"]
    assert (logged.actor, logged.detail["person"]) == ("ada", "nina")


def test_the_data_tell_how_they_came_and_how_the_systems_agree(
    visit: Visit, demo_settings: Settings, tmp_path: Path
):
    (tmp_path / "leads.csv").write_text("lead_id,created_at\nL1,<b>soon\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="Nothing was loaded"):
        run_command(demo_settings, "data", "load", str(tmp_path))
    page = visit("admin", "/admin?section=data")
    attempts = page.locator('[data-part="attempts"] tbody tr')
    assert attempts.nth(0).inner_text().split("\t")[1:3] == ["load of files", "✕ refused"]
    expect(attempts.nth(0)).to_contain_text("'<b>soon' is not an ISO 8601 date")
    assert attempts.nth(1).inner_text().split("\t")[1:3] == ["demo company", "✓ good"]
    head = page.locator(".adm-head").filter(has_text="Loads and builds")
    expect(head).to_contain_text("the data are still those of the last good one")
    rates = page.locator('[data-part="matched"] tbody tr').all_inner_texts()
    assert [row.split("\t")[:2] for row in rates] == [
        ["hubspot", "marketing"], ["salesforce", "sales"],
    ]  # fmt: skip
    expect(_row(page, "unsynced", "REQUIRED_FIELD_MISSING")).to_contain_text("✕ error")


@pytest.mark.long
def test_the_last_admin_stays_and_the_checks_run_once(visit: Visit, demo_app: AppServer):
    page = visit("admin", "/admin")
    admins = [a.username for a in users.list_accounts() if a.role == "admin" and a.is_active]
    others = set(admins) - {"ada"}
    for name in others:
        users.set_active(name, False)
    try:
        _choose(page, "Account", "Ada Admin")
        _press(page, "Disable", "This is the last active admin")
        assert users.find_account("ada").is_active
    finally:
        for name in others:
            users.set_active(name, True)
    page.goto(f"{demo_app.url}/admin?section=data")
    page.get_by_role("button", name="Run the checks").click()
    expect(page.locator('[data-part="findings"]')).to_be_visible(timeout=60_000)
    expect(page.get_by_text(" checks: ")).to_be_visible()
    assert page.get_by_role("button", name="Run the checks").count() == 0


@pytest.mark.long
def test_on_a_phone_every_part_scrolls_down_only_and_fits_a_finger(visit: Visit):
    phone = {"width": 390, "height": 844}
    for section in ("accounts", "sessions", "data", "audit"):
        page = visit("admin", f"/admin?section={section}", viewport=phone)
        expect(page.locator(".adm-table").first).to_be_visible()
        expect(page.locator(".st-key-admin button").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        heights = page.locator(".st-key-admin button").evaluate_all(
            "all => all.map(e => e.getBoundingClientRect().height).filter(h => h)"
        )
        assert heights
        assert min(heights) >= 44, section
