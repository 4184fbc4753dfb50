"""A whole review in the browser: open by link, walk by keys, close, newer data, what changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.build import fill
from tests.e2e.conftest import PATIENCE_MS, Account, Settings, add_account, home, new_account
from tests.e2e.scorecard_visit import scroll_excess
from tests.e2e.server import AppServer, running_app
from tests.e2e.visit import arrive, settled
from tests.metrics.report.taken_away import slide_text, slides_of
from tests.metrics.test_scorecard import CONFIG, monday, rows

# 40 leads became MQLs in this week; the last of the data is later.
WEEK, NUMBER = "2026-W38", 54
FROM = 38
LATE = 5


def first() -> dict[str, list[dict[str, Any]]]:
    """The last weeks of that company, with 40 leads each."""
    tables = rows()
    for name in ("leads", "lead_stages", "handoffs"):
        tables[name] = [r for r in tables[name] if int(r["lead_id"][1:].split("-")[0]) >= FROM]
    return tables


def newer() -> dict[str, list[dict[str, Any]]]:
    """The same sources loaded again: five MQLs of the week came late, and two weeks have passed."""
    tables = first()
    for n in range(LATE):
        lead, when = f"late-{n}", monday(NUMBER) + timedelta(hours=n)
        tables["leads"].append({"lead_id": lead, "created_at": when})
        tables["lead_stages"].append({"lead_id": lead, "stage": "mql", "entered_at": when})
    newest = max(deal["closed_at"] for deal in tables["opportunities"])
    tables["opportunities"].append(
        {
            "opportunity_id": "new",
            "status": "open",
            "amount": 10,
            "created_at": newest + timedelta(days=14),
        }
    )
    return tables


@dataclass(frozen=True)
class Company:
    """An app of its own, whose warehouse is a link to the version in force."""

    app: AppServer
    folder: Path
    settings: Settings
    ada: Account
    bo: Account
    vera: Account

    def load(self, tables: dict[str, list[dict[str, Any]]], name: str) -> None:
        version = self.folder / name
        fill(f"duckdb:///{version}", tables, CONFIG)
        swapped = self.folder / "next"
        swapped.symlink_to(version)
        swapped.replace(self.folder / "w.duckdb")


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("reviewed")
    (folder / "scorecard.toml").write_text(CONFIG, encoding="utf-8")
    settings = home(folder) | {
        "WAREHOUSE_URL": f"duckdb:///{folder / 'w.duckdb'}",
        "SCORECARD_CONFIG": str(folder / "scorecard.toml"),
    }
    people = [
        add_account(settings, one)
        for one in (
            new_account("ada", "Ada Admin", "editor_marketing"),
            new_account("bo", "Bo Berg", "editor_sales"),
            new_account("vera", "Vera Viewer", "viewer"),
        )
    ]
    Company(AppServer("", folder, 0), folder, settings, *people).load(first(), "first.duckdb")
    with running_app(settings, folder) as server:
        yield Company(server, folder, settings, *people)


def visit(browser: Browser, company: Company, account: Account, address: str) -> Page:
    context = browser.new_context(viewport={"width": 1366, "height": 900}, timezone_id="UTC")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    arrive(page, account, company.app.url + address)
    return page


def open_review(browser: Browser, company: Company) -> tuple[Page, str]:
    """Open a review of the week as an editor; the page and the review's own link."""
    page = visit(browser, company, company.ada, f"/review?period={WEEK}")
    expect(page.locator("[data-testid='stFormSubmitButton']").first).to_be_visible()
    page.get_by_role("button", name="Open the review").click()
    expect(page.locator(".review-head h2")).to_contain_text("Weekly review")
    settled(page)
    (review_id,) = re.findall(r"review=(\w+)", page.url)
    return page, f"/review?review={review_id}"


def hooked(page: Page, *keys: str) -> None:
    """What the style sheet takes hold of is there."""
    for key in keys:
        expect(page.locator(f".st-key-{key}")).to_have_count(1)


def at(page: Page, number: int, title: str) -> None:
    """The page shows an item of the agenda, in the address and in words."""
    page.wait_for_url(re.compile(rf"[?&]item={number}\b"))
    expect(page.locator(".present-head h1")).to_have_text(title)
    button = page.locator(".st-key-agenda-back button")
    expect(button).to_have_count(1)  # while one page follows another both may be there
    back = expect(button)
    back.to_be_enabled() if number > 1 else back.to_be_disabled()
    settled(page)


