"""Two people write on one number at once, a flag stands on its tile until it is settled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.e2e.conftest import Account, Settings, add_account, new_account
from tests.e2e.scorecard_visit import READ_TEXT, await_scorecard
from tests.e2e.server import AppServer
from tests.e2e.visit import known, settled

# A region and KPIs of their own: no other test looks at them.
FILTER = "region=APAC&cadence=monthly"
MQLS = f"/kpi?metric=mqls&{FILTER}"
SQLS = f"/kpi?metric=sqls&{FILTER}"


@pytest.fixture(scope="module")
def people(
    browser: Browser, demo_app: AppServer, demo_settings: Settings, accounts: dict[str, Account]
) -> Iterator[tuple[BrowserContext, BrowserContext, BrowserContext]]:
    """The browsers of an admin, of marketing's editor, and of a viewer, signed in."""
    mara = add_account(demo_settings, new_account("mara", "Mara Marketing", "editor_marketing"))
    contexts = []
    for account in (accounts["admin"], mara, accounts["viewer"]):
        context = browser.new_context(viewport={"width": 1366, "height": 900}, timezone_id="UTC")
        context.set_default_timeout(30_000)
        known(context, account)
        contexts.append(context)
    ada, mara_s, vera = contexts
    yield ada, mara_s, vera
    for context in contexts:
        context.close()


def open_at(context: BrowserContext, app: AppServer, address: str) -> Page:
    page = context.new_page()
    page.goto(app.url + address)
    expect(page.locator(".kpi-head")).to_be_visible()
    expect(page.locator("svg.marks").first).to_be_visible()
    settled(page)
    return page


def open_form(page: Page, label: str) -> Locator:
    """Open a popover by its button; its body."""
    page.locator(".st-key-memory-forms").get_by_role("button", name=label).click()
    body = page.locator('[data-testid="stPopoverBody"]')
    expect(body).to_be_visible()
    settled(page)
    return body


def write(page: Page, happened: str, doing: str = "") -> Locator:
    """Type a comment, without sending it; the form's body."""
    body = open_form(page, "Comment")
    body.get_by_label("What happened").fill(happened)
    body.get_by_label("What we do").fill(doing)
    return body


def test_two_browsers_write_at_once_and_a_flag_stands_until_it_is_settled(
    people: tuple[BrowserContext, BrowserContext, BrowserContext], demo_app: AppServer
) -> None:
    ada, mara, vera = people
    first, second = open_at(ada, demo_app, MQLS), open_at(mara, demo_app, MQLS)
    forms = [
        write(first, "A fair in Tokyo <b>", "We go again"),
        write(second, "A mailing came back"),
    ]
    for page, form in zip((first, second), forms, strict=True):
        form.get_by_role("button", name="Keep the comment").click()
        expect(page.locator('[data-testid="stPopoverBody"]')).to_have_count(0)
        expect(page.get_by_role("status").filter(has_text="Kept.")).to_be_visible()
    said = second.locator(".note:not(.flag)")
    expect(said).to_have_count(2)
    expect(said.nth(0)).to_contain_text("A fair in Tokyo <b> What we do We go again Ada Admin")
    expect(said.nth(1)).to_contain_text("A mailing came back Mara Marketing")

    # A viewer may not comment, and may flag.
    reader = open_at(vera, demo_app, MQLS)
    expect(reader.get_by_role("button", name="Comment")).to_have_count(0)
    expect(reader.get_by_role("button", name="Settle")).to_have_count(0)
    shown = reader.locator(".kpi-figure").inner_text()
    form = open_form(reader, "Flag this number")
    form.get_by_label("What is wrong with it").fill("The import ran twice")
    form.get_by_role("button", name="Flag it").click()
    flag = reader.locator(".note.flag")
    expect(flag).to_contain_text(f": {shown}. “The import ran twice” Vera Viewer")
    expect(flag).to_contain_text("records behind it")
    reader.goto(f"{demo_app.url}/?{FILTER}")
    await_scorecard(reader)
    mark = reader.locator('.tile[data-kpi="mqls"] [data-mark="disputed"]')
    expect(mark).to_have_text("⚑ disputed")
    expect(reader.locator('[data-mark="disputed"]')).to_have_count(1)
    expect(reader.locator('.tile[data-kpi="mqls"] [data-mark="comment"]')).to_have_text(
        "✎ 2 comments"
    )

    second.reload()
    expect(second.locator(".note.flag")).to_be_visible()
    settled(second)
    form = open_form(second, "Settle")
    form.get_by_role("button", name="Settle it").click()
    expect(form.get_by_role("status")).to_contain_text("The reason is empty.")
    settled(second)
    form.get_by_label("How it was settled").fill("It ran once")
    form.get_by_role("button", name="Settle it").click()
    expect(second.locator(".note.flag")).to_have_count(0)
    expect(second.get_by_text("1 settled dispute")).to_be_visible()
    reader.reload()
    await_scorecard(reader)
    expect(mark).to_have_count(0)


