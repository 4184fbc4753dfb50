"""Fixtures of the tests of credit."""

from __future__ import annotations

import pytest

from tests.build import warehouse_of
from tests.metrics.attribution.small_journeys import Fill


@pytest.fixture
def fill(company, engine_url: str) -> Fill:
    return lambda tables: warehouse_of(company, engine_url, tables)


@pytest.fixture
def fill_duckdb(company, duckdb_url: str) -> Fill:
    """``fill`` where the engine does not matter."""
    return lambda tables: warehouse_of(company, duckdb_url, tables)
