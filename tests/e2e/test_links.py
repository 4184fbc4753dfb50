"""Links of every kind, opened signed in and signed out; saved views; files that are logged."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect

from data.audit import person, read_events
from data.saved_views import list_views, set_start_view
from data.short_links import Link, make_link, revoke_link
from data.view_address import ViewAddress
from tests.e2e.conftest import Account, Settings
from tests.e2e.server import AppServer
from tests.e2e.visit import known, settled, sign_in

DEAD = "This link does not work"
# The lightest page; what it is asked for is in its search box.
VIEW = ViewAddress("handbook", "region=EMEA&find=SLA")
VERA = person("vera")
Visit = Callable[..., Page]


@pytest.fixture(autouse=True)
def _same_state(demo_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the test makes and reads here is in the state database of the running app."""
    monkeypatch.setenv("STATE_URL", demo_settings["STATE_URL"])


def _signed_in(browser: Browser, account: Account) -> StorageState:
    context = browser.new_context()
    known(context, account)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="module")
def cookies(
    browser: Browser, demo_app: AppServer, accounts: dict[str, Account]
) -> dict[str, StorageState]:
    """What the browsers of the viewer and of the admin hold once they are signed in."""
    return {role: _signed_in(browser, account) for role, account in accounts.items()}


@pytest.fixture
def visit(browser: Browser, cookies: dict[str, StorageState]) -> Iterator[Visit]:
    """``visit(role)``: a new tab of somebody signed in."""
    opened: list[BrowserContext] = []

    def go(role: str = "viewer", **options: object) -> Page:
        context = browser.new_context(storage_state=cookies[role], **options)  # type: ignore[arg-type]
        context.set_default_timeout(30_000)
        opened.append(context)
        return context.new_page()

    yield go
    for context in opened:
        context.close()


def _open(page: Page, name: str) -> None:
    """Open one of the bar's popovers."""
    expect(page.locator(".st-key-bar")).to_be_visible()
    settled(page)
    page.locator(f".st-key-{name} button").first.click()
    expect(page.locator(f".st-key-{name}-body")).to_be_visible()
    settled(page)


def _landed(page: Page, app: AppServer, address: ViewAddress = VIEW) -> None:
    page.wait_for_url(f"{app.url}/{address}")
    expect(page.get_by_placeholder("Find a KPI")).to_have_value("SLA")


# -- the route ------------------------------------------------------------------------------------


