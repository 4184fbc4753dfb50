"""The scorecard in a real browser: from the click to the last change that is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import median, quantiles
from time import sleep
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from bench.wire import relay
from tests.e2e.chromium import launch

Figure = tuple[str, float, str, str]
SCREEN = ViewportSize(width=1366, height=768)
CLICKS = 30
FRESH = 7
PATIENCE_MS = 30_000
# A page is drawn when nothing of it has changed for so long; the wait is no part of the figure.
QUIET_MS = 350
# The script is over, nothing greyed is left, and every column of the scorecard has its chart.
COMPLETE = """() => document.querySelector('.stApp[data-test-script-state="notRunning"]')
  && !document.querySelector('[data-stale="true"]')
  && document.querySelectorAll('.tile').length > 0
  && document.querySelectorAll('svg.marks').length === 3"""
# Text, elements and the shapes of charts; not classes, which come and go with the pointer.
WATCH = """() => {
  window.lastChange = performance.now();
  new MutationObserver(() => { window.lastChange = performance.now(); }).observe(
    document.body,
    {subtree: true, childList: true, characterData: true, attributes: true,
     attributeFilter: ["d", "transform", "x1", "x2", "y1", "y2", "width", "height", "data-stale"]}
  );
}"""
# Click and wait; the milliseconds until the last change.
CLICK = """async ([label, quiet, complete]) => {
  const isComplete = eval(complete);
  const buttons = [...document.querySelectorAll('.st-key-bar-cadence button')];
  const before = document.querySelector('.tiles').innerHTML;
  const start = performance.now();
  buttons.find((button) => button.textContent.trim() === label).click();
  window.lastChange = start;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (performance.now() - start > 30000) throw new Error("not redrawn");
    if (document.querySelector('.tiles')?.innerHTML === before || !isComplete()) continue;
    if (performance.now() - window.lastChange > quiet) return window.lastChange - start;
  }
}"""


def measure(address: str, cookies: Mapping[str, str]) -> Iterable[Figure]:
    """Times straight from the app, bytes through a relay that counts them."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            yield from _clicks(browser, address, cookies)
            yield from _fresh(browser, address, cookies)
            yield from _wire(browser, address, cookies)
        finally:
            browser.close()


def _visitor(browser: Browser, address: str, cookies: Mapping[str, str]) -> Page:
    """A browser that has never been here but for the cookie of its sign-in."""
    context = browser.new_context(viewport=SCREEN, locale="en-US")
    context.set_default_timeout(PATIENCE_MS)
    host = urlsplit(address).hostname
    context.add_cookies(
        [{"name": n, "value": v, "domain": str(host), "path": "/"} for n, v in cookies.items()]
    )
    context.add_init_script(f"addEventListener('DOMContentLoaded', {WATCH})")
    return context.new_page()


def _open(page: Page, address: str) -> float:
    """Open a direct link; the seconds from its start to the last change that is drawn."""
    page.goto(f"{address}/scorecard?cadence=monthly", wait_until="commit")
    page.wait_for_function(COMPLETE, polling=20)
    while True:
        passed: Any = page.evaluate("() => [performance.now(), window.lastChange]")
        if passed[0] - passed[1] > QUIET_MS:
            return float(passed[1]) / 1000
        sleep(0.05)


def _click(page: Page, label: str) -> float:
    """Choose a cadence; the seconds from the click to the last change that is drawn."""
    return float(page.evaluate(CLICK, [label, QUIET_MS, COMPLETE])) / 1000


def _clicks(browser: Browser, address: str, cookies: Mapping[str, str]) -> Iterable[Figure]:
    page = _visitor(browser, address, cookies)
    _open(page, address)
    labels = ("Week", "Month", "Quarter", "Month")
    for label in labels:
        _click(page, label)
    taken = [_click(page, labels[n % len(labels)]) for n in range(CLICKS)]
    yield "browser, click to all redrawn: median", median(taken), "s", "≤ 0.6"
    yield "browser, click to all redrawn: 95th percentile", quantiles(taken, n=20)[-1], "s", "≤ 1"
    page.context.close()


def _fresh(browser: Browser, address: str, cookies: Mapping[str, str]) -> Iterable[Figure]:
    taken = []
    for _ in range(FRESH):
        page = _visitor(browser, address, cookies)
        taken.append(_open(page, address))
        page.context.close()
    yield "fresh browser by a direct link: median", median(taken), "s", "≤ 2.5"
    yield "fresh browser by a direct link: slowest", max(taken), "s", ""


def _wire(browser: Browser, address: str, cookies: Mapping[str, str]) -> Iterable[Figure]:
    with relay(address) as wire:
        page = _visitor(browser, wire.address, cookies)
        _open(page, wire.address)
        fresh = wire.received
        _click(page, "Week")
        _click(page, "Month")
        before = wire.received
        _click(page, "Week")
        clicked = wire.received - before
        page.context.close()
    yield "fresh browser: over the wire", fresh / 1e6, "MB", "≤ 3"
    yield "browser, a click: over the wire", clicked / 1e3, "kB", "≤ 300"
