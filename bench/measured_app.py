"""The app under measurement: a demo company of its own, somebody who is signed in, the process."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from data import users
from data.state import close_state
from pages.view.session_token import make_token
from tests.e2e.server import AppServer, run_command, running_app

SEED, THROUGH = 42, "2026-10-31"
USER = "bench"
# pages/view/authenticator.py names it; importing that outside the app draws warnings.
COOKIE = "scorecard"


@dataclass(frozen=True)
class Company:
    """A demo company with an account: the settings to start the app on it, a cookie to enter."""

    folder: Path
    settings: Mapping[str, str]
    cookies: dict[str, str]

    @contextmanager
    def app(self) -> Iterator[tuple[AppServer, float]]:
        """The running app, and the moment (of ``perf_counter``) at which it was started."""
        begun = perf_counter()
        with running_app(self.settings, self.folder) as server:
            yield server, begun


def build_company(folder: Path, leads: int) -> Company:
    key = secrets.token_urlsafe(48)
    settings = {
        "SCORECARD_HOME": str(folder),
        "STATE_URL": f"sqlite:///{folder / 'state.sqlite'}",
        "WAREHOUSE_URL": f"duckdb:///{folder / 'demo.duckdb'}",
        "SCORECARD_COOKIE_KEY": key,
    }
    size = ("--leads", str(leads), "--seed", str(SEED), "--through", THROUGH)
    run_command(settings, "data", "demo", *size)
    before = os.environ.get("STATE_URL")
    os.environ["STATE_URL"] = settings["STATE_URL"]
    try:
        users.add_account(USER, secrets.token_urlsafe(16), full_name="Bench")
        epoch = users.find_account(USER).session_epoch
        close_state()
    finally:
        os.environ.pop("STATE_URL")
        if before is not None:
            os.environ["STATE_URL"] = before
    token = make_token(USER, epoch, key, now=datetime.now(UTC))
    return Company(folder, settings, {COOKIE: token})


def memory_mb(pid: int) -> float | None:
    """The resident memory of a process in MB; None where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return None
    lines = dict(line.partition(":")[::2] for line in status.splitlines())
    return int(lines["VmRSS"].split()[0]) * 1024 / 1e6
