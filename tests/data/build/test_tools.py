"""Airbyte's and dlt's names: the same rows make the same warehouse, and what either lands in
another shape is told with its place and its remedy, never passed over."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import make_url

from data.build.report import BuildReport, as_text
from data.build.run import build
from data.config import parse_config
from data.tables import CONTRACT
from tests.build import at
from tests.data.build import northwind, tools
from tests.data.build.landing import land
from tests.data.build.test_hubspot_alone import CONFIG as HUBSPOT_CONFIG
from tests.data.build.test_hubspot_alone import TABLES as HUBSPOT_ALONE
from tests.data.build.test_rebuild import content


def built(url: str, landed: dict[str, tools.Tables], config: str) -> BuildReport:
    for product, tables in landed.items():
        land(url, product, tables)
    sources = {product.split("_")[0]: product for product in landed}
    return build(make_url(url), sources, config=parse_config(config), now=northwind.NOW)


@pytest.mark.parametrize(
    "engine_url", ["postgresql", pytest.param("duckdb", marks=pytest.mark.long)], indirect=True
)
def test_airbyte_s_names_and_texts_make_the_same_warehouse(engine_url: str) -> None:
    crm, hub = northwind.salesforce(), northwind.hubspot()
    listed = tools.only(hub, list(tools.AIRBYTE_HUBSPOT))
    built(engine_url, {"salesforce": crm, "hubspot": listed}, northwind.CONFIG)
    expected = content(engine_url)
    assert all(expected[name] for name in ("handoffs", "touches", "opportunities"))

    theirs = tools.airbyte_hubspot(listed)
    for table in ("engagements_calls", "engagements_meetings"):
        theirs[table] = [{**row, "contacts": '["4"]'} for row in theirs[table]]
    theirs["deals"] = [{**row, "contacts": '["4"]', "companies": "[]"} for row in theirs["deals"]]
    theirs["deal_pipelines"] = [{"pipelineId": "default", "label": "Sales", "stages": "[]"}]
    theirs["owners"] = [{**row, "teams": '[{"id": "5"}]'} for row in theirs["owners"]]
    landed = {"salesforce_a": tools.airbyte_salesforce(crm), "hubspot_a": theirs}
    report = built(engine_url, landed, northwind.CONFIG)
    assert content(engine_url) == expected
    assert report.unchanged

    assert [source.tool for source in report.sources] == ["Airbyte", "Airbyte"]
    assert {name: text.split()[0] for name, text in report.sources[1].shapes.items()} == {
        "engagement_contact": "engagements_calls.contacts",
        "deal_contact": "deals.contacts",
        "deal_company": "deals.companies",
        "deal_pipeline_stage": "deal_pipelines.stages",
        "owner_team": "owners.teams",
    }
    text = as_text(report)
    assert "no table deal_contact: without it the warehouse does not know the leads of a" in text
    assert (
        "deals.contacts holds it in another shape, which is not read: make a table deal_contact "
        "(deal_id, contact_id) of it" in text
    )
    assert all(t.rows == t.used + sum(t.aside.values()) for s in report.sources for t in s.tables)
    assert not any(t.unreadable for s in report.sources for t in s.tables)


@pytest.mark.parametrize(
    "engine_url", ["duckdb", pytest.param("postgresql", marks=pytest.mark.long)], indirect=True
)
def test_dlt_s_names_make_the_same_warehouse(engine_url: str) -> None:
    stages = [
        {**row, "is_closed": str(row["is_closed"]).lower(),
         "probability": 1.0 if row["closed_won"] else 0.4}
        for row in HUBSPOT_ALONE["deal_pipeline_stage"]
    ]  # fmt: skip
    entered = [{"deal_id": 1, "value": "talk", "date_entered": at("2026-01-20")}]
    whole = {**HUBSPOT_ALONE, "deal_pipeline_stage": stages, "deal_stage": entered}
    hub = tools.only(whole, list(tools.DLT_HUBSPOT), without=["closed_won"])
    built(engine_url, {"hubspot": hub}, HUBSPOT_CONFIG)
    expected = content(engine_url)
    # Without ``closed_won``, the probability of a closed stage tells who has won.
    place = CONTRACT["opportunities"].c.keys()
    told = {(row[place.index("opportunity_id")], row[place.index("status")]) for row in
            expected["opportunities"]}  # fmt: skip
    assert told == {("1", "won"), ("4", "open"), ("5", "open")}
    assert expected["opportunity_stages"]
    assert expected["lead_stages"]

    theirs = tools.dlt(hub, tools.DLT_HUBSPOT)
    theirs["deals__contacts"] = [{"value": "1", "contacts_id": "1", "_dlt_parent_id": "deals-0"}]
    theirs["owners__teams"] = [{"id": "5", "name": "Field", "_dlt_parent_id": "owners-0"}]
    report = built(engine_url, {"hubspot_d": theirs}, HUBSPOT_CONFIG)
    assert content(engine_url) == expected
    assert report.unchanged
    (source,) = report.sources
    assert source.tool == "dlt"
    assert {name: text.split()[0] for name, text in source.shapes.items()} == {
        "deal_contact": "deals__contacts",
        "owner_team": "owners__teams",
    }
    assert source.not_read == ("deals__contacts", "owners__teams")
    assert "engagement_contact" in source.missing


def test_of_a_row_that_dlt_has_landed_twice_the_newest_counts(duckdb_url: str) -> None:
    crm = northwind.salesforce()
    theirs = tools.dlt(crm, {"user": ("sf_user", {})})
    built(duckdb_url, {"salesforce": theirs}, northwind.CONFIG)
    leads = {row[0]: row for row in content(duckdb_url)["leads"]}
    assert leads["00Q9"][CONTRACT["leads"].c.keys().index("email")] == "odd@x.com"


def test_what_a_stage_of_hubspot_says_of_its_deals(duckdb_url: str) -> None:
    nothing = {"closed_won": None, "is_closed": None, "probability": None}
    told: list[tuple[dict, str | None]] = [
        # Fivetran has for years set closed_won for every closed stage, the lost ones too.
        ({"closed_won": True, "probability": 0.0}, "lost"),
        ({"closed_won": True, "probability": 1.0}, "won"),
        ({"closed_won": True}, "won"),
        ({"closed_won": True, "is_closed": True, "probability": 1.0}, "won"),
        ({"closed_won": False, "is_closed": True}, "lost"),
        ({"closed_won": False, "is_closed": False, "probability": 0.0}, "open"),
        ({"is_closed": True}, None),
        ({"probability": 0.0}, "lost"),
        ({"probability": 0.4}, "open"),
    ]
    hub = tools.only(HUBSPOT_ALONE, ["contact"])
    first = HUBSPOT_ALONE["deal"][0]
    hub["deal"] = [
        {**first, "deal_id": n, "deal_pipeline_stage_id": str(n)} for n, _ in enumerate(told)
    ]
    hub["deal_pipeline_stage"] = [
        {"stage_id": str(n), "label": f"Stage {n}", **nothing, **stage}
        for n, (stage, _) in enumerate(told)
    ]
    report = built(duckdb_url, {"hubspot": hub}, HUBSPOT_CONFIG)
    place = CONTRACT["opportunities"].c.keys()
    found = {
        row[place.index("opportunity_id")]: row[place.index("status")]
        for row in content(duckdb_url)["opportunities"]
    }
    assert found == {str(n): status for n, (_, status) in enumerate(told) if status}
    aside = next(t.aside for t in report.sources[0].tables if t.name == "deal")
    assert aside == {
        "its stage is not among the stages of a pipeline: won, lost or open is not known": 1
    }
