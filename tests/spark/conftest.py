"""Fixtures of the tests that are about Spark itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine

from tests.matrix import DATABASES


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
