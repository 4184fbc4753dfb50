"""The real app as a process of its own, on a port of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 90
STOP_SECONDS = 10
# What a developer has set for themselves does not reach the app under test.
OWN_SETTINGS = ("SCORECARD_", "STREAMLIT_", "WAREHOUSE_URL", "STATE_URL")


@dataclass(frozen=True)
class AppServer:
    """A running app: its address (``http://127.0.0.1:PORT``), its log and its process id."""

    url: str
    log_file: Path
    pid: int

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child process: this one's without its settings, plus those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OWN_SETTINGS)}
    return {**kept, "PYTHONUNBUFFERED": "1", **settings}


def run_command(settings: Mapping[str, str], *arguments: str, stdin: str = "") -> str:
    """``python -m ARGUMENTS``; its standard output. An exit code other than 0 fails the test."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=environment(settings),
        input=stdin,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"python -m {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
    return done.stdout


@contextmanager
def running_app(
    settings: Mapping[str, str], folder: Path, *, script: str = "app.py"
) -> Iterator[AppServer]:
    """Start the app with these environment settings, wait until it answers; always stopped.

    ``folder`` takes its log; ``script`` is another entry than the app's own.
    """
    port = _free_port()
    log_file = folder / f"app-{port}.log"
    command = [sys.executable, "-m", "streamlit", "run", script]
    options = ["--server.port", str(port), "--server.address", "127.0.0.1"]
    # Nobody edits files during a test; watching them costs the machine more than the app does.
    options += ["--server.headless", "true", "--server.fileWatcherType", "none"]
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command + options,
            cwd=ROOT,
            env=environment(settings),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = AppServer(f"http://127.0.0.1:{port}", log_file, process.pid)
    try:
        _wait(server, process)
        yield server
    finally:
        _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(server: AppServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"The app ended while starting:\n{server.log}")
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"The app did not answer within {START_SECONDS} s:\n{server.log}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the app and whatever it has started: its process group."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
