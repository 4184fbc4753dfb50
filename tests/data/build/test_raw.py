"""Raw tables found and read: other tools' names, texts for types, and what is refused in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, select
from sqlalchemy.engine import make_url

from data.build.raw import RawSchema, read_schema
from data.build.run import build
from data.config import parse_config
from data.config_sources import HubspotSource, SalesforceSource
from data.errors import ConfigError, LoadError
from data.sources import hubspot, salesforce
from tests.data.build import northwind
from tests.data.build.landing import land
from tests.data.build.test_northwind import EXPECTED, rows

HUBSPOT_NAMES = {
    "contact": "contacts",
    "contact_property_history": "contacts_property_history",
    "contact_merge_audit": "contacts_merged_audit",
    "company": "companies",
    "deal": "deals",
    "engagement_call": "engagements_calls",
    "engagement_meeting": "engagements_meetings",
    "email_event": "email_events",
    "owner": "owners",
}
SALESFORCE_NAMES = {
    "user": "User",
    "lead_history": "LeadHistory",
    "campaign_member": "CampaignMember",
    "opportunity_history": "OpportunityHistory",
}


def as_airbyte(tables: dict[str, list[dict]], names: dict[str, str]) -> dict[str, list[dict]]:
    """The same rows with Airbyte's names, and every value a text."""
    return {
        names.get(name, name): [
            {_airbyte(key): None if value is None else _text(value) for key, value in row.items()}
            for row in table
        ]
        for name, table in tables.items()
    }


def _airbyte(name: str) -> str:
    if name.startswith("property_"):
        return name.replace("property_", "properties_", 1)
    # Salesforce's own spelling: IsDeleted, Reason__c.
    if name.endswith("_c"):
        return f"{name.removesuffix('_c').title().replace('_', '')}__c"
    return name if name.startswith("_") else name.title().replace("_", "")


def _text(value: Any) -> str:
    if hasattr(value, "hour"):
        return value.isoformat() + ("" if value.tzinfo else "Z")
    return str(value)


@pytest.mark.parametrize(
    "engine_url", ["postgresql", pytest.param("duckdb", marks=pytest.mark.long)], indirect=True
)
def test_other_names_and_texts_make_the_same_warehouse(engine_url: str) -> None:
    land(engine_url, "crm", as_airbyte(northwind.salesforce(), SALESFORCE_NAMES))
    hub = as_airbyte(northwind.hubspot(), HUBSPOT_NAMES)
    # Tables of associations and the like have Fivetran's columns.
    same = ("contacts", "contacts_property_history", "companies", "engagements_calls",
            "engagements_meetings", "deals")  # fmt: skip
    plain = {HUBSPOT_NAMES.get(n, n): t for n, t in northwind.hubspot().items()}
    land(engine_url, "hub", {**plain, **{name: hub[name] for name in same}})
    config = parse_config(northwind.CONFIG)
    build(make_url(engine_url), northwind.SOURCES, config=config, now=northwind.NOW)
    for name in ("leads", "touches", "opportunities", "system_records"):
        columns, expected = EXPECTED[name]
        assert rows(engine_url, name, *columns.split()) == expected, name


@pytest.fixture
def connection(duckdb_url: str) -> Iterator[Connection]:
    land(duckdb_url, "crm", northwind.salesforce())
    land(duckdb_url, "hub", northwind.hubspot())
    engine = create_engine(duckdb_url)
    with engine.connect() as found:
        yield found
    engine.dispose()


def hub_of(connection: Connection, schema: str = "hub", **settings: Any) -> RawSchema:
    return read_schema(
        connection, "hubspot", schema, hubspot.tables(HubspotSource.model_validate(settings))
    )


def relanded(connection: Connection, name: str, table: list[dict]) -> None:
    url = connection.engine.url.render_as_string(hide_password=False)
    connection.rollback()
    land(url, "hub", {name: table})


def test_refusals_name_what_is_near(connection: Connection) -> None:
    with pytest.raises(LoadError, match=r"no schema 'hubb'.*Nearest: 'hub'"):
        hub_of(connection, "hubb")
    with pytest.raises(LoadError, match=r"no table 'lead', which gives the leads"):
        read_schema(connection, "salesforce", "hub", salesforce.tables(SalesforceSource()))
    named = {"persona": "property_jobtitel"}
    with pytest.raises(LoadError, match=r"'property_jobtitel' that \[sources.hubspot.fields\]"):
        hub_of(connection, fields=named)
    contacts = northwind.hubspot()["contact"]
    for row in contacts:
        row["property_createdat"] = row.pop("property_createdate")
    relanded(connection, "contact", contacts)
    with pytest.raises(LoadError, match=r"'property_createdate'. Nearest: 'property_createdat'"):
        hub_of(connection)
    relanded(connection, "contact", [{**row, "property_createdate": 5} for row in contacts])
    with pytest.raises(LoadError, match="property_createdate of the type BIGINT; a moment is"):
        hub_of(connection)


def test_values_that_cannot_be_read_are_counted(connection: Connection) -> None:
    contacts = northwind.hubspot()["contact"]
    relanded(
        connection,
        "contact",
        [{**row, "property_hubspotscore": "high", "property_createdate": text}
         for row, text in zip(contacts, ["2026-02-31", "2026-01-02T03:04:05+02:00", *"abcd"],
                              strict=True)],
    )  # fmt: skip
    found = hub_of(connection)["contact"]
    statement = found.unreadable()
    assert statement is not None
    counts = connection.execute(statement).mappings().one()
    assert (counts["property_hubspotscore"], counts["property_createdate"]) == (6, 5)
    read = select(found.c.property_createdate).where(found.c.problem.is_(None))
    assert [str(value) for value in connection.execute(read).scalars()] == ["2026-01-02 01:04:05"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[sources.hubspot.lifecycle_stages]\nlead = "mqll"',
            "unknown stage 'mqll'. Nearest: 'mql'",
        ),
        ('[sources.salesforce.fields]\nhas_bugdet = "x"', "Nearest: 'has_budget'"),
        ("[sources.salesforse]", "unknown key 'salesforse'. Nearest: 'salesforce'"),
        ("[sources.rates]\nEURO = 1.1", "'EURO' is not an ISO 4217 currency"),
        ("[sources.rates]\nEUR = 0", "greater than 0"),
    ],
)
def test_settings_are_checked(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_config(text)
