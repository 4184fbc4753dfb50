"""Fixtures of the tests that are about Spark itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import make_url

from data.config import load_config
from data.demo.build import build_demo
from data.load import load_tables
from tests.e2e.conftest import home
from tests.e2e.server import run_command
from tests.matrix import DATABASES

LEADS, SEED, THROUGH = 1_500, 42, date(2026, 6, 30)


@pytest.fixture
def spark_url(tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, empty schema."""
    with DATABASES["spark"](tmp_path) as url:
        yield url


@pytest.fixture
def spark(spark_url: str) -> Iterator[Connection]:
    """A connection that may write, in a fresh schema."""
    engine = create_engine(spark_url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@pytest.fixture(scope="session")
def demo_urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """DuckDB and Spark with the same demo company, as ``data load`` and ``data demo`` write it:
    files, real tables, derived tables."""
    tables = build_demo(leads=LEADS, seed=SEED, through=THROUGH)
    options = ("--leads", str(LEADS), "--seed", str(SEED), "--through", str(THROUGH))
    folder = tmp_path_factory.mktemp("same")
    with DATABASES["duckdb"](folder) as small, DATABASES["spark"](folder) as large:
        config = load_config(demo=True)
        load_tables(make_url(small), tables, company="demo", config=config, source="demo")
        run_command(home(folder) | {"WAREHOUSE_URL": large}, "data", "demo", *options)
        yield small, large
