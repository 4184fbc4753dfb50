"""A statement that nobody waits for is ended, on every engine, and the next one runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from data.errors import WarehouseTimeout
from data.running import Asking, Superseded, asking
from data.tables import leads
from tests.build import warehouse_of
from tests.data.test_warehouse import endless, lead

LEADS = select(leads.c.lead_id)


@pytest.fixture(autouse=True)
def _nobody_asks() -> Iterator[None]:
    yield
    asking.set(None)


def test_who_has_gone_on_ends_what_they_asked(engine_url: str, company):
    warehouse = warehouse_of(company, engine_url, {"leads": [lead(1)]})
    gone = threading.Event()
    threading.Timer(0.3, gone.set).start()
    asking.set(Asking(is_over=gone.is_set))
    with pytest.raises(Superseded):
        warehouse.rows(endless(warehouse))
    # Of the rest of their page nothing is begun.
    with pytest.raises(Superseded):
        warehouse.rows(LEADS)
    asking.set(Asking())
    assert warehouse.rows(LEADS) == [{"lead_id": "l1"}]


def test_patience_is_for_all_statements_together(engine_url: str, company):
    warehouse = warehouse_of(company, engine_url, {"leads": [lead(1)]})
    asking.set(Asking(patience_seconds=0.4))
    assert warehouse.rows(LEADS) == [{"lead_id": "l1"}]
    with pytest.raises(WarehouseTimeout, match=r"did not answer within 0\.4 s"):
        warehouse.rows(endless(warehouse))
    with pytest.raises(WarehouseTimeout):
        warehouse.rows(LEADS)
    asking.set(None)
    assert warehouse.rows(LEADS) == [{"lead_id": "l1"}]
