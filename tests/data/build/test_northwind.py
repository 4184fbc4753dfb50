"""Salesforce and HubSpot of one small company, row for row, on every engine."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.engine import make_url

from data.build.report import BuildReport, as_text
from data.build.run import build
from data.config import parse_config
from data.quality import CHECKS, Level, run_checks
from data.tables import CONTRACT
from data.warehouse import Warehouse
from tests.build import at
from tests.conftest import forget_warehouses
from tests.data.build import northwind, northwind_expected
from tests.data.build.landing import land
from tests.matrix import ENGINES


@pytest.fixture(scope="module", params=ENGINES)
def built(request, tmp_path_factory) -> Iterator[tuple[str, BuildReport]]:
    """The company, built once an engine: its URL and the report."""
    with ENGINES[request.param](tmp_path_factory.mktemp("northwind")) as url:
        land(url, "crm", northwind.salesforce())
        land(url, "hub", northwind.hubspot())
        config = parse_config(northwind.CONFIG)
        report = build(make_url(url), northwind.SOURCES, config=config, now=northwind.NOW)
        yield url, report
        forget_warehouses()


def rows(url: str, name: str, *columns: str) -> set[tuple[Any, ...]]:
    """A table's rows as a set; money as text, so that it is compared to the cent."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            table = CONTRACT[name]
            found = connection.execute(select(*(table.c[column] for column in columns))).all()
    finally:
        engine.dispose()
    told = [tuple(f"{v:.2f}" if isinstance(v, Decimal) else v for v in row) for row in found]
    assert len(told) == len(set(told)), f"rows of {name} repeat"
    return set(told)


EXPECTED = {
    "leads": ("lead_id created_at channel account_id owner_id score merged_into merged_at "
              "deleted_at", northwind_expected.LEADS),
    "handoffs": ("handoff_id lead_id account_id handed_at priority assigned_to disposition "
                 "disposed_at reason", northwind_expected.HANDOFFS),
    "touches": ("touch_id lead_id occurred_at team channel kind direction responded automated "
                "campaign_id rep_id", northwind_expected.TOUCHES),
    "opportunities": ("opportunity_id account_id lead_id owner_id kind created_at closed_at status "
                      "amount currency amount_original", northwind_expected.OPPORTUNITIES),
    "opportunity_stages": ("opportunity_id stage entered_at amount expected_close_on",
                           northwind_expected.OPPORTUNITY_STAGES),
    "opportunity_contacts": ("opportunity_id lead_id role",
                             northwind_expected.OPPORTUNITY_CONTACTS),
    "system_records": ("system product record_id lead_id match_key stage counted_at status "
                       "sync_status", northwind_expected.SYSTEM_RECORDS),
    "reps": ("rep_id team role manager timezone", northwind_expected.REPS),
    "accounts": ("account_id name", {("0011", "Acme"), ("hubspot-22", "Zeta")}),
    "campaigns": ("campaign_id name channel", {("7011", "Webinar 1", "Webinar"),
                  ("hubspot-email-71", "January letter", "email")}),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPECTED)
def test_table(built, name: str) -> None:
    columns, expected = EXPECTED[name]
    assert rows(built[0], name, *columns.split()) == expected


def test_stages(built) -> None:
    found = rows(built[0], "lead_stages", "lead_id", "stage", "entered_at", "source_system",
                 "actor_id", "reason")  # fmt: skip
    leads = {(row[0], row[1]) for row in northwind_expected.LEADS if row[6] is None}
    assert {(row[0], row[2]) for row in found if row[1] == "lead"} == leads
    assert {row for row in found if row[1] != "lead"} == northwind_expected.STAGES


def test_changes_of_score_and_owner_are_known_with_their_date(built) -> None:
    found = rows(built[0], "lead_changes", "lead_id", "field", "value", "changed_at", "system",
                 "team")  # fmt: skip
    assert {row for row in found if row[0] == "00Q1"} == {
        ("00Q1", "score", "50", at("2026-01-04"), "hubspot", "marketing"),
        ("00Q1", "score", "80", at("2026-01-05"), "hubspot", "marketing"),
        ("00Q1", "owner_id", "005A", at("2026-01-06 08:00"), "salesforce", "sales"),
        ("00Q1", "owner_id", "005B", at("2026-02-20 09:00"), "salesforce", "sales"),
    }


def test_every_raw_row_is_accounted_for(built) -> None:
    told = {
        (source.product, table.name): table
        for source in built[1].sources
        for table in source.tables
    }
    for key, (number, aside) in northwind_expected.ASIDE.items():
        assert (told[key].rows, told[key].aside) == (number, aside), key
    landed = {"salesforce": northwind.salesforce(), "hubspot": northwind.hubspot()}
    assert {key: t.rows for key, t in told.items()} == {
        (product, name): len(table) for product, tables in landed.items()
        for name, table in tables.items()
    }  # fmt: skip
    assert all(t.rows == t.used + sum(t.aside.values()) for t in told.values())


def test_report_says_what_is_missing_and_what_to_mend(built) -> None:
    text = as_text(built[1])
    assert "salesforce in crm, landed by Fivetran" in text
    assert "no table deal_stage: without it the warehouse does not know" in text
    assert "the status 'Weird' is not named in [sources.salesforce.lead_status] (1 in lead)" in text
    assert "the type 'Odd' is not named in [sources.salesforce.opportunity_kinds] (1 in" in text
    assert "sourced_by 'Luck' is not named in the warehouse's own list (marketing, sdr," in text
    assert "the role 'SDR' is not named in [sources.salesforce.teams]: its users count as" in text
    assert "1 e-mail addresses belong to several leads in salesforce" in text


def test_who_sourced_a_deal_is_one_of_the_list(built) -> None:
    found = rows(built[0], "opportunities", "opportunity_id", "sourced_by")
    assert found == {("0061", "sdr"), ("0062", None), ("0064", "sdr")}


def test_check_finds_no_error(built) -> None:
    warehouse = Warehouse(make_url(built[0]))
    warehouse.__dict__["config"] = parse_config(northwind.CONFIG)
    errors = [check for check in CHECKS if check.level is Level.ERROR]
    try:
        assert not [r.check.id for r in run_checks(warehouse, errors) if not r.passed]
    finally:
        warehouse.close()


def test_each_source_says_how_far_it_reaches(built) -> None:
    found = rows(built[0], "loads", "source", "table_name", "row_count", "data_through")
    assert {(row[0], row[3]) for row in found} == {
        ("salesforce", at("2026-03-20")), ("hubspot", at("2026-03-31")),
    }  # fmt: skip
    counts = {(row[0], row[1]): row[2] for row in found}
    assert counts["salesforce", "touches"] == 6
    assert counts["hubspot", "touches"] == 4