def write_at_once(browser: Browser, company: Company, link: str, page: Page) -> None:
    """Two people at two browsers keep a decision and an action each in the same moment."""
    other = visit(browser, company, company.bo, link)
    page.goto(company.app.url + link)
    for form, button, fields in (
        ("Decide", "Keep the decision", {"What was decided": "{} scores webinars lower"}),
        ("Add an action", "Keep the action", {"What is to be done": "{} calls them back"}),
    ):
        for who, one in (("Ada", page), ("Bo", other)):
            settled(one)
            one.get_by_role("button", name=form).click()
            body = one.locator("[data-testid='stPopoverBody']")
            expect(body).to_be_visible()  # and on at once, be its run over or not
            for label, text in fields.items():
                body.get_by_label(label).fill(text.format(who))
            if form == "Add an action":
                body.get_by_role("combobox").fill(f"{who}'s team")
                body.get_by_role("combobox").press("Enter")
        keeps = [one.get_by_role("button", name=button) for one in (page, other)]
        for keep in keeps:
            keep.click(no_wait_after=True)
        for keep in keeps:
            expect(keep).to_have_count(0)
    for one in (page, other):
        one.reload()
        settled(one)
        for who in ("Ada", "Bo"):
            expect(one.locator(".st-key-memory-decisions")).to_contain_text(f"{who} scores")
            expect(one.locator(".st-key-memory-actions")).to_contain_text(f"{who} calls")
    other.context.close()


def flag_and_comment(page: Page, company: Company, goals: str) -> None:
    """A number is commented on and flagged; the tile is marked."""
    query = goals.partition("?")[2].replace("&present=1", "")
    page.goto(f"{company.app.url}/kpi?{query}&metric=mqls")
    expect(page.locator(".kpi-head")).to_be_visible()
    settled(page)
    forms = page.locator(".st-key-memory-forms")
    body = page.locator("[data-testid='stPopoverBody']")
    forms.get_by_role("button", name="Comment").click()
    settled(page)
    body.get_by_label("What happened").fill("Five imports are missing")
    body.get_by_role("button", name="Keep the comment").click()
    expect(page.locator(".said").first).to_contain_text("Five imports are missing")
    forms.get_by_role("button", name="Flag this number").click()
    settled(page)
    body.get_by_label("What is wrong with it").fill("It is too low")
    body.get_by_role("button", name="Flag it").click()
    expect(page.locator("[data-dispute]")).to_contain_text("It is too low")


def frozen_item(page: Page, company: Company, link: str, item: int) -> list[str]:
    """An item of a closed review as the walk shows it: marked as frozen, its words."""
    page.goto(f"{company.app.url}/sla{link.partition('/review')[2]}&item={item}")
    expect(page.locator(".st-key-frozen-told .strip")).to_contain_text("Frozen")
    expect(page.locator(".st-key-frozen-page [data-part='sales-side']")).to_be_visible()
    settled(page)
    hooked(page, "frozen-told", "frozen-page", "frozen-live")
    return page.locator(".st-key-frozen-page :is(.part-head, .part-figures, td)").all_inner_texts()


def assert_adds_up(cells: list[str]) -> None:
    """Then, now, change and three parts, as they are read."""
    if any(text in ("–", "") or "†" in text for text in cells):
        return
    then, now, change, *parts = (figure(text) for text in cells)
    assert round(now - then, 6) == change
    assert round(sum(parts), 6) == change


def figure(text: str) -> float:
    """A number as it is written: "−1,234.5 pp", "$2,000", "14.2%"."""
    return float(re.sub(r"[^0-9.-]", "", text.replace("−", "-")))


def test_a_review_from_its_opening_to_what_changed_since(browser: Browser, reviewed: Company):
    page, link = open_review(browser, reviewed)

    # Whoever has the link sees it, and may not close it.
    other = visit(browser, reviewed, reviewed.vera, link)
    expect(other.locator(".st-key-review-agenda button").first).to_contain_text("Joint wins")
    assert other.get_by_role("button", name="Close the review").count() == 0

    page.get_by_role("button", name="Present the agenda").click()
    at(page, 1, "Joint wins")
    expect(page.locator(".st-key-agenda-clock .clock")).to_contain_text("left of 3")
    started = page.evaluate("performance.timeOrigin")
    page.keyboard.press("ArrowRight")
    at(page, 2, "Last actions")
    page.keyboard.press("PageDown")
    at(page, 3, "Goals")
    expect(page.locator(".tile")).to_have_count(15)
    expect(page.locator(".present-head")).to_contain_text("next Exceptions")
    goals = page.url
    page.keyboard.press("PageUp")
    at(page, 2, "Last actions")
    page.keyboard.press("ArrowLeft")
    at(page, 1, "Joint wins")
    # Two presses before the next item stands are two steps.
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    at(page, 3, "Goals")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    at(page, 1, "Joint wins")
    # Nothing was loaded anew between the items.
    assert page.evaluate("performance.timeOrigin") == started
    # A presenter's link is the same for people at their desks.
    other.goto(goals.replace("&present=1", ""))
    expect(other.locator(".agenda-text")).to_contain_text("Goals")
    expect(other.locator(".tile")).to_have_count(15)
    mqls = other.locator('.tile[data-kpi="mqls"] .tile-value')
    expect(mqls).to_have_text(re.compile(r"^\s*40\b"))

    write_at_once(browser, reviewed, link, page)
    flag_and_comment(page, reviewed, goals)
    page.goto(reviewed.app.url + link)
    hooked(page, "agenda", "agenda-line", "review", "review-agenda", "review-present")
    hooked(page, "review-close")
    page.get_by_role("button", name="Close the review").click()
    expect(page.locator(".st-key-review-confirm")).to_be_visible()
    page.get_by_role("button", name="Yes, close and freeze").click()
    expect(page.locator(".pop-said")).to_contain_text("frozen", timeout=4 * PATIENCE_MS)
    expect(page.locator(".changes-told").first).to_have_text(re.compile(r"^(\d+) of \1 figures"))
    was = frozen_item(page, reviewed, link, 5)

    reviewed.load(newer(), "second.duckdb")
    assert frozen_item(other, reviewed, link, 5) == was
    other.goto(reviewed.app.url + link)
    row = other.locator('.changes tr[data-kpi="mqls"]').first
    cells = row.locator("td")
    # Then, now, and the parts of the difference, which add up exactly.
    expect(cells).to_have_text(["40", "45", "+5", "+5", "0", "0"])
    every = other.locator(".changes tbody tr[data-kpi]").all()
    assert every
    for one in every:
        assert_adds_up(one.locator("td").all_inner_texts())
    expect(row).to_contain_text("14 Sep – 20 Sep 2026")
    expect(other.locator(".changes thead").first).to_contain_text("New data")
    # What no KPI is stands beside itself: of these pages nothing but a count of handoffs is there.
    other.get_by_text("Other figures of its pages, then and now").click()
    told = other.locator(".st-key-review-pages .changes-told")
    expect(told).to_have_text(re.compile(r"^\d+ of \d+ figures unchanged$"))
    settled(other)
    # What was frozen stands as it was.
    frozen = other.locator('[class*="st-key-frozen"] .tile[data-kpi="mqls"] .tile-value')
    expect(frozen).to_have_text(re.compile(r"^\s*40\b"))
    page.context.close()
    other.context.close()


