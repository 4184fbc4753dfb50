"""Raw tables found and read: texts for types, and what is refused in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, select

from data.build.raw import RawSchema, read_schema
from data.config import parse_config
from data.config_sources import HubspotSource, SalesforceSource
from data.errors import ConfigError, LoadError
from data.sources import hubspot, salesforce
from tests.data.build import northwind
from tests.data.build.landing import land


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
