"""The last known rows of statements: every page's numbers are made of them again, and no others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from data.errors import WarehouseError
from data.last_rows import LAST_ROWS, LastRows
from data.row_scope import RowScope
from data.tables import leads, loads
from data.warehouse import Warehouse, open_warehouse
from metrics.attribution.board import Asked, build_credit
from metrics.cache import RESULTS
from metrics.calendar import Cadence, Calendar
from metrics.data_trust import match_rates, unsynced
from metrics.funnel import build_funnel
from metrics.kpi import build_kpi
from metrics.lead import find_lead
from metrics.row_scope import scoped
from metrics.scorecard import build_scorecard
from metrics.sla import build_sla
from metrics.view import View
from tests.attack import company as attacked
from tests.build import warehouse_of
from tests.data.filled import writing

GONE = WarehouseError("The warehouse does not answer.")
Page = Callable[[Warehouse, View], object]
PAGES: dict[str, Page] = {
    "scorecard": build_scorecard,
    "funnel": build_funnel,
    "sla": build_sla,
    "kpi": lambda warehouse, view: build_kpi(warehouse, view, "mql_to_sql", "channel"),
    "credit": lambda warehouse, view: build_credit(warehouse, view, Asked("linear")),
    "lead": lambda warehouse, view: find_lead(warehouse, "EMEA-L2", view.as_of, shows_people=True),
    "admin": lambda warehouse, view: (match_rates(warehouse), unsynced(warehouse)),
}


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    RESULTS.clear()
    LAST_ROWS.clear()


def _view(warehouse: Warehouse) -> View:
    calendar, as_of = Calendar(warehouse.config), warehouse.default_as_of
    return View(calendar.default_period(Cadence.MONTHLY, as_of), as_of)


def test_every_page_is_made_again_of_what_was_known(engine_url: str, company):
    warehouse = warehouse_of(company, engine_url, attacked.tables())
    view = _view(warehouse)
    before = {name: build(warehouse, view) for name, build in PAGES.items()}
    RESULTS.clear()  # what the cache keeps ends after an hour
    silent = warehouse.silent(GONE)
    assert {name: build(silent, view) for name, build in PAGES.items()} == before
    RESULTS.clear()
    other = View(view.period, view.as_of - timedelta(days=1))
    with pytest.raises(WarehouseError, match="does not answer"):
        build_scorecard(silent, other)


def test_rows_are_of_one_version_and_one_scope(engine_url: str, company):
    warehouse = warehouse_of(company, engine_url, attacked.tables())
    statement = select(leads.c.lead_id, leads.c.created_at).where(
        leads.c.lead_id.in_(["EMEA-L1", "AMER-L1"])
    )
    rows = warehouse.rows(statement)
    assert len(rows) == 2
    found = warehouse.silent(GONE).rows(statement)
    assert found == rows
    found[0].clear()  # whoever changes what they were given changes nobody else's
    assert warehouse.silent(GONE).rows(statement) == rows
    part = scoped(warehouse, RowScope.parse(["region=EMEA"]))
    with pytest.raises(WarehouseError):
        part.silent(GONE).rows(statement)
    assert len(part.rows(statement)) == 1
    assert len(part.silent(GONE).rows(statement)) == 1
    with pytest.raises(WarehouseError):
        next(warehouse.silent(GONE).stream(statement))
    if warehouse.dialect.swaps_in_place:
        with writing(engine_url) as connection:
            connection.execute(update(loads).values(load_id="load-2"))
        newer = open_warehouse()
        assert newer.data_version != warehouse.data_version
        assert newer.meta == warehouse.meta
        with pytest.raises(WarehouseError):
            newer.silent(GONE).rows(statement)
        assert warehouse.silent(GONE).rows(statement) == rows


def test_the_least_used_rows_make_room_and_too_many_are_not_kept(duckdb_url: str, company):
    warehouse = warehouse_of(company, duckdb_url, attacked.tables())
    kept = LastRows(most_fields=100)

    def ask(name: str, rows: int) -> None:
        statement = select(leads.c.lead_id).where(leads.c.lead_id != name)
        with warehouse.engine.connect() as connection:
            result = connection.execute(statement)
            result.all()
            kept.keep("v", result, [{"lead_id": "x"}] * rows)

    def has(name: str) -> bool:
        statement = select(leads.c.lead_id).where(leads.c.lead_id != name)
        return kept.find("v", warehouse.engine, statement) is not None

    ask("a", 20)
    ask("b", 20)
    assert has("a")  # used last
    ask("c", 20)
    assert (has("a"), has("b"), has("c")) == (True, False, True)
    ask("large", 81)
    assert not has("large")
