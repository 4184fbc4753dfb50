"""The demo's raw tables, built, are the company that the generator knows: row by row, to the cent.

Nothing is compared with a tolerance. Only ``loads`` is another matter: there a table has a row for
each product that fills it, and one moment for a product as the truth has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.engine import make_url

from data.build.report import BuildReport
from data.build.run import build
from data.config import load_config
from data.demo.build import World, simulate
from data.demo.load import SCHEMAS, load_demo
from data.tables import CONTRACT

THROUGH = date(2026, 11, 20)
Rows = Counter[tuple[Any, ...]]


def built(url: str) -> dict[str, Rows]:
    """Every row of every table, with how often it is there."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return {
                name: Counter(tuple(row) for row in connection.execute(select(table)))
                for name, table in CONTRACT.items()
            }
    finally:
        engine.dispose()


def known(world: World) -> dict[str, Rows]:
    return {
        name: Counter(zip(*(table[c.name].to_pylist() for c in CONTRACT[name].columns),
                          strict=True))
        for name, table in world.truth().items()
    }  # fmt: skip


def loaded(url: str, leads: int, seed: int) -> tuple[World, BuildReport]:
    world = simulate(leads=leads, seed=seed, through=THROUGH)
    return world, load_demo(make_url(url), world, seed=seed, config=load_config(demo=True))


def differences(url: str, world: World) -> dict[str, tuple[list[Any], list[Any]]]:
    """By table: rows that only the build has, and rows that only the truth has."""
    found, truth = built(url), known(world)
    return {
        name: (list((found[name] - truth[name]).elements()),
               list((truth[name] - found[name]).elements()))
        for name in CONTRACT
        if name != "loads" and found[name] != truth[name]
    }  # fmt: skip


def loads_of(rows: Rows) -> Mapping[str, tuple[int, set[Any], set[Any]]]:
    """By table: all its rows; by source: when it was loaded, and how far it reaches."""
    place = {name: n for n, name in enumerate(CONTRACT["loads"].c.keys())}
    tables: dict[str, int] = Counter()
    moments: dict[str, set[Any]] = {}
    for row in rows.elements():
        tables[row[place["table_name"]]] += row[place["row_count"]]
        told = (row[place["loaded_at"]], row[place["data_through"]])
        moments.setdefault(row[place["source"]], set()).add(told)
    return {"tables": tables, "moments": moments}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "engine_url", ["duckdb", pytest.param("postgresql", marks=pytest.mark.long)], indirect=True
)
def test_the_build_finds_what_the_generator_knows(engine_url: str) -> None:
    world, report = loaded(engine_url, 1_500, 3)
    assert differences(engine_url, world) == {}
    assert loads_of(built(engine_url)["loads"]) == loads_of(known(world)["loads"])
    _report_accounts_for(report)


def _report_accounts_for(report: BuildReport) -> None:
    """Every raw row is used or set aside, and the faults of real life are among them."""
    tables = {(s.product, t.name): t for s in report.sources for t in s.tables}
    assert all(t.rows == t.used + sum(t.aside.values()) for t in tables.values())
    assert not any(source.not_read for source in report.sources)
    assert not any(t.unreadable for t in tables.values())
    expected = {
        ("salesforce", "lead"): {"a second row of the same id"},
        ("salesforce", "account"): {"merged into another account"},
        ("salesforce", "opportunity"): {"deleted in Salesforce"},
        ("salesforce", "task"): {
            "a task not completed", "deleted in Salesforce", "a type that is no touch",
            "its lead or contact is not in the data",
        },
        ("salesforce", "event"): {"a meeting still to come"},
        ("hubspot", "contact"): {"an address of [sources] test_addresses"},
        ("hubspot", "email_event"): {
            "an e-mail event that is not followed", "filtered out by HubSpot",
        },
        ("hubspot", "deal"): {"opportunities are taken from salesforce"},
    }  # fmt: skip
    for key, reasons in expected.items():
        assert reasons <= set(tables[key].aside), key
    assert report.warnings == []


def test_a_build_of_the_demo_s_raw_tables_finds_the_same_once_more(duckdb_url: str) -> None:
    """As the documentation says: the raw tables lie beside, and can be built again."""
    world, _ = loaded(duckdb_url, 400, 8)
    now = world.loaded_at.item()
    assert isinstance(now, datetime)
    build(make_url(duckdb_url), SCHEMAS, config=load_config(demo=True), now=now)
    differs = differences(duckdb_url, world)
    assert set(differs) == {"spend", "targets"}  # a demo's figures are not a company's
    assert all(not only_built for only_built, _ in differs.values())


@pytest.mark.long
@pytest.mark.parametrize("seed", [42, 7, 2026])
def test_the_truth_over_three_companies(duckdb_url: str, seed: int) -> None:
    world, _ = loaded(duckdb_url, 20_000, seed)
    assert differences(duckdb_url, world) == {}


@pytest.mark.long
def test_the_truth_of_a_large_company(duckdb_url: str) -> None:
    world, _ = loaded(duckdb_url, 200_000, 11)
    assert differences(duckdb_url, world) == {}
