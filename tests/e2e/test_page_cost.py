"""What a run of a page may send, counted on the wire and held against docs/design.md.

Counts, not times: a message or a kilobyte more is paid by everybody on every click.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data import users
from pages.view.session_token import make_token
from tests.attack.visitor import Answer, Visitor
from tests.e2e.conftest import Account, Settings
from tests.e2e.server import AppServer

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "design.md"
ROW = re.compile(r"^\| (\w+) \| `(\S*)` \| (\d+) \| (\d+) \|$", re.MULTILINE)
STATED = {
    name: (address, int(messages), int(kilobytes))
    for name, address, messages, kilobytes in ROW.findall(DOCUMENT.read_text(encoding="utf-8"))
}
QUICK = ("Scorecard", "KPI")


@pytest.fixture
def visitor(
    demo_app: AppServer,
    demo_settings: Settings,
    accounts: dict[str, Account],
    monkeypatch: pytest.MonkeyPatch,
) -> Visitor:
    monkeypatch.setenv("STATE_URL", demo_settings["STATE_URL"])
    name = accounts["viewer"].username
    epoch = users.find_account(name).session_epoch
    key = demo_settings["SCORECARD_COOKIE_KEY"]
    return Visitor(demo_app.url, {"scorecard": make_token(name, epoch, key, now=datetime.now(UTC))})


def elements(answer: Answer) -> int:
    return sum(message.WhichOneof("type") == "delta" for message in answer.messages)


@pytest.mark.parametrize(
    "page", [p if p in QUICK else pytest.param(p, marks=pytest.mark.long) for p in STATED]
)
def test_a_run_sends_no_more_than_the_document_says(page: str, visitor: Visitor):
    address, most_messages, most_kilobytes = STATED[page]
    path, _, query = address.partition("?")
    answer = visitor.open(path, query)
    assert not answer.tracebacks
    assert elements(answer) <= most_messages
    assert len(answer.raw) / 1000 <= most_kilobytes
    # Neither is the statement so wide that nothing would be noticed.
    assert elements(answer) >= 0.6 * most_messages


def test_the_style_sheet_is_sent_once_for_all_runs(visitor: Visitor):
    """It is large enough for a browser to keep, and the same whatever is shown."""
    sheets = []
    for query in ("", "cadence=monthly"):
        found = [
            message
            for message in visitor.open("scorecard", query).messages
            if "--ink2:" in message.delta.new_element.html.body
        ]
        assert [message.metadata.cacheable for message in found] == [True]
        sheets.append(found[0].hash)
    assert len(set(sheets)) == 1


def test_the_document_names_the_pages():
    assert len(STATED) >= 8
