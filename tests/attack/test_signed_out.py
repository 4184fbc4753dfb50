"""Signed out, nothing of the data leaves the server: by no page, no route, no message."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus

from data.audit import person
from data.saved_views import save_view
from data.short_links import make_link
from data.view_address import ViewAddress
from tests.attack import company
from tests.attack.company import MARKS
from tests.attack.conftest import ADMIN, OF_EMEA, PATHS, PEOPLE, VIEWS, Open, no_failure
from tests.attack.visitor import Answer, Visitor
from tests.e2e.server import AppServer

# What tells of the company, its people and their views: marks in every row, the names of members
# and accounts, and what the company is called.
SECRETS = (*MARKS, "EMEA", "AMER", "Company <b>", *PEOPLE)
METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS")
ROUTES = [
    *(f"/{path}?cadence=monthly" for path in PATHS),
    "/ready",
    "/metrics",
    "/s/AAAAAAAAAAAAAAAA",
    "/?s=AAAAAAAAAAAAAAAA",
    "/auth/login",
    "/auth/login?provider=x.y.z",
    "/auth/logout",
    "/oauth2callback?code=a&state=b",
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/metrics",
    "/_stcore/script-health-check",
    "/_stcore/upload_file/a/b",
    "/_stcore/stream",
    "/_stcore/../../etc/passwd",
    "/_stcore/bidi-components/a/b.js",
    "/media/0000000000000000000000000000000000000000.csv",
    "/media/../state.sqlite",
    "/component/extra_streamlit_components.CookieManager.cookie_manager/index.html",
    "/component/extra_streamlit_components.CookieManager.cookie_manager/..%2f..%2fapp.py",
    "/app/static/../app.py",
    "/static/../../app.py",
    "/pages/scorecard/page.py",
    "/.streamlit/secrets.toml",
    "/.scorecard/state.sqlite",
    "/%2e%2e/%2e%2e/etc/passwd",
]


def _ask(app: AppServer, path: str, method: str = "GET") -> tuple[int, bytes]:
    """Status, and everything that came: headers and body."""
    with closing(http.client.HTTPConnection(urlsplit(app.url).netloc, timeout=20)) as connection:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, str(answer.getheaders()).encode() + answer.read()


def _told(answer: bytes) -> list[str]:
    return [secret for secret in SECRETS if secret.encode() in answer]


@pytest.mark.parametrize("path", ROUTES)
def test_no_route_tells_anything(attacked: AppServer, path: str):
    for method in METHODS:
        status, answer = _ask(attacked, path, method)
        # The upgrade of a WebSocket is refused with an error of the server's own.
        assert status < 500 or path == "/_stcore/stream"
        assert _told(answer) == []
        assert b"root:" not in answer
        assert b"from __future__" not in answer


@pytest.mark.parametrize(("path", "query"), VIEWS)
def test_no_page_tells_anything(opened: Open, path: str, query: str):
    answer = opened(None, path, query)
    assert answer.is_sign_in
    assert _told(answer.raw) == []
    assert no_failure(answer)


def test_what_was_looked_for_would_have_been_found(seen: Open):
    found = {secret for view in VIEWS[-6:] for secret in _told(seen(ADMIN, *view).raw)}
    assert {*MARKS, "EMEA", "AMER", ADMIN} <= found


def test_a_short_link_a_saved_view_and_a_start_page_say_nothing_signed_out(opened: Open):
    address = ViewAddress("kpi", "metric=bookings&region=AMER")
    link = make_link(address, by=person(ADMIN))
    save_view(f"{MARKS[0]} view", address, shared=True, by=person(ADMIN))
    for query in (f"s={link.id}", "s=AAAAAAAAAAAAAAAA", ""):
        answer = opened(None, "", query)
        assert answer.is_sign_in
        assert _told(answer.raw) == []
    # One that exists and one that does not are answered alike, but for the id itself.
    found = [_words(opened(None, "", f"s={i}")) for i in (link.id, "A" * 16)]
    assert found[0] == found[1]


def _words(answer: Answer) -> list[str]:
    return answer.markup + [m.delta.new_element.button.label for m in answer.messages]


def test_a_session_of_somebody_else_is_not_taken_over(
    attacked: AppServer, token_of: Callable[[str], str]
):
    signed_in = Visitor(attacked.url, {"scorecard": token_of(ADMIN)})
    answer = signed_in.open("kpi", "metric=mqls&cadence=yearly")
    assert _told(answer.raw)
    (session_id,) = {m.new_session.initialize.session_id for m in answer.messages} - {""}
    view = ("kpi", "metric=mqls&cadence=yearly")
    other = {"scorecard": token_of(OF_EMEA)}
    # Who is somebody else by their own cookie is that one, in this session as in any other.
    for cookies, is_out in ((other, False), ({}, True), ({"scorecard": "x.y.z"}, True)):
        taken = Visitor(attacked.url, cookies, resume=session_id).open(*view)
        assert taken.is_sign_in == is_out
        assert not taken.holds(company.AMER)
        assert not taken.holds(ADMIN)


def test_a_page_of_another_site_gets_no_connection(
    attacked: AppServer, token_of: Callable[[str], str]
):
    cookies = {"scorecard": token_of(ADMIN)}
    for origin in ("http://evil.example.com", "null", "http://127.0.0.1.evil.example.com"):
        with pytest.raises(InvalidStatus, match="403"):
            Visitor(attacked.url, cookies, origin=origin).open("handbook")


def test_a_browser_that_was_cut_off_goes_on(attacked: AppServer, token_of: Callable[[str], str]):
    cookies = {"scorecard": token_of(ADMIN)}
    answer = Visitor(attacked.url, cookies).open("handbook")
    (session_id,) = {m.new_session.initialize.session_id for m in answer.messages} - {""}
    again = Visitor(attacked.url, cookies, resume=session_id).open("handbook")
    assert not again.is_sign_in
    assert {m.new_session.initialize.session_id for m in again.messages} - {""} == {session_id}
