"""Addresses that nobody was sent: every page answers in words, and runs none of what they hold."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest

from data.config import DIMENSIONS
from pages.view.state import SETTINGS
from tests.attack.company import HOSTILE, MARKS
from tests.attack.conftest import ADMIN, OF_EMEA, PATHS, VIEWER, Open, no_failure

PAYLOADS = (
    *HOSTILE,
    "1' OR '1'='1",
    "1; DROP TABLE users; --",
    "') UNION SELECT password_hash FROM users --",
    "../../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "file:///etc/passwd",
    "a" * 100_000,
    "\0",
    "a\0b",
    "\r\nSet-Cookie: scorecard=x",
    "🏴‍☠️" * 50,
    "مرحبا \u202e\u2066 שלום",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "%",
    "%zz",
    "-1",
    "1e309",
    "NaN",
    "9999-W99",
    "0000-00-00T00:00:00Z",
    "__class__",
    "None",
    "",
)
NAMES = (*SETTINGS, *DIMENSIONS)


def _sound(answer) -> None:
    assert no_failure(answer)
    assert not answer.is_sign_in
    # Nothing of the address stands in the page as markup.
    for html in answer.markup:
        assert "<img src=x" not in html
        assert "<script>" not in html
        assert "<svg onload" not in html
        assert "onmouseover=alert" not in html.replace("&lt;b onmouseover=alert", "")


@pytest.mark.parametrize(("shift", "path"), list(enumerate(PATHS)))
def test_every_setting_hostile_at_once(opened: Open, shift: int, path: str):
    """Each setting gets another payload, and on each page another than on the last."""
    hostile = [text for text in PAYLOADS if len(text) < 1000]
    settings = {
        name: hostile[(number + 5 * shift) % len(hostile)] for number, name in enumerate(NAMES)
    }
    _sound(opened(VIEWER, path, urlencode(settings, errors="replace")))


@pytest.mark.parametrize("name", ["find", "region", "metric", "as_of", "s", "unheard_of"])
def test_100_kb_in_one_setting(opened: Open, name: str):
    _sound(opened(VIEWER, "handbook", f"{name}={'a' * 100_000}"))


@pytest.mark.parametrize(
    "query",
    ["&&&===", "%", "%00=%00", "a" * 100_000, "region", "region=&region=&region=",
     "&".join(f"x{n}=1" for n in range(2000)), "metric[]=mqls", "region=EMEA;region=AMER",
     quote("<script>") + "=1", "%ff%fe=%ff"],
)  # fmt: skip
def test_a_query_of_no_form(opened: Open, query: str):
    _sound(opened(VIEWER, "handbook", query))


@pytest.mark.parametrize(
    "path",
    ["../app", "..%2fapp", "kpi/../admin", "<script>alert(1)</script>", "a" * 100_000, "\0", "KPI",
     "pages/kpi/page", "_stcore", "scorecard/", "//evil.example.com"],
)  # fmt: skip
def test_a_path_of_no_page(opened: Open, path: str):
    _sound(opened(VIEWER, path))
    out = opened(None, path)
    assert out.is_sign_in
    assert not [mark for mark in MARKS if out.holds(mark)]


def test_words_about_a_wrong_setting_name_nothing_that_may_not_be_seen(opened: Open):
    for path, query in (
        ("handbook", "region=AMERR&segment=AMERSECRE&channel=secret"),
        ("kpi", "region=AMER&metric=AMERSECRE&by=x"),
        ("lead", "lead=AMER-L2"),
    ):
        answer = opened(OF_EMEA, path, query)
        assert not answer.holds("AMERSECRET")
        assert not answer.holds("did it mean AMER")
    assert opened(ADMIN, "lead", "lead=AMER-L2").holds("AMERSECRET")


@pytest.mark.long
@pytest.mark.parametrize("path", PATHS)
def test_every_payload_in_every_setting(opened: Open, path: str):
    for payload in PAYLOADS:
        text = quote(payload[:2000], errors="replace")
        for names in (NAMES[:9], NAMES[9:18], NAMES[18:]):
            _sound(opened(VIEWER, path, "&".join(f"{name}={text}" for name in names)))
