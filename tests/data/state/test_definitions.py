"""Versions of definitions: one a change, none for a start that changes nothing, however many."""

from __future__ import annotations

from sqlalchemy import func, select

from data.state import DefinitionVersion, open_state
from data.state.definitions import newest_definitions, read_definitions, record_definitions
from tests.processes import run_at_once

FIRST = {"mqls": ("f1", "{}"), "sqls": ("g1", "{}")}


def record_own(fingerprint: str) -> None:
    """What one of several processes does at its start."""
    found = {"mqls": (fingerprint, "{}"), "sqls": (fingerprint, "{}")}
    record_definitions(open_state(), "Acme", found)


def versions() -> list[tuple[str, int, str]]:
    table = DefinitionVersion
    statement = select(table.metric, table.version, table.fingerprint)
    with open_state().read() as session:
        return [(*row,) for row in session.execute(statement.order_by(table.metric, table.version))]


def test_a_change_adds_a_version_and_the_same_again_adds_none(state_url: str) -> None:
    store = open_state()
    record_definitions(store, "Acme", FIRST)
    record_definitions(store, "Acme", FIRST)
    assert versions() == [("mqls", 0, "f1"), ("sqls", 0, "g1")]
    record_definitions(store, "Acme", FIRST | {"mqls": ("f2", '{"window_days": 14}')})
    record_definitions(store, "Acme", FIRST)  # and back again: a change as well
    mqls = [("mqls", 0, "f1"), ("mqls", 1, "f2"), ("mqls", 2, "f1")]
    assert versions() == [*mqls, ("sqls", 0, "g1")]
    assert newest_definitions(store, "Acme") == {"mqls": "f1", "sqls": "g1"}
    history = read_definitions(store, "Acme", "mqls")
    assert [one.parts for one in history] == ["{}", '{"window_days": 14}', "{}"]
    assert history[0].seen_at <= history[1].seen_at <= history[2].seen_at


def test_companies_have_each_their_own(state_url: str) -> None:
    store = open_state()
    record_definitions(store, "Acme", FIRST)
    assert newest_definitions(store, "Other") == {}
    record_definitions(store, "Other", {"mqls": ("h", "{}")})
    assert newest_definitions(store, "Acme")["mqls"] == "f1"
    assert read_definitions(store, "Other", "sqls") == []


def test_processes_that_start_at_once_record_one_version(state_url: str) -> None:
    open_state()
    assert run_at_once(4, {"STATE_URL": state_url}, record_own, "f1") == [0] * 4
    with open_state().read() as session:
        assert session.scalar(select(func.count()).select_from(DefinitionVersion)) == 2
