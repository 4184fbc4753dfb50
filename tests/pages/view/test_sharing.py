"""What a shared link shows later, where a visit lands, and that no file goes out unlogged."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings

from data import users
from data.audit import Actor, Event, read_events
from data.errors import AccountError, StateError
from data.view_address import ViewAddress
from pages.view import export
from pages.view.auth import Viewer
from pages.view.export import SessionId
from pages.view.state import frozen_query, parse, to_query
from tests.pages.test_state import BOUNDS, views

# A year on: other data, another default period for every cadence.
LATER = replace(
    BOUNDS,
    as_of=BOUNDS.as_of + timedelta(days=400),
    newest=BOUNDS.newest + timedelta(days=400),
)


@given(views())
@settings(max_examples=40)
def test_a_frozen_link_asks_the_same_a_year_later(view):
    address = ViewAddress.of("scorecard", frozen_query(view, BOUNDS))
    found, notices = parse(address.settings, LATER)
    assert notices == ()
    assert found.question(LATER) == view.question(BOUNDS)
    assert found == replace(view, as_of=view.as_of or BOUNDS.as_of)
    # And today it shows what the view shows.
    assert parse(address.settings, BOUNDS)[0].question(BOUNDS) == view.question(BOUNDS)


def test_a_plain_link_moves_on():
    view, _ = parse({}, BOUNDS)
    address = ViewAddress.of("scorecard", to_query(view, BOUNDS))
    assert address.query == ""
    assert parse(address.settings, LATER)[0].period != view.period


# -- files ----------------------------------------------------------------------------------------


ANNA = Viewer("anna", "anna", "viewer")
ADMIN = Actor("root", "cli")


@pytest.fixture
def session(state_url: str, monkeypatch: pytest.MonkeyPatch) -> SessionId:
    account = users.add_account("anna", "correct zebra 12")
    found = SessionId(account.username, account.session_epoch)
    monkeypatch.setattr(export, "current_session", lambda viewer: found)
    return found


def _exports() -> list[tuple[str | None, str | None, dict]]:
    return [(r.actor, r.subject, r.detail) for r in read_events() if r.event == Event.EXPORT]


def test_a_file_is_logged_when_it_is_handed_over(session: SessionId):
    make = export._logged(lambda: b"a,b\r\n", ANNA, "mqls-mqls.csv", {"metric": "mqls", "rows": 3})
    assert _exports() == []
    assert make() == b"a,b\r\n"
    assert _exports() == [("anna", "mqls-mqls.csv", {"metric": "mqls", "rows": 3})]


def test_no_file_without_a_log(session: SessionId, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise StateError("the log is full")

    monkeypatch.setattr(export, "record", refuse)
    with pytest.raises(StateError, match="the log is full"):
        export._logged(lambda: b"secret", ANNA, "x.csv", {})()


def test_no_file_for_a_session_that_has_ended(session: SessionId, monkeypatch: pytest.MonkeyPatch):
    made: list[str] = []

    def build() -> bytes:
        made.append("made")
        return b""

    make = export._logged(build, ANNA, "x.csv", {})
    users.end_sessions("anna", by=ADMIN)
    with pytest.raises(AccountError, match="session has ended"):
        make()
    monkeypatch.setattr(export, "current_session", lambda viewer: None)
    with pytest.raises(AccountError, match="session has ended"):
        export._logged(lambda: b"", ANNA, "x.csv", {})()
    assert (made, _exports()) == ([], [])


def test_no_file_of_what_may_not_be_seen_any_more(session: SessionId):
    make = export._logged(lambda: b"everything", ANNA, "x.csv", {})
    users.set_scope("anna", ["region=EMEA"], by=ADMIN)  # ends no session
    with pytest.raises(AccountError, match="sees something else"):
        make()
    assert _exports() == []
