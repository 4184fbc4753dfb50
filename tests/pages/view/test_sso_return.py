"""Where a visitor is sent after single sign-on: the page that they left, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from pages.view.sso_return import COOKIE, MAX_BYTES, SignInReturn, destination

HOST = "scorecard.example.com"
Headers = list[tuple[str, str]]


@pytest.mark.parametrize(
    ("address", "root", "where"),
    [
        (f"https://{HOST}/funnel?region=EMEA&region=AMER", "/", "funnel?region=EMEA&region=AMER"),
        (f"https://{HOST}/?s=AbCd", "/", "?s=AbCd"),
        (f"https://{HOST}/kpi", "/", "kpi"),
        (f"https://{HOST}/under/kpi?find=a+b%26c", "/under/", "kpi?find=a+b%26c"),
        (f"https://{HOST}/lead?find=%0d%0aSet-Cookie:a", "/", "lead?find=%0D%0ASet-Cookie%3Aa"),
        (f"https://{HOST}/", "/", None),
        (f"https://{HOST}/kpi", "/under/", None),
        ("https://evil.example.com/kpi", "/", None),
        (f"https://evil@{HOST}/kpi", "/", None),
        (f"https://{HOST}//evil.example.com/kpi", "/", None),
        (f"https://{HOST}/..%2f..%2fetc", "/", None),
        (f"https://{HOST}/a/b", "/", None),
        (f"https://{HOST}/\\evil.example.com", "/", None),
        (f"https://{HOST}/kpi?find={'a' * MAX_BYTES}", "/", None),
        ("https://[oops/kpi", "/", None),
        ("", "/", None),
    ],
)
def test_a_destination_is_a_page_of_this_app(address: str, root: str, where: str | None) -> None:
    assert destination(address, HOST, root) == where


@given(st.text(max_size=60))
def test_whatever_is_sent_stays_on_one_line_in_this_app(text: str) -> None:
    for address in (text, f"https://{HOST}/{text}", f"//{HOST}/kpi?{text}"):
        where = destination(address, HOST, "/")
        assert where is None or (where.isascii() and where.isprintable() and " " not in where)
        assert where is None or where[0] not in "/\\"


def _answer(
    path: str, headers: Headers, inner: Headers, status: int = 302
) -> tuple[Headers, bytes]:
    """The headers and the body that the middleware makes of an answer of Streamlit's."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raw = [(name.encode(), value.encode()) for name, value in inner]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": b"inner"})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    asked = [(b"host", HOST.encode()), *((n.encode(), v.encode()) for n, v in headers)]
    scope: Scope = {"type": "http", "path": path, "headers": asked}
    middleware = SignInReturn(app, root=lambda: "/", is_secure=lambda: True)
    # By hand: a browser that other tests have open keeps an event loop running in this thread.
    with pytest.raises(StopIteration):
        middleware(scope, receive, send).send(None)
    return [(n.decode(), v.decode()) for n, v in sent[0]["headers"]], sent[1]["body"]


def _values(headers: Headers, name: str) -> list[str]:
    return [value for found, value in headers if found == name]


def test_there_and_back() -> None:
    leaving, _ = _answer(
        "/auth/login",
        [("referer", f"https://{HOST}/funnel?region=EMEA")],
        [("location", "https://idp.example.com/authorize")],
    )
    assert _values(leaving, "location") == ["https://idp.example.com/authorize"]
    (cookie,) = _values(leaving, "set-cookie")
    assert cookie == (
        f"{COOKIE}=funnel?region=EMEA; Max-Age=600; Path=/; HttpOnly; SameSite=Lax; Secure"
    )
    returning, _ = _answer(
        "/oauth2callback",
        [("cookie", cookie.partition(";")[0])],
        [("location", "/"), ("set-cookie", "_streamlit_user=claims; HttpOnly; Path=/")],
    )
    assert _values(returning, "location") == ["/funnel?region=EMEA"]
    # Streamlit's cookie is kept to https, and the page is not remembered for another time.
    assert _values(returning, "set-cookie") == [
        "_streamlit_user=claims; HttpOnly; Path=/; Secure",
        f"{COOKIE}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure",
    ]


@pytest.mark.parametrize(
    "kept", ["//evil.example.com", "https://evil.example.com/", "/../kpi", "a/b", "kpi\\..", ""]
)
def test_a_cookie_of_somebody_else_leads_nowhere(kept: str) -> None:
    headers, _ = _answer("/oauth2callback", [("cookie", f"{COOKIE}={kept}")], [("location", "/")])
    assert _values(headers, "location") == ["/"]


def test_another_site_s_page_is_not_remembered() -> None:
    referer = ("referer", "https://evil.example.com/kpi?region=EMEA")
    headers, _ = _answer("/auth/login", [referer], [("location", "https://idp.example.com/")])
    assert _values(headers, "set-cookie")[0].startswith(f"{COOKIE}=; Max-Age=0;")


def test_where_the_provider_does_not_answer_there_are_words() -> None:
    headers, body = _answer("/auth/login", [], [("content-length", "5")], status=400)
    assert b"The identity provider does not answer" in body
    assert _values(headers, "content-length") == [str(len(body))]


def test_all_other_answers_pass_as_they_are() -> None:
    inner = [("location", "/"), ("set-cookie", "a=b")]
    assert _answer("/kpi", [("cookie", f"{COOKIE}=funnel")], inner) == (inner, b"inner")
