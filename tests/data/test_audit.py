"""The audit log: what is in it, what never is, and that nothing takes it out again."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from data import passwords, users
from data.audit import Actor, DetailValue, Event, command_line, person, read_events, record
from data.errors import AccountError, ScorecardError, StateError
from data.state import open_state
from data.state.models import utc_now
from tests.processes import run_at_once

GOOD, OTHER = "correct zebra 12", "another zebra 12"


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "BCRYPT_ROUNDS", 4)


def logged() -> list[tuple[str | None, str, str | None]]:
    """(who, what, about what) of every row, oldest first."""
    return [(row.actor, row.event, row.subject) for row in read_events()]


def whole_table() -> str:
    with open_state().read() as session:
        return repr(session.execute(text("SELECT * FROM audit_events")).all())


def test_a_row_is_read_back_as_it_was_written(state_url: str) -> None:
    before = utc_now()
    detail: dict[str, DetailValue] = {
        "metric": "mqls",
        "rows": 613,
        "filters": ["region=EMEA", "rep"],
        "names": True,
    }
    record(Event.EXPORT, by=person("ana"), about="mqls.csv", detail=detail)
    (row,) = read_events()
    assert (row.actor, row.source, row.event, row.subject) == ("ana", "app", "export", "mqls.csv")
    assert row.detail == detail | {"filters": "region=EMEA, rep"}
    assert before <= row.at <= utc_now()


def test_since_is_inclusive(state_url: str) -> None:
    record(Event.SIGN_OUT, by=person("ana"))
    (row,) = read_events()
    assert len(list(read_events(since=row.at))) == 1
    assert list(read_events(since=row.at + timedelta(microseconds=1))) == []


def test_long_and_broken_text_is_cut_and_mended(state_url: str) -> None:
    record(Event.EXPORT, by=person("ana"), about="x" * 300, detail={"a": "y" * 300, "b": "\ud83d"})
    (row,) = read_events()
    assert (len(row.subject or ""), len(str(row.detail["a"]))) == (200, 200)
    with pytest.raises(ValueError, match="more than"):
        record(Event.EXPORT, by=person("ana"), detail={str(n): "z" * 200 for n in range(30)})


def test_a_change_that_fails_leaves_no_row_and_a_row_that_fails_no_change(
    state_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.suppress(AccountError), open_state().write() as session:
        record(Event.LINK_MADE, by=person("ana"), session=session)
        raise AccountError("no")
    assert logged() == []
    users.add_account("anna", GOOD)
    before = whole_table()

    def refuse(*_: object, **__: object) -> None:
        raise StateError("the log is full")

    monkeypatch.setattr(users, "record", refuse)
    for change in (
        lambda: users.set_role("anna", "admin"),
        lambda: users.set_active("anna", False),
        lambda: users.set_password("anna", OTHER),
        lambda: users.end_sessions("anna"),
        lambda: users.add_account("bob", GOOD),
        lambda: users.verify("anna", GOOD),
    ):
        account = users.find_account("anna")
        with pytest.raises(StateError, match="the log is full"):
            change()
        assert users.find_account("anna") == account
    assert [a.username for a in users.list_accounts()] == ["anna"]
    assert whole_table() == before


# -- append-only ----------------------------------------------------------------------------------

ATTACKS = {
    "update": "UPDATE audit_events SET actor = 'somebody'",
    "update of no row": "UPDATE audit_events SET actor = 'somebody' WHERE id = 1",
    "delete": "DELETE FROM audit_events WHERE event = 'sign_out'",
    "upsert": (
        "INSERT INTO audit_events (id, at, source, event, detail) "
        "VALUES (1, '2026-01-01', 'app', 'x', '{}') ON CONFLICT (id) DO UPDATE SET actor = 'x'"
    ),
    "truncate": "TRUNCATE audit_events",
    "replace": (
        "INSERT OR REPLACE INTO audit_events (id, at, source, event, detail) "
        "VALUES (1, '2026-01-01', 'app', 'x', '{}')"
    ),
}
ONLY_ON = {"truncate": "postgresql", "replace": "sqlite"}


def test_the_database_refuses_to_change_or_delete_a_row(state_url: str) -> None:
    record(Event.SIGN_OUT, by=person("ana"))
    store, before = open_state(), whole_table()
    for name, statement in ATTACKS.items():
        if ONLY_ON.get(name, store.engine.dialect.name) != store.engine.dialect.name:
            continue
        with (
            pytest.raises(SQLAlchemyError, match="audit_events is append-only"),
            store.engine.begin() as connection,
        ):
            connection.execute(text(statement))
        assert whole_table() == before, name
    record(Event.SIGN_OUT, by=person("ana"))
    assert [row.id for row in read_events()] == [1, 2]


def test_another_program_on_the_file_is_refused_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "state.sqlite"
    monkeypatch.setenv("STATE_URL", f"sqlite:///{path}")
    record(Event.SIGN_OUT, by=person("ana"))
    for statement in (ATTACKS["update"], ATTACKS["delete"], ATTACKS["replace"]):
        connection = sqlite3.connect(path)
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
        connection.close()


# -- accounts -------------------------------------------------------------------------------------


def test_every_change_of_an_account_is_logged(state_url: str) -> None:
    users.add_account("ada", GOOD, role="admin", by=Actor("root", "cli"))
    ada = person("ada")
    users.add_account("anna", GOOD, full_name="Anna Secret", email="anna@example.com", by=ada)
    users.set_role("anna", "admin", by=ada)
    users.set_role("anna", "admin", by=ada)  # changes nothing
    users.set_scope("anna", ["region=EMEA", "region=AMER", "rep=Anna Secret"], by=ada)
    users.set_scope("anna", [], by=ada)
    users.set_active("anna", False, by=ada)
    users.set_active("anna", True, by=ada)
    users.set_password("anna", OTHER, by=person("anna"))
    users.end_sessions("anna", by=ada)
    users.unlock("anna", by=ada)
    assert users.verify("anna", OTHER) is not None
    assert logged() == [
        ("root", "account_added", "ada"),
        ("ada", "account_added", "anna"),
        ("ada", "role_changed", "anna"),
        ("ada", "scope_changed", "anna"),
        ("ada", "scope_changed", "anna"),
        ("ada", "account_disabled", "anna"),
        ("ada", "account_enabled", "anna"),
        ("anna", "password_set", "anna"),
        ("ada", "sessions_ended", "anna"),
        ("ada", "account_unlocked", "anna"),
        ("anna", "sign_in", "anna"),
    ]
    assert [row.detail for row in read_events()][2:5] == [
        {"before": "viewer", "after": "admin"},
        {"sees": "region=AMER|EMEA, rep"},
        {"sees": "everything"},
    ]
    table = whole_table()
    for secret in (GOOD, OTHER, "$2b$", "Secret", "example.com"):
        assert secret not in table


def test_what_is_refused_is_not_logged(state_url: str) -> None:
    users.add_account("anna", GOOD)
    for refused in (
        lambda: users.add_account("anna", GOOD),
        lambda: users.set_role("anna", "king"),
        lambda: users.set_password("anna", "short"),
        lambda: users.end_sessions("nobody"),
    ):
        with pytest.raises(ScorecardError):
            refused()
    assert [event for _, event, _ in logged()] == ["account_added"]


def test_the_command_line_is_named_by_the_machine(
    state_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "root")
    users.add_account("anna", GOOD)
    (row,) = read_events()
    assert (row.source, row.actor) == ("cli", "root")

    def nobody() -> str:
        raise OSError("no such account")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert command_line() == Actor(None, "cli")


# -- sign-ins that fail ---------------------------------------------------------------------------


def test_failures_and_the_lock_are_logged_once_each(state_url: str) -> None:
    users.add_account("anna", GOOD)
    for _ in range(8):
        assert users.verify("anna", "wrong") is None
    failed = (None, "sign_in_failed", "anna")
    assert logged()[1:] == [*[failed] * 5, (None, "name_locked", "anna")]


def _guess() -> None:
    for _ in range(3):
        users.verify("anna", "wrong wrong")


def test_guesses_at_once_lock_once(state_url: str) -> None:
    users.add_account("anna", GOOD)
    assert run_at_once(4, {"STATE_URL": state_url}, _guess) == [0] * 4
    events = [event for _, event, _ in logged()]
    assert (events.count("sign_in_failed"), events.count("name_locked")) == (5, 1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[timedelta]:
    """How far the clock is ahead; set its one item."""
    ahead = [timedelta(0)]
    for module in ("data.sign_in_failures.utc_now", "data.audit.utc_now", "data.users.utc_now"):
        monkeypatch.setattr(module, lambda: utc_now() + ahead[0])
    return ahead


def test_a_name_that_no_account_has_is_not_written_down(
    state_url: str, clock: list[timedelta]
) -> None:
    typed = "my-secret-password-9"  # a form of user name, typed into the wrong box
    for name in (typed, "other.name", "third"):
        assert users.verify(name, "wrong") is None
    assert [(row.subject, row.detail) for row in read_events()] == [(None, {"account": "unknown"})]
    clock[0] = timedelta(seconds=61)
    for _ in range(6):
        assert users.verify(typed, "wrong") is None
    assert logged() == [(None, "sign_in_failed", None)] * 2
    assert typed not in whole_table()
