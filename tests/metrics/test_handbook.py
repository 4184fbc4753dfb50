"""The handbook: complete, searchable, honest about the data, and the same in docs/metrics.md."""

from __future__ import annotations

import pytest

from data.config import PROJECT_DIR, Config, parse_config
from metrics.__main__ import main
from metrics.calendar import Span
from metrics.catalog import CATALOG
from metrics.engine import run_query
from metrics.handbook import all_entries, by_team, describe, find, not_fed
from metrics.handbook_rules import RULES, company_facts, find_rules
from metrics.model import Kind, Status
from metrics.query import MetricQuery
from metrics.report.handbook_markdown import to_markdown
from tests.build import at, warehouse_of
from tests.metrics import fixture_company

ENTRIES = all_entries(Config())


def ids(text: str) -> set[str]:
    return {entry.id for entry in find(ENTRIES, text)}


def test_every_kpi_stands_once_under_its_team():
    assert sorted(entry.id for entry in ENTRIES) == sorted(CATALOG)
    groups = by_team(ENTRIES)
    assert list(groups) == ["Marketing", "Shared", "Sales"]
    assert {e.id for e in groups["Sales"]} == {m.id for m in CATALOG.values() if m.team == "sales"}


@pytest.mark.parametrize("metric", CATALOG.values(), ids=list(CATALOG))
def test_an_entry_says_all_that_the_catalog_knows(metric):
    entry = describe(metric, Config())
    said = " ".join(words for _, words in entry.facts)
    for words in (metric.counted_by, metric.null_rule, metric.owner, *metric.tables):
        assert words in said
    for dimension in metric.dimensions:
        assert dimension.replace("_", " ") in said
    assert all(words for _, words in entry.facts)
    assert ("Window" in dict(entry.facts)) is (metric.kind is Kind.COHORT)


def test_windows_are_the_company_s():
    config = parse_config("[conversion_days]\nmql_to_sql = 45\n")
    entry = describe(CATALOG["mql_to_sql"], config)
    assert dict(entry.facts)["Window"] == "45 days"


def test_search_looks_at_id_label_definition_and_formula():
    assert ids("mql_to_sql") == {"stage_days_mql_to_sql", "mql_to_sql"}
    assert "win_rate" in ids("WON lost")  # the formula
    assert "sla_response" in ids("business hours")  # the definition
    assert "cost_per_mql" in ids("Cost per")  # the label
    assert ids("") == set(CATALOG)
    assert ids("no such words") == set()


def test_rules_are_found_by_their_words():
    assert [rule.id for rule in find_rules("Wilson")] == ["small-numbers"]
    assert len(find_rules("")) == len(RULES) == len({rule.id for rule in RULES})


def test_a_company_s_own_decisions_belong_to_rules():
    config = parse_config(
        '[company]\ntimezone = "Asia/Tokyo"\nfiscal_year_starts = 4\n'
        '[business_hours]\nholidays = "JP"\n[sla.response_hours]\nP1 = 1.5\n'
    )
    facts = company_facts(config)
    assert set(facts) <= {rule.id for rule in RULES}
    assert "Asia/Tokyo; the fiscal year starts in April" in facts["time"]
    assert "holidays of JP" in facts["time"]
    assert facts["response"] == "Here: P1 1.5 h."


def test_what_the_data_cannot_feed_says_why(duckdb_url, company):
    when = at("2026-06-01 12:00")
    tables = {
        "leads": [{"lead_id": "l", "created_at": when}],
        "lead_stages": [{"lead_id": "l", "stage": "mql", "entered_at": when}],
    }
    warehouse = warehouse_of(company, duckdb_url, tables)
    reasons = not_fed(warehouse)
    assert reasons["spend"] == "the table spend is empty"
    assert reasons["sqls"] == "no stage sql in lead_stages"
    assert not {"leads", "mqls"} & set(reasons)


def test_it_says_so_exactly_of_the_kpis_whose_query_has_no_data(duckdb_url, company):
    with_spend = fixture_company.tables()
    for tables in (with_spend, {k: v for k, v in with_spend.items() if k != "spend"}):
        url = duckdb_url.replace(".duckdb", f"{len(tables)}.duckdb")
        warehouse = warehouse_of(company, url, tables, fixture_company.CONFIG)
        june = Span(*fixture_company.PERIODS["month"])
        query = MetricQuery(tuple(CATALOG), (june,), fixture_company.AS_OF)
        rows = run_query(warehouse, query)
        without = {row.metric: row.reason for row in rows if row.status is Status.NO_DATA}
        assert not_fed(warehouse) == without
        assert ("spend" in without) is (tables is not with_spend)


def test_the_document_is_what_the_catalog_says():
    written = (PROJECT_DIR / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert written == to_markdown(), (
        "renew it: python -m metrics list --format markdown > docs/metrics.md"
    )


def test_the_command_line_prints_it(capsys):
    assert main(["list", "--format", "markdown"]) == 0
    assert capsys.readouterr().out == to_markdown()


def test_markdown_shows_text_as_it_is():
    text = to_markdown()
    for metric in CATALOG.values():
        assert f"`{metric.id}`: " in text
    assert "lead\\_stages" in text
