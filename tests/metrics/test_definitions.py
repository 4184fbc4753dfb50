"""What a KPI means, as parts: what changes them, and that a change is recorded and told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import app
from data.config import parse_config
from data.errors import StateError
from data.state import close_state, open_state
from data.state.definitions import read_definitions
from metrics.catalog import CATALOG
from metrics.definitions import (
    Difference,
    definition_history,
    definition_parts,
    differences,
    hash_of,
    register_definitions,
)
from metrics.model import Metric

CONFIG = '[company]\nname = "Acme"\n'
ACME = parse_config(CONFIG)
SHORTER = parse_config(CONFIG + "[conversion_days]\nmql_to_sql = 14\n")
QUICKER = parse_config(CONFIG + "[sla.response_hours]\nP1 = 1\ndefault = 24\n")


def changed(config, other, metric: str) -> list[str]:
    parts = (definition_parts(config, CATALOG[metric]), definition_parts(other, CATALOG[metric]))
    return [one.part for one in differences(*parts)]


@pytest.mark.parametrize(
    ("settings", "metric", "parts"),
    [
        ("[conversion_days]\nmql_to_sql = 14", "mql_to_sql", ["window, days"]),
        ("[conversion_days]\nmql_to_sql = 14", "mqls", []),
        ("[sla.response_hours]\nP1 = 2\ndefault = 24", "sla_response",
         ["response target of P1, hours"]),
        ("[sla.response_hours]\nP1 = 2\ndefault = 24", "mqls", []),
        ("[business_hours]\nopens = '08:00'", "mqls", ["working hours from"]),
        ("[business_hours]\nholidays = 'US'", "leads", ["holidays"]),
        ("fiscal_year_starts = 4", "mqls", ["first month of the fiscal year"]),
        ("timezone = 'Asia/Tokyo'", "mqls", ["time zone"]),
        # What a reader sees otherwise, and what is nobody's definition.
        ("currency = 'EUR'\nlocale = 'de_DE'", "bookings", []),
        ("[scorecard]\ngoals = ['mqls']", "mqls", []),
    ],
)  # fmt: skip
def test_the_settings_that_change_what_a_kpi_means(settings: str, metric: str, parts: list[str]):
    assert changed(ACME, parse_config(CONFIG + settings), metric) == parts


def test_wording_around_a_definition_is_none_and_a_new_field_changes_nothing():
    metric = CATALOG["mqls"]
    base = definition_parts(ACME, metric)
    assert definition_parts(ACME, replace(metric, label="M", owner="me", null_rule="x")) == base
    assert definition_parts(ACME, replace(metric, definition="Other.")) != base

    @dataclass(frozen=True)
    class Later(Metric):
        since: str | None = None

    later = Later(**{name: getattr(metric, name) for name in metric.__dataclass_fields__})
    assert hash_of(definition_parts(ACME, later)) == hash_of(base)
    assert hash_of(definition_parts(ACME, replace(later, since="2026"))) != hash_of(base)


def test_every_kpi_has_parts_that_a_person_can_read():
    for metric in CATALOG.values():
        told = differences({}, definition_parts(ACME, metric))
        assert {"definition", "formula", "counted by"} <= {one.part for one in told}
        assert all(one.before is None and one.now for one in told)


def test_a_change_is_recorded_and_told_newest_first(state_url: str):
    register_definitions(ACME)
    register_definitions(ACME)
    metric = CATALOG["mql_to_sql"]
    (only,) = definition_history(ACME, metric)
    assert only.differences == ()
    # The configuration changed with no start in between: asking is enough.
    newest, first = definition_history(SHORTER, metric)
    assert newest.differences == (Difference("window, days", "30", "14"),)
    assert first == only
    assert newest.since >= first.since
    # No other KPI's meaning has changed.
    assert [len(read_definitions(open_state(), "Acme", name)) for name in ("mqls", "sals")] == [
        1,
        1,
    ]
    register_definitions(QUICKER)
    (now, _) = definition_history(QUICKER, CATALOG["sla_response"])
    assert now.differences == (Difference("response target of P1, hours", None, "1"),)


def test_a_start_records_them_and_a_broken_state_database_stops_nothing(
    company, duckdb_url: str, monkeypatch, tmp_path: Path, caplog
):
    from tests.build import fill

    fill(duckdb_url, {}, CONFIG)
    company(duckdb_url, CONFIG)
    for of_the_process in ("keep_collections_short", "start_logs"):
        monkeypatch.setattr(app, of_the_process, lambda: None)
    app._warm_up()
    assert len(read_definitions(open_state(), "Acme", "mqls")) == 1
    close_state()
    (tmp_path / "broken.sqlite").write_text("this is no database, and long enough to be read" * 9)
    monkeypatch.setenv("STATE_URL", f"sqlite:///{tmp_path / 'broken.sqlite'}")
    app._warm_up()
    assert "not an SQLite database" in caplog.text
    with pytest.raises(StateError):
        definition_history(ACME, CATALOG["mqls"])
