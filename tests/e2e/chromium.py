"""A Chromium for the browser tests: found, else installed, else a failure that says what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
INSTALL_SECONDS = 300
REMEDY = (
    "The browser tests need Chromium and are not skipped. Install it with "
    "'.venv/bin/python -m playwright install --with-deps chromium', or install the system's "
    "package 'chromium' (or Google Chrome), so that it is on the PATH."
)


def launch(playwright: Playwright) -> Browser:
    """Start Chromium, headless. Fails the test, naming the remedy, when there is none to be had."""
    tried: list[str] = []
    executable = _found(playwright)
    if executable is None:
        for installing in (_from_playwright, _from_apt):
            if complaint := installing():
                tried.append(complaint)
            elif executable := _found(playwright):
                break
    if executable is None:
        pytest.fail("No Chromium. " + " ".join([*tried, REMEDY]), pytrace=False)
    return playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))


def _found(playwright: Playwright) -> Path | None:
    """Playwright's own, when it has been downloaded, else the system's."""
    own = Path(playwright.chromium.executable_path)
    candidates = [own, *(Path(found) for name in SYSTEM_NAMES if (found := shutil.which(name)))]
    return next((path for path in candidates if path.exists()), None)


def _from_playwright() -> str | None:
    return _run([sys.executable, "-m", "playwright", "install", "chromium"])


def _from_apt() -> str | None:
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return "apt-get was not tried: it needs Debian or Ubuntu, and root."
    _run(["apt-get", "update", "-qq"])
    return _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"])


def _run(command: list[str]) -> str | None:
    """None when the command did its work, else what it complained of."""
    name = " ".join(Path(part).name for part in command)
    print(f"No Chromium yet: {name}", file=sys.stderr, flush=True)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"'{name}' failed: {error}."
    if done.returncode == 0:
        return None
    lines = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
    return f"'{name}' failed: {lines[-1]}."
