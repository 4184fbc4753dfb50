"""The log's two forms, what stands in a line, and settings that are none."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from data import logs
from data.errors import ConfigError


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    logs.unbind_all()
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_of_json_holds_what_is_bound_and_a_traceback_without_breaking():
    out = io.StringIO()
    logs.configure_logs(out)
    logs.bind(run="a1", viewer="b2")
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("data.x").exception("it %s", "failed", extra={"seconds": 1.5})
    logs.unbind_all()
    logging.getLogger("data.x").debug("not at this level")
    logging.getLogger("data.x").info("later")
    first, second = map(json.loads, out.getvalue().splitlines())
    assert (first["event"], first["run"], first["viewer"]) == ("it failed", "a1", "b2")
    assert (first["level"], first["logger"], first["seconds"]) == ("error", "data.x", 1.5)
    assert "ValueError: two\nlines" in first["exception"]
    assert first["timestamp"].endswith("Z")
    assert second["event"] == "later"
    assert "run" not in second


def test_at_a_desk_it_is_read_by_people(monkeypatch: pytest.MonkeyPatch):
    out = io.StringIO()
    monkeypatch.setenv("SCORECARD_LOG", "text")
    monkeypatch.setenv("SCORECARD_LOG_LEVEL", "warning")
    logs.configure_logs(out)
    logging.getLogger("data.x").info("nothing")
    logging.getLogger("data.x").warning("slow statement", extra={"seconds": 7})
    (line,) = out.getvalue().splitlines()
    assert "slow statement" in line
    assert "seconds=7" in line
    assert not line.startswith("{")


@pytest.mark.parametrize("name", ["SCORECARD_LOG", "SCORECARD_LOG_LEVEL"])
def test_a_setting_that_is_none_changes_nothing(name: str, monkeypatch: pytest.MonkeyPatch):
    before = list(logging.getLogger().handlers)
    monkeypatch.setenv(name, "jsno" if name == "SCORECARD_LOG" else "warn")
    with pytest.raises(ConfigError, match=r"Nearest: '(json|warning)'"):
        logs.configure_logs(io.StringIO())
    assert logging.getLogger().handlers == before


def test_a_name_in_the_log_needs_the_key():
    assert logs.log_name("ada", "k" * 40) == logs.log_name("ada", "k" * 40)
    found = {logs.log_name(*one) for one in (("ada", "k"), ("ada", "l"), ("bob", "k"))}
    assert len(found) == 3
    assert all(len(name) == 12 for name in found)
