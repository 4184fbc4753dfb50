"""The state database is held by somebody: what is shown goes on, writes wait or are refused."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

import pytest
from sqlalchemy import create_engine, text

import data.state.engine
from data import users
from data.errors import StateError
from tests.reliability.conftest import MARK, House, is_whole


def test_a_write_is_refused_in_words_and_holds_once_it_is_free(
    state_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(data.state.engine, "BUSY_SECONDS", 1)
    users.add_account("ada", "correct zebra 12")
    engine = create_engine(state_url)
    with engine.connect() as other:
        is_sqlite = engine.dialect.name == "sqlite"
        other.execute(text("BEGIN IMMEDIATE" if is_sqlite else "LOCK TABLE users IN SHARE MODE"))
        with pytest.raises(StateError, match=r"is busy.*Try again in a moment"):
            users.set_role("ada", "admin")
        assert users.find_account("ada").role == "viewer"  # reading goes on
        other.rollback()
    engine.dispose()
    assert users.set_role("ada", "admin").role == "admin"


def test_a_write_waits_for_a_short_one(state_url: str):
    users.add_account("ada", "correct zebra 12")
    engine = create_engine(state_url)
    with engine.connect() as other:
        is_sqlite = engine.dialect.name == "sqlite"
        other.execute(text("BEGIN IMMEDIATE" if is_sqlite else "LOCK TABLE users IN SHARE MODE"))
        writing = threading.Thread(target=users.set_role, args=("ada", "admin"))
        writing.start()
        writing.join(0.5)
        assert writing.is_alive()
        other.rollback()
    writing.join(20)
    engine.dispose()
    assert users.find_account("ada").role == "admin"


def test_pages_are_shown_while_it_is_locked(house: House):
    path = house.settings["STATE_URL"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for page in (("kpi", "metric=mqls&cadence=yearly"), ("handbook", ""), ("review", "")):
            answer = house.open(*page)
            assert is_whole(answer), page
            assert MARK not in answer.words
        other.execute("ROLLBACK")
