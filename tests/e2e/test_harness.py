"""The harness itself: a real browser, and clear words when there is none."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.e2e import chromium


def test_the_browser_runs_scripts(page: Page):
    page.set_content("<p id='sum'></p><script>sum.textContent = 40 + 2</script>")
    assert page.inner_text("#sum") == "42"


def test_each_visitor_starts_without_cookies(page: Page, browser: Browser):
    page.context.add_cookies([{"name": "a", "value": "1", "url": "http://127.0.0.1"}])
    with browser.new_context() as other:
        assert other.cookies() == []


def test_without_chromium_the_failure_names_the_remedy(
    monkeypatch: pytest.MonkeyPatch, browser: Browser
):
    def refused(command: list[str]) -> str:
        return f"{command[0]} refused."

    monkeypatch.setattr(chromium, "_found", lambda playwright: None)
    monkeypatch.setattr(chromium, "_run", refused)
    with pytest.raises(pytest.fail.Exception, match=r"refused\..*playwright install --with-deps"):
        chromium.launch(Playwright.__new__(Playwright))
