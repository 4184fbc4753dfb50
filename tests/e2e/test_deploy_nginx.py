"""The nginx site as it is shipped, in front of the real app, over TLS, in a real browser."""

from __future__ import annotations

import gzip
import http.client
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests import nginx
from tests.e2e.conftest import Account
from tests.e2e.server import AppServer
from tests.e2e.visit import settled, sign_in

Answer = tuple[int, dict[str, str], bytes]
SECURE = {
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "same-origin",
}


@pytest.fixture(scope="module")
def proxy(demo_app: AppServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[nginx.Proxy]:
    nginx.executable()
    # Browsers look up no name under .localhost: it is this machine.
    found = nginx.Proxy(
        "scorecard.localhost", nginx.free_port(), nginx.free_port(), tmp_path_factory.mktemp("ngx")
    )
    port = urlsplit(demo_app.url).port
    assert port is not None
    with nginx.running(found, port):
        yield found


def ask(proxy: nginx.Proxy, path: str, *, tls: bool = True, body: bytes | None = None) -> Answer:
    """Status, headers (names in lower case) and body of a request that takes gzip."""
    connection: http.client.HTTPConnection
    if tls:
        trusted = ssl.create_default_context(cafile=str(proxy.folder / "cert.pem"))
        trusted.check_hostname = False  # the name is looked up by nobody here
        connection = http.client.HTTPSConnection(
            "127.0.0.1", proxy.https_port, context=trusted, timeout=20
        )
    else:
        connection = http.client.HTTPConnection("127.0.0.1", proxy.http_port, timeout=20)
    headers = {"Host": proxy.name, "Accept-Encoding": "gzip"}
    connection.request("GET" if body is None else "POST", path, body=body, headers=headers)
    answer = connection.getresponse()
    found = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    connection.close()
    return found


def test_what_goes_over_the_line(proxy: nginx.Proxy) -> None:
    status, headers, _ = ask(proxy, "/kpi?metric=mqls", tls=False)
    assert (status, headers["location"]) == (301, f"https://{proxy.name}/kpi?metric=mqls")

    status, headers, body = ask(proxy, "/")
    assert (status, headers["cache-control"], headers["content-encoding"]) == (
        200, "no-cache", "gzip",
    )  # fmt: skip
    assert {name: headers[name] for name in SECURE} == SECURE
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert headers["server"] == "nginx"
    script = gzip.decompress(body).decode().partition('crossorigin src=".')[2].partition('"')[0]
    assert script.startswith("/static/js/")
    status, headers, _ = ask(proxy, script)
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert headers["cache-control"] == "public, immutable, max-age=31536000"
    assert {name: headers[name] for name in SECURE} == SECURE

    status, headers, body = ask(proxy, "/ready")
    assert (status, headers["cache-control"]) == (200, "no-store")
    assert b'"ready"' in body
    status, headers, _ = ask(proxy, "/s/" + "a" * 16)
    assert (status, headers["location"]) == (303, f"/?s={'a' * 16}")
    assert headers["strict-transport-security"]  # on every answer, errors too
    status, headers, _ = ask(proxy, "/_stcore/agent/openapi.json")
    assert (status, headers["x-content-type-options"]) == (404, "nosniff")
    assert ask(proxy, "/_stcore/metrics")[0] == 200  # from this machine
    for path in ("/metrics", "//metrics", "/%6detrics", "/./metrics", "/x/../metrics"):
        status, _, body = ask(proxy, path)
        assert (status, b"nginx" in body) == (404, True), path  # the app was not even asked
    assert ask(proxy, "/_stcore/upload_file/a/b", body=b"x" * 1_500_000)[0] == 413


def test_the_app_runs_over_tls_and_its_policy_is_kept(
    browser: Browser, proxy: nginx.Proxy, accounts: dict[str, Account]
) -> None:
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1366, "height": 768})
    context.set_default_timeout(30_000)
    page = context.new_page()
    sockets: list[str] = []
    said: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{proxy.https_url}/kpi?metric=mqls")
    sign_in(page, accounts["viewer"])
    expect(page.locator("svg.marks").first).to_be_visible()
    settled(page)
    assert sockets == [f"wss://{proxy.name}:{proxy.https_port}/_stcore/stream"]
    # The cookie was set, under the policy, and never over plain http.
    (cookie,) = [c for c in context.cookies() if c["name"] == "scorecard"]
    assert (cookie["secure"], cookie["sameSite"]) == (True, "Strict")
    page.reload()
    expect(page.locator("svg.marks").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").last.click()
    assert download.value.suggested_filename.startswith("mqls-")
    refused = [text for text in said if "Content Security Policy" in text or "Refused" in text]
    assert refused == []
    context.close()