@pytest.mark.long
def test_a_change_that_comes_second_shows_both_texts_and_keeps_what_was_typed(
    people: tuple[BrowserContext, BrowserContext, BrowserContext], demo_app: AppServer
) -> None:
    ada, _, _ = people
    first = open_at(ada, demo_app, SQLS)
    write(first, "One").get_by_role("button", name="Keep the comment").click()
    expect(first.locator(".note")).to_contain_text("One")
    settled(first)
    second = open_at(ada, demo_app, SQLS)
    bodies = []
    for page, words in ((first, "Hers"), (second, "His")):
        body = open_form(page, "Comment")
        body.get_by_role("combobox").click()
        page.get_by_role("option", name="Change: One").click()
        expect(body.get_by_role("button", name="Keep the change")).to_be_visible()
        settled(page)
        body.get_by_label("What happened").fill(words)
        bodies.append(body)
    bodies[0].get_by_role("button", name="Keep the change").click()
    expect(first.locator(".note")).to_contain_text("Hers")
    keep = bodies[1].get_by_role("button", name="Keep the change")
    keep.click()
    expect(bodies[1].get_by_role("status")).to_contain_text("ada has changed it in the meantime")
    expect(bodies[1].get_by_role("status")).to_contain_text("“Hers”")
    expect(bodies[1].get_by_label("What happened")).to_have_value("His")
    settled(second)
    # Having read theirs, one's own goes on top; nothing is gone.
    keep.click()
    expect(second.locator(".note p").first).to_contain_text("His")
    second.get_by_text("Before that").click()
    expect(second.locator(".note details")).to_contain_text("Hers")
    expect(second.locator(".note details")).to_contain_text("One")


@pytest.mark.long
def test_presenting_shows_the_words_large_and_no_form(
    people: tuple[BrowserContext, BrowserContext, BrowserContext], demo_app: AppServer
) -> None:
    ada, _, _ = people
    page = open_at(ada, demo_app, f"/kpi?metric=leads&{FILTER}")
    write(page, "Fair", "Again").get_by_role("button", name="Keep the comment").click()
    expect(page.locator(".note")).to_be_visible()
    settled(page)
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(f"{demo_app.url}/kpi?metric=leads&{FILTER}&present=1")
    expect(page.locator(".note")).to_contain_text("What happened Fair What we do Again")
    settled(page)
    expect(page.locator(".st-key-memory-forms")).to_have_count(0)
    words = {text: size for text, size, *_ in page.evaluate(READ_TEXT)}
    assert words["What happened"] >= 18
    assert min(size for text, size in words.items() if "Ada Admin" in text) >= 18
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{demo_app.url}/kpi?metric=leads&{FILTER}")
    expect(page.locator(".note")).to_be_visible()
    settled(page)
    for button in page.locator(".st-key-memory-forms button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide == 390
