"""What is counted and logged tells whoever watches the server enough, and nobody else anything."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from data.logs import log_name
from tests.attack.company import AMER, MARKS
from tests.attack.conftest import ADMIN, OF_EMEA, PASSWORD, PEOPLE, Open
from tests.e2e.conftest import Settings
from tests.e2e.server import AppServer

VIEW = ("kpi", "metric=mqls&cadence=yearly")


def _metrics(app: AppServer, **headers: str) -> tuple[int, str]:
    with closing(http.client.HTTPConnection(urlsplit(app.url).netloc, timeout=20)) as connection:
        connection.request("GET", "/metrics", headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def _lines(app: AppServer) -> list[dict[str, Any]]:
    return [json.loads(line) for line in app.log.splitlines() if line.startswith("{")]


def test_the_metrics_are_for_the_token_alone(
    attacked: AppServer,
    attack_settings: Settings,
    seen: Open,
    token_of: Callable[[str], str],
):
    token = attack_settings["SCORECARD_METRICS_TOKEN"]
    seen(ADMIN, *VIEW)
    tried = [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {token[:-1]}"},
        {"Authorization": f"Bearer {token}x"},
        {"Authorization": f"Basic {token}"},
        {"Authorization": token},
        # Somebody signed in, and somebody who says where they come from.
        {"Cookie": f"scorecard={token_of(ADMIN)}"},
        {"X-Forwarded-For": "127.0.0.1", "X-Real-Ip": "127.0.0.1", "Forwarded": "for=127.0.0.1"},
    ]
    for headers in tried:
        assert _metrics(attacked, **headers) == (401, "Show the token.\n"), headers
    status, text = _metrics(attacked, Authorization=f"Bearer {token}")
    assert status == 200
    assert 'scorecard_runs_total{outcome="shown",page="kpi"}' in text
    assert 'scorecard_statements_total{outcome="ok",page="kpi"}' in text
    assert "scorecard_warehouse_up 1.0" in text
    assert 'scorecard_http_requests_total{method="GET",route="/metrics",status="401"}' in text
    for secret in (*MARKS, *PEOPLE, "EMEA", token):
        assert secret not in text


def test_the_log_is_json_and_follows_a_visit_without_a_name(
    attacked: AppServer, attack_settings: Settings, opened: Open
):
    opened(OF_EMEA, *VIEW)
    opened(OF_EMEA, "handbook")
    opened(ADMIN, "handbook")
    runs = [line for line in _lines(attacked) if line["event"] == "run"]
    (first, second, third) = runs[-3:]
    assert (first["page"], first["outcome"]) == ("kpi", "shown")
    assert first["seconds"] > 0
    key = attack_settings["SCORECARD_COOKIE_KEY"]
    assert first["viewer"] == second["viewer"] == log_name(OF_EMEA, key)
    assert third["viewer"] == log_name(ADMIN, key)
    # Without the key the names that are known do not lead to it.
    assert log_name(OF_EMEA, "another key") != first["viewer"]
    assert len({run["session"] for run in (first, second, third)}) == 3
    # The server's own lines are of the same form; the banner is no log.
    others = [line for line in attacked.log.splitlines() if line.strip() and line[0] != "{"]
    assert [line.split()[0] for line in others] == ["You", "URL:"]
    # Whatever the suite has asked so far: nobody is named, and no value of a statement either.
    for secret in (*PEOPLE, PASSWORD, *MARKS, *attack_settings["SCORECARD_COOKIE_KEY"].split()):
        assert secret not in attacked.log, secret


def test_a_slow_statement_is_logged_with_its_sql_and_not_its_values(
    attacked: AppServer, opened: Open
):
    asked = f"{AMER} who is looked for"
    opened(ADMIN, "lead", f"lead={asked}")
    slow = [line for line in _lines(attacked) if line["event"] == "slow statement"]
    (found, *_) = [line for line in reversed(slow) if line["page"] == "lead" and line["values"]]
    assert "lead_id" in found["sql"]
    assert {"viewer", "session", "run", "seconds", "engine"} <= set(found)
    assert asked not in json.dumps(slow)


@pytest.mark.parametrize("token", ["", "short", "x" * 40])
def test_without_a_good_token_there_is_no_route(token: str, monkeypatch: pytest.MonkeyPatch):
    from pages.view.metrics_route import metrics_token

    monkeypatch.setenv("SCORECARD_METRICS_TOKEN", token)
    assert metrics_token() is None
