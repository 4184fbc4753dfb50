from __future__ import annotations

import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import column, create_engine, insert, inspect, table, text, update
from sqlalchemy.engine import make_url

from data.errors import ConfigError, StateError
from data.state import Base, StateStore, open_state
from data.state import state_url as configured_url
from data.state.engine import checked_url, make_engine
from data.state.migrate import alembic_config
from data.state.version import VERSION_TABLE, is_current, newest_version
from tests.processes import run_at_once

VERSION = table(VERSION_TABLE, column("version_num"))


def test_upgrade_from_empty_equals_models(state_url: str) -> None:
    with open_state().engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": VERSION_TABLE,
                "compare_type": True,
                "compare_server_default": True,
            },
        )
        assert compare_metadata(context, Base.metadata) == []


def test_check_constraints_equal_models(state_url: str) -> None:
    # Alembic's comparison leaves check constraints out.
    found = inspect(open_state().engine)
    for name, model in Base.metadata.tables.items():
        expected = {c.name for c in model.constraints if type(c).__name__ == "CheckConstraint"}
        assert {c["name"] for c in found.get_check_constraints(name)} == expected


def test_the_newest_version_is_known_without_alembic(state_url: str) -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert newest_version() == script.get_current_head()
    store = open_state()
    assert is_current(store.engine)
    with store.write() as session:
        session.execute(update(VERSION).values(version_num=script.get_base()))
    assert not is_current(store.engine)


def test_second_opening_changes_nothing(state_url: str) -> None:
    first = open_state()
    assert open_state() is first


def test_newer_database_is_refused_and_left_alone(state_url: str) -> None:
    store = open_state()
    with store.write() as session:
        session.execute(update(VERSION).values(version_num="9999"))
    url = store.url
    store.close()
    before = Path(str(url.database)).read_bytes() if "sqlite" in state_url else None
    with pytest.raises(StateError, match=r"newer version.*'9999'.*left as it is"):
        StateStore(url)
    if before is not None:
        assert Path(str(url.database)).read_bytes() == before


def test_failed_upgrade_leaves_the_database_as_it_was(state_url: str) -> None:
    engine = make_engine(configured_url())
    with engine.begin() as connection:
        # In the way of the second table that the upgrade creates.
        connection.execute(text("CREATE TABLE sign_in_failures (n integer)"))
    with pytest.raises(StateError, match="already exists"):
        StateStore(configured_url())
    assert inspect(engine).get_table_names() == ["sign_in_failures"]
    engine.dispose()


def test_several_processes_start_at_once(state_url: str) -> None:
    assert run_at_once(5, {"STATE_URL": state_url}, open_state) == [0] * 5
    assert "users" in inspect(open_state().engine).get_table_names()


def test_file_is_private_and_in_wal_mode(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "state.sqlite"
    monkeypatch.setenv("STATE_URL", f"sqlite:///{path}")
    with open_state().engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() == 10_000
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_file_that_is_no_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    path.write_text("not a database " * 100)
    monkeypatch.setenv("STATE_URL", f"sqlite:///{path}")
    with pytest.raises(StateError, match="not an SQLite database"):
        open_state()
    assert path.read_text() == "not a database " * 100


def test_a_locked_database_is_told_in_words(
    state_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.state.engine.BUSY_SECONDS", 1)
    store = open_state()
    other = create_engine(store.url)
    with other.connect() as connection:
        if "sqlite" in state_url:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("LOCK TABLE users")
        with (
            pytest.raises(StateError, match=r"busy.*Try again"),
            store.write() as session,
        ):
            session.execute(insert(Base.metadata.tables["users"]).values(username="x"))
        connection.rollback()
    other.dispose()


def test_a_replaced_file_is_opened_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    monkeypatch.setenv("STATE_URL", f"sqlite:///{path}")
    first = open_state()
    for file in tmp_path.iterdir():
        file.unlink()
    assert open_state() is not first
    assert path.exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://host/name", "unknown database"),
        ("duckdb:///x.duckdb", "unknown database"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("nonsense", "not a database URL"),
    ],
)
def test_unusable_urls(monkeypatch: pytest.MonkeyPatch, url: str, words: str) -> None:
    monkeypatch.setenv("STATE_URL", url)
    with pytest.raises(ConfigError, match=words):
        configured_url()


def test_postgresql_always_uses_psycopg() -> None:
    assert checked_url(make_url("postgresql://u@h/n")).drivername == "postgresql+psycopg"
