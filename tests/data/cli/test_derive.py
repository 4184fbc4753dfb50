"""``data derive`` on a warehouse of its own kind, and on one that other means have filled."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from data.__main__ import main
from data.config import Config
from data.derive import derive, stale_reason
from data.tables import CONTRACT, handoff_clock, metadata
from data.warehouse import open_warehouse
from tests.conftest import Company, forget_warehouses
from tests.data.filled import Rows, fill, filled, writing

ROWS: Rows = {
    "handoffs": [{"handoff_id": "h", "lead_id": "l", "handed_at": datetime(2024, 5, 6, 10)}]
}


def test_new_targets_are_taken_over(engine_url: str, company: Company):
    with filled(engine_url, ROWS) as connection:
        derive(connection, Config())
    company(engine_url, "[sla.response_hours]\ndefault = 2\n")
    assert stale_reason(open_warehouse()) is not None
    forget_warehouses()
    assert main(["derive"]) == 0
    warehouse = open_warehouse()
    assert stale_reason(warehouse) is None
    assert warehouse.rows(select(handoff_clock.c.due_at)) == [{"due_at": datetime(2024, 5, 6, 12)}]


def test_a_warehouse_filled_by_other_means(engine_url: str, company: Company):
    company(engine_url)
    with writing(engine_url) as connection:
        metadata.create_all(connection, tables=list(CONTRACT.values()))
        fill(connection, ROWS)
    assert main(["derive"]) == 0
    assert stale_reason(open_warehouse()) is None


def test_nothing_to_derive_from(company: Company, tmp_path: Path, capsys: pytest.CaptureFixture):
    company(f"duckdb:///{tmp_path / 'none.duckdb'}")
    assert main(["derive"]) == 1
    assert "python -m data demo" in capsys.readouterr().err
