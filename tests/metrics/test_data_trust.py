"""Match rates and what is not in sync, worked out by hand, on every engine."""

from __future__ import annotations

from typing import Any

from data.row_scope import RowScope
from metrics.data_trust import REASONS, Matched, Unsynced, match_rates, unsynced
from metrics.row_scope import scoped
from tests.build import at, warehouse_of

MOMENT = at("2026-03-02 09:00")


def record(
    system: str,
    product: str | None,
    record_id: str,
    lead: str | None = None,
    key: str | None = None,
    *,
    stage: str = "mql",
    status: str = "active",
    sync: str | None = None,
    error: str | None = None,
    counted: str = "2026-03-02 09:00",
) -> dict[str, Any]:
    return {
        "system": system,
        "product": product,
        "record_id": record_id,
        "lead_id": lead,
        "match_key": key,
        "stage": stage,
        "counted_at": at(counted),
        "status": status,
        "sync_status": sync,
        "sync_error": error,
    }


RECORDS = [
    # One buyer on both sides, by lead; counted at two stages, and once all the same.
    record("marketing", "hubspot", "H1", "L1", stage="mql", sync="synced"),
    record("marketing", "hubspot", "H1", "L1", stage="sql", sync="synced"),
    record("sales", "salesforce", "S1", "L1"),
    # By e-mail address, written in two ways.
    record("marketing", "hubspot", "H2", key=" Ann@Example.com"),
    record("sales", "salesforce", "S2", key="ann@example.com "),
    # A second product of marketing's that knows the first buyer is no counterpart by itself …
    record("marketing", "marketo", "M9", "L9", sync="error", error="no such field"),
    record("marketing", "hubspot", "H9", "L9", sync="error", error="no such field"),
    # … and one whose counterpart was deleted has none.
    record("marketing", "hubspot", "H3", "L3", sync="error", error="no such field",
           counted="2026-03-05 10:00"),
    record("sales", "salesforce", "S3", "L3", status="deleted", sync="error", error="gone"),
    # Nothing to match by; nothing said of the reason; excluded; the next day's.
    record("sales", "salesforce", "S4", sync="pending"),
    record("sales", "salesforce", "S5", "L5", sync="excluded", error="test domain"),
    record("sales", "salesforce", "S5", "L5", stage="sql", sync="excluded", error="test domain",
           counted="2026-03-04 08:00"),
]  # fmt: skip


def _company(company, url: str, records: list[dict[str, Any]]):
    leads = [{"lead_id": f"L{n}", "created_at": MOMENT, "region": "EMEA"} for n in (1, 3, 5, 9)]
    return warehouse_of(company, url, {"leads": leads, "system_records": records})


def test_match_rates_by_hand(engine_url: str, company):
    found = match_rates(_company(company, engine_url, RECORDS))
    assert found == (
        Matched("marketing", "hubspot", 4, 2),
        Matched("marketing", "marketo", 1, 0),
        Matched("sales", "salesforce", 4, 2),
    )
    assert [one.rate for one in found] == [0.5, 0.0, 0.5]


def test_what_is_not_in_sync_by_hand(engine_url: str, company):
    warehouse = _company(company, engine_url, RECORDS)
    expected = (
        Unsynced("marketing", "hubspot", "error", "no such field", 2, at("2026-03-05 10:00")),
        Unsynced("marketing", "marketo", "error", "no such field", 1, MOMENT),
        Unsynced("sales", "salesforce", "excluded", "test domain", 1, at("2026-03-04 08:00")),
        Unsynced("sales", "salesforce", "pending", None, 1, MOMENT),
    )
    assert unsynced(warehouse) == expected
    # It is the company's health, whatever part of the company somebody sees.
    part = scoped(warehouse, RowScope.parse(["region=AMER"]))
    assert unsynced(part) == expected
    assert match_rates(part) == match_rates(warehouse)


def test_many_reasons_are_told_as_one_and_none_is_lost(duckdb_url: str, company):
    records = [
        record("sales", None, f"S{n}", sync="error", error=f"reason {n:02}")
        for n in range(REASONS + 5)
    ]
    found = unsynced(_company(company, duckdb_url, records))
    assert len(found) == REASONS + 1
    assert (found[-1].error, found[-1].records) == ("5 more reasons", 5)
    assert sum(one.records for one in found) == REASONS + 5


def test_without_records_there_is_nothing_to_say(engine_url: str, company):
    warehouse = _company(company, engine_url, [])
    assert match_rates(warehouse) == ()
    assert unsynced(warehouse) == ()