def _ask(app: AppServer, path: str) -> tuple[int, dict[str, str], bytes]:
    with closing(http.client.HTTPConnection(urlsplit(app.url).netloc, timeout=20)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        headers.pop("date")
        return answer.status, headers, answer.read()


def test_the_route_answers_every_id_alike(demo_app: AppServer):
    known = make_link(VIEW, by=VERA)
    revoked = make_link(VIEW, by=VERA)
    revoke_link(revoked.id, by=VERA)
    answers = []
    for link_id in (known.id, revoked.id, "A" * 16):
        status, headers, body = _ask(demo_app, f"/s/{link_id}")
        assert headers.pop("location") == f"/?s={link_id}"
        answers.append((status, headers, body))
    assert answers[0] == answers[1] == answers[2]
    status, headers, body = answers[0]
    assert (status, body) == (303, b"")
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")


@pytest.mark.parametrize(
    "path",
    ["/s/short", f"/s/{'A' * 17}", "/s/%2e%2e%2fevil.exam", "/s/<script>alert(1)",
     f"/s/{'%C3%A9' * 16}", "/s/%0d%0aSet-Cookie:a=b", f"/s/{'A' * 10_000}"],
)  # fmt: skip
def test_the_route_sends_nobody_anywhere_else(demo_app: AppServer, path: str):
    status, headers, body = _ask(demo_app, path)
    assert status in (400, 404)
    assert "location" not in headers
    assert "set-cookie" not in headers
    assert b"script" not in body


# -- short links ----------------------------------------------------------------------------------


def test_signed_out_a_short_link_says_nothing_and_lands_after_the_sign_in(
    page: Page, demo_app: AppServer, accounts: dict[str, Account]
):
    link = make_link(VIEW, by=VERA)
    page.goto(f"{demo_app.url}/s/{link.id}")
    expect(page.get_by_label("User name")).to_be_visible()
    assert page.url == f"{demo_app.url}/?s={link.id}"
    assert not re.search("handbook|SLA|EMEA", page.inner_text("body"), re.IGNORECASE)
    sign_in(page, accounts["admin"])
    _landed(page, demo_app)


def test_a_click_in_a_chat_lands_without_a_sign_in(visit: Visit, demo_app: AppServer):
    link = make_link(VIEW, by=VERA)
    page = visit("admin")
    # Another site: the browser withholds the SameSite=Strict cookie from the first request.
    body = f'<a href="{demo_app.url}/s/{link.id}">look</a>'
    page.route("http://chat.example/", lambda r: r.fulfill(content_type="text/html", body=body))
    page.goto("http://chat.example/")
    page.get_by_text("look").click()
    _landed(page, demo_app)
    expect(page.get_by_label("User name")).to_have_count(0)


def _expired() -> Link:
    long_ago = datetime(2026, 1, 1)
    return make_link(VIEW, by=VERA, now=long_ago, expires_at=datetime(2026, 1, 2))


def _revoked() -> Link:
    link = make_link(VIEW, by=VERA)
    revoke_link(link.id, by=VERA)
    return link


@pytest.mark.long
def test_links_that_do_not_work_are_all_alike(visit: Visit, demo_app: AppServer):
    page, words = visit("viewer"), set()
    for query in (f"s={_expired().id}", f"s={_revoked().id}", f"s={'A' * 16}", "s=", "s=%00",
                  "s=<b>x</b>", f"s={'A' * 16}&s={'B' * 16}"):  # fmt: skip
        page.goto(f"{demo_app.url}/?{query}")
        expect(page.get_by_text(DEAD)).to_be_visible()
        words.add(page.locator(".strip").inner_text())
        assert page.locator(".tile, .st-key-bar").count() == 0
    assert len(words) == 1
    # And the way on is there.
    page.locator(".st-key-masthead").get_by_text("Handbook").click()
    expect(page.get_by_placeholder("Find a KPI")).to_be_visible()


# -- the Share popover ----------------------------------------------------------------------------


def test_share_copies_freezes_and_revokes(visit: Visit, demo_app: AppServer):
    page = visit("viewer", permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{demo_app.url}/{VIEW}")
    _open(page, "share")
    body = page.locator(".st-key-share-body")
    copy = body.get_by_role("button", name="Copy to clipboard").first
    expect(copy).to_be_visible()
    copy.click()
    assert page.evaluate("navigator.clipboard.readText()") == f"{demo_app.url}/{VIEW}"
    body.get_by_text("Freeze the numbers").click()
    expect(body.get_by_text("as of")).to_be_visible()
    body.get_by_role("button", name="Make a short link").click()
    made = body.locator("[class*='st-key-share-link-'] code").first
    expect(made).to_be_visible()
    expect(body.get_by_text("Handbook, frozen").first).to_be_visible()
    short = made.inner_text().strip()
    tab = page.context.new_page()
    tab.goto(short)
    tab.wait_for_url("**/handbook?**")
    assert set(re.findall(r"[?&](\w+)=", tab.url)) == {
        "region", "find", "as_of", "cadence", "period",
    }  # fmt: skip
    body.get_by_role("button", name="Revoke").first.click()
    expect(body.get_by_text("opens nothing any more")).to_be_visible()
    tab.goto(short)
    expect(tab.get_by_text(DEAD)).to_be_visible()


@pytest.mark.long
def test_a_frozen_link_says_when_the_data_were_loaded_anew(visit: Visit, demo_app: AppServer):
    address = ViewAddress("handbook", "find=SLA&as_of=2026-10-20T12%3A00%3A00Z&period=2026-W41")
    page = visit("viewer")
    page.goto(f"{demo_app.url}/s/{make_link(address, by=VERA, frozen_at='older').id}")
    _landed(page, demo_app, address)
    expect(page.locator(".strip")).to_contain_text("loaded anew since this link was made")
    expect(page.locator(".strip")).to_contain_text("as of Tue 20 Oct 2026")


def _fit_fingers(page: Page, body: str, *parts: str) -> None:
    """Every part is there, at least 44 px high and within the screen."""
    for part in parts:
        boxes = page.locator(f"{body} {part}").evaluate_all(
            "all => all.map(e => e.getBoundingClientRect()).filter(r => r.height)"
            ".map(r => [r.height, r.right])"
        )
        assert boxes, part
        assert min(height for height, _ in boxes) >= 44, part
        assert max(right for _, right in boxes) <= 390, part


@pytest.mark.long
def test_on_a_phone_the_bar_takes_one_row_and_a_finger_finds_the_buttons(
    visit: Visit, demo_app: AppServer
):
    page = visit("viewer", viewport={"width": 390, "height": 844})
    make_link(VIEW, by=VERA)
    page.goto(f"{demo_app.url}/handbook")
    _open(page, "share")
    tops = {
        round(page.locator(f".st-key-{name} button").first.bounding_box()["y"])  # type: ignore[index]
        for name in ("bar-filters", "bar-present", "views", "share")
    }
    assert len(tops) == 1
    page.locator(".st-key-share-expiry [data-testid='stSelectbox'] > div > div").click()
    page.get_by_role("option", name="on a day").click()
    expect(page.locator(".st-key-share-body").get_by_text("Last day")).to_be_visible()
    _fit_fingers(
        page, ".st-key-share-body",
        "button", "[data-testid='stCheckbox'] label", "[data-testid='stSelectbox'] > div > div",
        "[data-testid='stDateInput'] > div > div",
    )  # fmt: skip
    page.keyboard.press("Escape")
    _open(page, "views")
    _fit_fingers(
        page, ".st-key-views-body",
        "button", "[data-testid='stCheckbox'] label", "[data-testid='stTextInputRootElement']",
    )  # fmt: skip
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


# -- saved views ----------------------------------------------------------------------------------

NAME = "<b>SLA</b> _weekly_ :red[x] =1+1"


@pytest.mark.long
def test_a_shared_view_is_opened_by_another_and_begins_their_visits(
    visit: Visit, demo_app: AppServer
):
    page = visit("viewer")
    page.goto(f"{demo_app.url}/{VIEW}")
    _open(page, "views")
    body = page.locator(".st-key-views-body")
    body.get_by_placeholder("Name", exact=True).fill(NAME)
    body.get_by_text("Share with everybody").click()
    body.get_by_role("button", name="Save", exact=True).click()
    expect(body.get_by_role("button", name=f"{NAME} (shared)", exact=True)).to_be_visible()

    page = visit("admin")
    page.goto(f"{demo_app.url}/handbook?find=MQL")
    _open(page, "views")
    page.locator(".st-key-views-body").get_by_role("button", name=f"{NAME} (shared)").click()
    _landed(page, demo_app)  # the same page, another view
    expect(page.locator(".st-key-views-body")).to_have_count(0)
    (view,) = [view for view in list_views("ada") if view.name == NAME]
    set_start_view("ada", view.id)
    try:
        page.goto(demo_app.url)
        _landed(page, demo_app)
        page.goto(f"{demo_app.url}/handbook?find=MQL")  # an address that names a view wins
        expect(page.get_by_placeholder("Find a KPI")).to_have_value("MQL")
        assert page.url.endswith("/handbook?find=MQL")
    finally:
        set_start_view("ada", None)


# -- files ----------------------------------------------------------------------------------------


def test_a_file_is_in_the_audit_log_and_there_is_no_other_way_to_one(
    visit: Visit, demo_app: AppServer
):
    page = visit("viewer")
    page.goto(f"{demo_app.url}/kpi?metric=mqls&region=EMEA")
    button = page.get_by_role("button", name="Download as CSV").last
    button.wait_for()
    settled(page)
    with page.expect_download() as download:
        button.click()
    assert download.value.suggested_filename == "mqls-entered_mql.csv"
    row = list(read_events())[-1]
    assert (row.actor, row.event, row.subject) == ("vera", "export", "mqls-entered_mql.csv")
    assert (row.detail["metric"], row.detail["filters"]) == ("mqls", "region=EMEA")
    page.get_by_test_id("stDataFrame").first.hover()
    toolbar = page.get_by_test_id("stElementToolbarButton")
    expect(toolbar.filter(has=page.get_by_label("Search")).last).to_be_visible()
    own = toolbar.filter(has=page.get_by_label("Download as CSV"))
    assert own.count() >= 1
    expect(own.first).to_be_hidden()
