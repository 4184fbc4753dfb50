"""Reconciliation on a company worked out by hand, on every engine, and its classic traps."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from data.row_scope import RowScope
from metrics.__main__ import main
from metrics.engine import run_query
from metrics.errors import QueryError
from metrics.query import MetricQuery
from metrics.reconcile import REASONS, Ledger
from metrics.row_scope import scoped
from tests.build import at, warehouse_of
from tests.metrics.reconcile.company import AS_OF, CONFIG, JUNE, MARKETING, SALES, tables
from tests.metrics.reconcile.second_way import Reconciled

START, END = at("2026-06-01 04:00"), at("2026-07-01 04:00")


@pytest.fixture
def warehouse(engine_url, company):
    return warehouse_of(company, engine_url, tables(), CONFIG)


def ledger_of(warehouse, where=(), as_of=AS_OF, **more: Any) -> Ledger:
    return Ledger(warehouse, "mql", JUNE, as_of, where, **more)


def reasons_of(ledger: Ledger) -> dict[str, list[tuple[str, str]]]:
    """By side the records that it alone counts, with their reasons."""
    found: dict[str, list[tuple[str, str]]] = {"marketing": [], "sales": []}
    for (side, reason), ids in ledger.ids().items():
        found[side] += [(record_id, reason) for record_id in ids]
    return {side: sorted(records) for side, records in found.items()}


def only(expected: dict[str, str | None]) -> list[tuple[str, str]]:
    return sorted((name, reason) for name, reason in expected.items() if reason)


def test_every_record_has_the_reason_worked_out_by_hand(warehouse, company, engine_url, capsys):
    ledger = ledger_of(warehouse)
    assert reasons_of(ledger) == {"marketing": only(MARKETING), "sales": only(SALES)}
    balance = ledger.balance()
    assert (balance.marketing, balance.sales, balance.matched) == (20, 13, 3)
    assert (balance.gap, balance.not_found) == (7, 2)
    assert [part.reason for part in balance.parts[:2]] == ["not_found", "not_found"]
    for side, count in (("marketing", balance.marketing), ("sales", balance.sales)):
        assert count - sum(part.count for part in balance.of(side)) == balance.matched
    told = {reason for _, reason in (*only(MARKETING), *only(SALES))}
    assert told == {reason.id for reason in REASONS}

    second = Reconciled(tables(), "mql", START, END, AS_OF)
    assert dict(second.side("marketing")) == MARKETING
    assert dict(second.side("sales")) == SALES

    # The KPI over the same days has the same two counts.
    (row,) = run_query(warehouse, MetricQuery(("count_gap",), (JUNE,), AS_OF))
    assert (row.value, row.numerator, row.denominator) == (7, 20, 13)

    # A page of a part, with what the other side has.
    (record,) = ledger.page("marketing", "stage_differs")
    assert (record["record_id"], record["there_record_id"]) == ("M17", "S17")
    assert (record["there_stage"], record["there_status"]) == ("sal", "active")
    assert ledger.page("marketing", "stage_differs", offset=1) == []
    assert sum(map(len, ledger.stream())) == 17 + 10

    # The command line says the same, in the contract's shape.
    asked = ["reconcile", "--stage", "mql", "--from", "2026-06-01", "--to", "2026-07-01"]
    asked += ["--as-of", "2026-07-20T12:00:00Z", "--format", "json"]
    assert main(asked) == 0
    found = json.loads(capsys.readouterr().out)
    assert found.keys() == {
        *("as_of", "stage", "marketing_count", "sales_count", "matched", "rows"),
    }
    assert (found["as_of"], found["stage"]) == ("2026-07-20T12:00:00Z", "mql")
    assert (found["marketing_count"], found["sales_count"], found["matched"]) == (20, 13, 3)
    assert all(row["count"] == len(row["records"]) for row in found["rows"])
    assert all(row.keys() == {"side", "reason", "count", "records"} for row in found["rows"])
    assert {"side": "marketing", "reason": "repeat", "count": 1, "records": ["M08"]} in found[
        "rows"
    ]

    # Filtered, a pair stays whole, though one of its records names no lead.
    emea = ledger_of(warehouse, (("region", ("EMEA",)),))
    balance = emea.balance()
    assert (balance.marketing, balance.sales, balance.matched) == (3, 4, 2)
    assert reasons_of(emea) == {
        "marketing": [("M19", "not_found")],
        "sales": [("S32", "duplicate"), ("S37", "not_found")],
    }
    # Whoever may see EMEA alone sees that, and no address without the right to.
    seen = scoped(warehouse, RowScope.parse(["region=EMEA"]))
    narrow = ledger_of(seen, shows_people=False)
    assert reasons_of(narrow) == reasons_of(emea)
    assert [r["match_key"] for part in narrow.stream() for r in part] == [None] * 3
    (row,) = run_query(seen, MetricQuery(("count_gap",), (JUNE,), AS_OF))
    assert (row.value, row.numerator, row.denominator) == (-1, 3, 4)

    # As of an earlier moment later records do not exist, nor do later rejections.
    earlier = reasons_of(ledger_of(warehouse, as_of=at("2026-06-11 12:00")))
    assert ("M09", "not_found") in earlier["marketing"]
    assert ("M11", "existing_contact") not in earlier["marketing"]

    with pytest.raises(QueryError, match="sal"):
        Ledger(warehouse, "sall", JUNE, AS_OF)
    with pytest.raises(QueryError, match="priority"):
        ledger_of(warehouse, (("priority", ("P1",)),)).balance()


def record(system: str, record_id: str, moment: str, **more: Any) -> dict[str, Any]:
    row = {"system": system, "record_id": record_id, "counted_at": at(moment)}
    return {"stage": "mql", "status": "active"} | row | more


def test_traps(duckdb_url, company):
    """Three records of one lead against two: the earliest pair, the last is left over. Two
    records without key never match, nor do an empty and a blank address."""
    rows = [
        record("marketing", "M3", "2026-06-07 12:00", lead_id="L1"),
        record("marketing", "M1", "2026-06-02 12:00", lead_id="L1"),
        record("marketing", "M2", "2026-06-03 12:00", lead_id="L1"),
        record("sales", "S2", "2026-06-20 12:00", lead_id="L1"),
        record("sales", "S1", "2026-06-04 12:00", lead_id="L1"),
        record("marketing", "M4", "2026-06-05 12:00"),
        record("sales", "S4", "2026-06-05 12:00"),
        record("marketing", "M5", "2026-06-05 12:00", match_key=""),
        record("sales", "S5", "2026-06-05 12:00", match_key=" \t"),
        # Midnight of New York is the next day's; the last second of June is June's.
        record("sales", "S6", "2026-07-01 03:59:59", lead_id="L6"),
        record("marketing", "M6", "2026-07-01 04:00", lead_id="L6"),
        # Two of marketing's leads are one of sales'.
        record("marketing", "M7", "2026-06-08 12:00", lead_id="L7", match_key="g@x.org"),
        record("marketing", "M8", "2026-06-09 12:00", lead_id="L8", match_key="h@x.org"),
        record("sales", "S7", "2026-06-10 12:00", lead_id="L7", match_key="h@x.org"),
    ]
    warehouse = warehouse_of(company, duckdb_url, {"system_records": rows}, CONFIG)
    assert reasons_of(ledger_of(warehouse)) == {
        "marketing": [
            ("M3", "duplicate"),
            ("M4", "no_key"),
            ("M5", "no_key"),
            ("M8", "duplicate"),
        ],
        "sales": [("S4", "no_key"), ("S5", "no_key"), ("S6", "period_differs")],
    }
    counts = Counter(reason for _, reason in reasons_of(ledger_of(warehouse))["marketing"])
    assert counts.total() == 7 - 3


def test_one_side_alone_is_no_gap(duckdb_url, company):
    """Before both sides have records there is nothing to compare; then 0 means as many."""
    rows = [
        record("marketing", "M1", "2026-04-10 12:00", lead_id="L1"),
        record("marketing", "M2", "2026-05-10 12:00", lead_id="L2"),
        record("sales", "S2", "2026-05-10 12:00", lead_id="L2"),
    ]
    warehouse = warehouse_of(company, duckdb_url, {"system_records": rows}, CONFIG)

    def gap(start: str, end: str):
        span = type(JUNE)(at(f"{start} 00:00").date(), at(f"{end} 00:00").date())
        (row,) = run_query(warehouse, MetricQuery(("count_gap",), (span,), AS_OF))
        return row.value, row.reason

    assert gap("2026-04-01", "2026-05-01") == (None, "not both sides' systems held MQLs then")
    assert gap("2026-05-01", "2026-06-01") == (0, None)
    none = "neither side's systems count MQLs in these days"
    assert gap("2026-06-01", "2026-07-01") == (None, none)

    empty = warehouse_of(company, f"{duckdb_url}2", {"leads": []}, CONFIG)
    with pytest.raises(QueryError, match="system_records is empty"):
        ledger_of(empty)
    (row,) = run_query(empty, MetricQuery(("count_gap",), (JUNE,), AS_OF))
    assert (row.status, row.reason) == ("no_data", "the table system_records is empty")
