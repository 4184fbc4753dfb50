"""Deriving as a whole: what it writes of itself, and when it is stale."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import func, select, update

from data.config import parse_config
from data.derive import derive, stale_reason
from data.errors import WarehouseError
from data.tables import (
    CONTRACT,
    business_days,
    handoff_clock,
    handoffs,
    loads,
    metadata,
    scorecard_meta,
)
from data.warehouse import open_warehouse
from tests.conftest import Company
from tests.data.filled import Rows, create_without_rules, fill, filled, writing
from tests.rows import add, change

CONFIG = "[sla.response_hours]\nP1 = 1\ndefault = 24\n"
LOADED = {
    "load_id": "1",
    "source": "files",
    "table_name": "handoffs",
    "loaded_at": datetime(2024, 5, 8),
    "row_count": 2,
    "data_through": datetime(2024, 5, 7),
}
ROWS: Rows = {
    "handoffs": [
        {"handoff_id": "a", "lead_id": "l", "handed_at": datetime(2024, 5, 6, 10)},
        {"handoff_id": "b", "lead_id": "l", "handed_at": datetime(2024, 5, 7, 10)},
    ],
    "loads": [LOADED],
}


@pytest.fixture
def derived(engine_url: str, company: Company) -> str:
    company(engine_url, CONFIG)
    with filled(engine_url, ROWS) as connection:
        derive(connection, parse_config(CONFIG))
    return engine_url


def test_what_was_just_derived_is_fresh(derived: str):
    warehouse = open_warehouse()
    assert stale_reason(warehouse) is None
    assert warehouse.meta["derived_config_hash"] == warehouse.config.clock_hash
    assert warehouse.meta["derived_data_version"] == warehouse.data_version
    datetime.fromisoformat(warehouse.meta["derived_at"])


def test_other_targets_make_it_stale(derived: str):
    changed = parse_config(CONFIG.replace("P1 = 1", "P1 = 2"))
    reason = stale_reason(open_warehouse(), changed)
    assert reason is not None
    assert "response targets" in reason
    assert "python -m data derive" in reason


def test_what_business_time_does_not_depend_on_leaves_it_fresh(derived: str):
    changed = parse_config(
        CONFIG + '[company]\nname = "Fabrikam"\n[conversion_days]\nmql_to_sql = 9\n'
    )
    assert stale_reason(open_warehouse(), changed) is None


def test_other_data_make_it_stale(derived: str):
    with writing(derived) as connection:
        change(connection, update(loads).values(load_id="2"))
    assert "data have changed" in (stale_reason(open_warehouse()) or "")


def test_handoffs_added_past_a_load_make_it_stale(derived: str):
    """A team's own models may fill the tables and write no row of ``loads``."""
    with writing(derived) as connection:
        fill(connection, {"handoffs": [{**ROWS["handoffs"][0], "handoff_id": "c"}]})
    assert "handoffs have changed" in (stale_reason(open_warehouse()) or "")


def test_never_derived(engine_url: str, company: Company):
    company(engine_url, CONFIG)
    with filled(engine_url, ROWS):
        pass
    assert "not been derived" in (stale_reason(open_warehouse()) or "")


def test_deriving_again_replaces(derived: str):
    with writing(derived) as connection:
        before = connection.execute(select(func.count()).select_from(business_days)).scalar()
        derive(connection, parse_config(CONFIG.replace("default = 24", "default = 1")))
        assert connection.execute(select(handoff_clock.c.target_seconds)).scalars().all() == [
            3600,
            3600,
        ]
        assert (
            before == connection.execute(select(func.count()).select_from(business_days)).scalar()
        )
        keys = connection.execute(select(scorecard_meta.c.key)).scalars().all()
    assert len(keys) == len(set(keys))


def test_a_warehouse_that_other_means_have_filled(engine_url: str, company: Company):
    """The contract's tables alone become a warehouse that the program reads."""
    company(engine_url, CONFIG)
    with writing(engine_url) as connection:
        metadata.create_all(connection, tables=list(CONTRACT.values()))
        fill(connection, ROWS)
        derive(connection, parse_config(CONFIG))
    assert stale_reason(open_warehouse()) is None


def test_without_any_handoff(engine_url: str, company: Company):
    company(engine_url, CONFIG)
    with filled(engine_url, {}) as connection:
        derive(connection, parse_config(CONFIG))
    assert stale_reason(open_warehouse()) is None


def test_handoff_ids_that_repeat_are_refused_in_words(engine_url: str):
    """Tables that other means have made may lack the keys."""
    with writing(engine_url) as connection:
        create_without_rules(connection)
        add(connection, handoffs, [ROWS["handoffs"][0]] * 2)
        with pytest.raises(WarehouseError, match="data check"):
            derive(connection, parse_config(CONFIG))
        connection.rollback()


def test_progress_is_told(engine_url: str):
    told: list[tuple[str, float]] = []
    with filled(engine_url, ROWS) as connection:
        derive(connection, parse_config(CONFIG), progress=lambda *step: told.append(step))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == 1
