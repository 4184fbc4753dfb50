"""The matrix itself: every engine's database is fresh, empty and readable by the program."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import create_engine, insert

from data.dialects import DIALECTS
from data.errors import WarehouseError
from data.tables import SCHEMA_VERSION, metadata, scorecard_meta
from data.warehouse import open_warehouse
from tests.conftest import Company
from tests.matrix import DATABASES
from tests.spark_server import NOT_SEEN, not_seen
from tests.test_layers import ROOT


def test_every_engine_of_the_program_is_in_the_matrix():
    assert set(DATABASES) == set(DIALECTS)


def test_a_fresh_database_is_no_warehouse(engine_url: str, company: Company):
    company(engine_url)
    with pytest.raises(WarehouseError, match="python -m data demo"):
        _ = open_warehouse().meta


def test_what_has_not_been_seen_on_spark_is_told():
    text = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    told = re.findall(r"^- `([\w/.:]+)`", text.partition("## What has not been seen")[2], re.M)
    assert tuple(told) == NOT_SEEN
    for place in NOT_SEEN:
        file, _, name = place.partition("::")
        assert f"def {name}" in (ROOT / "tests" / file).read_text(encoding="utf-8")
    assert not_seen(f"tests/{NOT_SEEN[0]}::test_x[spark]", ["-m", "not long"])
    assert not not_seen(f"tests/{NOT_SEEN[0]}::test_x[spark]", [f"tests/{NOT_SEEN[0]}"])
    assert not not_seen("tests/test_matrix.py::test_x[spark]", [])


@pytest.mark.parametrize("turn", ["first", "second"])
def test_every_test_has_a_database_of_its_own(engine_url: str, company: Company, turn: str):
    company(engine_url, '[company]\nname = "Fabrikam"\n')
    engine = create_engine(engine_url)
    metadata.create_all(engine, checkfirst=False)  # fails where a table is left over
    with engine.begin() as connection:
        connection.execute(
            insert(scorecard_meta),
            [
                {"key": "schema_version", "value": SCHEMA_VERSION},
                {"key": "turn", "value": turn},
            ],
        )
    engine.dispose()
    warehouse = open_warehouse()
    assert warehouse.meta["turn"] == turn
    assert warehouse.config.company.name == "Fabrikam"
    assert set(warehouse.row_counts.values()) == {0}