@pytest.mark.long
def test_a_swipe_walks_and_the_room_can_read_the_bar(browser: Browser, reviewed: Company):
    page, _ = open_review(browser, reviewed)
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.get_by_role("button", name="Present the agenda").click()
    at(page, 1, "Joint wins")
    swipe = """([from, to]) => {
      const touch = x => new Touch({
        identifier: 1, target: document.body, clientX: x, clientY: 500 });
      const fire = (name, x) => document.dispatchEvent(new TouchEvent(name, {
        touches: name === "touchstart" ? [touch(x)] : [], changedTouches: [touch(x)] }));
      fire("touchstart", from); fire("touchend", to);
    }"""
    page.evaluate(swipe, [900, 500])
    at(page, 2, "Last actions")
    page.evaluate(swipe, [500, 900])
    at(page, 1, "Joint wins")
    for selector in (".clock b", ".present-head p"):
        size = "e => parseFloat(getComputedStyle(e).fontSize)"
        assert page.locator(selector).first.evaluate(size) >= 18, selector
    page.keyboard.press("ArrowRight")
    at(page, 2, "Last actions")
    page.keyboard.press("ArrowRight")
    at(page, 3, "Goals")
    expect(page.locator(".tile")).to_have_count(15)
    assert scroll_excess(page) == (0, 0)
    page.context.close()


@pytest.mark.long
def test_a_closed_review_opens_in_a_new_process_without_a_warehouse(
    browser: Browser, reviewed: Company, tmp_path: Path
):
    page, link = open_review(browser, reviewed)
    page.get_by_role("button", name="Close the review").click()
    page.get_by_role("button", name="Yes, close and freeze").click()
    frozen = '[class*="st-key-frozen"] .tile-value'
    expect(page.locator(frozen).first).to_be_visible()
    settled(page)
    shown = page.locator(frozen).all_inner_texts()
    page.get_by_role("button", name="Leave the review").click()
    hooked(page, "review-list")
    page.context.close()
    gone = reviewed.settings | {"WAREHOUSE_URL": f"duckdb:///{tmp_path / 'gone.duckdb'}"}
    with running_app(gone, tmp_path) as server:
        page = visit(browser, replace(reviewed, app=server), reviewed.vera, link)
        expect(page.locator(".strip")).to_contain_text("shown as it was frozen")
        expect(page.locator(frozen)).to_have_count(len(shown))
        assert page.locator(frozen).all_inner_texts() == shown
        # Every item of its agenda, and the whole as a file.
        page.locator(".st-key-frozen-item-5 button").click()
        expect(page.locator(".st-key-frozen-page [data-part='sales-side']")).to_be_visible()
        expect(page.locator(".review-head h2")).to_contain_text("frozen")
        page.locator(".st-key-frozen-item-all button").click()
        page.locator(".st-key-take-away button").first.click()
        body = page.locator(".st-key-take-away-body")
        body.get_by_role("button", name="Make PowerPoint").click()
        with page.expect_download() as found:
            body.get_by_role("button", name="Save the PowerPoint file").click()
        deck = slides_of(found.value.path().read_bytes())
        assert slide_text(deck[0]).startswith("Weekly review")
        assert any("Sales answers" in slide_text(slide) for slide in deck)
        page.context.close()
