"""Building again: nothing new changes nothing, what is late lands in its place, what fails leaves
the last good warehouse."""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, select
from sqlalchemy.engine import make_url

from data.build.run import build
from data.config import Config, parse_config
from data.errors import LoadError
from data.tables import CONTRACT, loads, spend
from data.warehouse import Warehouse
from tests.build import at
from tests.data.build import northwind
from tests.data.build.landing import drop, land

CONFIG = parse_config(northwind.CONFIG)


def content(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, sorted; money and counts as they compare over engines."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return {
                name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
                for name, table in CONTRACT.items()
                if name != "loads"
            }
    finally:
        engine.dispose()


def version(url: str) -> tuple[str, datetime | None]:
    warehouse = Warehouse(make_url(url))
    try:
        return warehouse.data_version, max(s.loaded_at for s in warehouse.sources)
    finally:
        warehouse.close()


def build_at(url: str, days: int, config: Config = CONFIG):
    now = northwind.NOW + timedelta(days=days)
    return build(make_url(url), northwind.SOURCES, config=config, now=now)


def with_late_rows() -> dict[str, list[dict]]:
    """An SDR's acceptance that came late, a call, and a lead merged since."""
    tables = northwind.salesforce()
    tables["lead_history"].append(
        {**tables["lead_history"][2], "id": "0179", "created_date": at("2026-01-06 10:00")}
    )
    tables["task"].append({**tables["task"][0], "id": "00T9"})
    tables["lead"][6] |= {"is_deleted": True, "master_record_id": "00Q6"}
    return tables


@pytest.fixture(scope="module")
def from_scratch(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    """What a first build makes of everything, the late rows among it; one that has no rate for a
    currency is refused and leaves nothing behind."""
    url = f"duckdb:///{tmp_path_factory.mktemp('scratch') / 'scratch.duckdb'}"
    land(url, "crm", with_late_rows())
    land(url, "hub", northwind.hubspot())
    with pytest.raises(LoadError, match=r"EUR \(1\).*\[sources.rates\] EUR"):
        build_at(url, 1, parse_config(""))
    build_at(url, 2)
    return content(url)


def test_building_again(engine_url: str, from_scratch) -> None:
    land(engine_url, "crm", northwind.salesforce())
    land(engine_url, "hub", northwind.hubspot())
    assert not build_at(engine_url, 0).unchanged
    first, told = content(engine_url), version(engine_url)
    place = os.path.realpath(make_url(engine_url).database or "")

    assert build_at(engine_url, 1).unchanged
    assert (content(engine_url), version(engine_url)) == (first, told)
    assert os.path.realpath(make_url(engine_url).database or "") == place

    # What no system feeds is the company's own and stays, with what its load says of it.
    _load_spend(engine_url)
    land(engine_url, "crm", with_late_rows())
    report = build_at(engine_url, 2)
    assert not report.unchanged
    assert report.kept == ("spend",)
    late = content(engine_url)
    assert len(late.pop("spend")) == 1
    assert version(engine_url)[0] != told[0]
    assert "ads" in {source.name for source in _sources(engine_url)}

    assert late == {name: rows for name, rows in from_scratch.items() if name != "spend"}
    sal = [row for row in late["lead_stages"] if row[:2] == ("00Q1", "sal")]
    assert [row[2] for row in sal] == [at("2026-01-06 10:00")]

    drop(engine_url, "crm", "contact")
    before = content(engine_url), version(engine_url)
    with pytest.raises(LoadError, match="has no table 'contact'"):
        build_at(engine_url, 3)
    assert (content(engine_url), version(engine_url)) == before


def _load_spend(url: str) -> None:
    engine = create_engine(url)
    load = {
        "load_id": "ads-1",
        "source": "ads",
        "table_name": "spend",
        "loaded_at": northwind.NOW,
        "row_count": 1,
        "data_through": at("2026-03-31"),
    }
    try:
        with engine.begin() as connection:
            row = {"day": date(2026, 3, 1), "channel": "Web", "amount": 10}
            connection.execute(insert(spend), [row])
            connection.execute(insert(loads), [load])
    finally:
        engine.dispose()


def _sources(url: str):
    warehouse = Warehouse(make_url(url))
    try:
        return warehouse.sources
    finally:
        warehouse.close()
