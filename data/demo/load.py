"""Put the demo company into a warehouse as a company's own data come: raw tables, and a build."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Double,
    MetaData,
    Table,
    Text,
    insert,
)
from sqlalchemy.engine import URL
from sqlalchemy.schema import CreateSchema, CreateTable, DropSchema
from sqlalchemy.types import TypeEngine

from data.build.context import Context
from data.build.report import BuildReport
from data.build.run import fill_from
from data.config import PROJECT_DIR, Config, parse_config
from data.demo.build import World, reached
from data.demo.draws import Draws
from data.demo.raw.hubspot import Portal, contact_table, history_table, other_tables
from data.demo.raw.salesforce import (
    Salesforce,
    account_table,
    lead_history_table,
    lead_table,
    user_tables,
)
from data.demo.raw.salesforce import contact_table as sales_contact_table
from data.demo.raw.salesforce_work import activity_tables, campaign_table, opportunity_tables
from data.derive import derive
from data.dialects import dialect_of
from data.load import write_meta
from data.swap import replacing
from data.tables import CONTRACT, SCHEMA_VERSION, loads

Progress = Callable[[str, float], None]
# Schemas of their own: they must never take the place of a company's.
SCHEMAS = {"salesforce": "demo_salesforce", "hubspot": "demo_hubspot"}
SETTINGS = PROJECT_DIR / "data" / "demo" / "scorecard.toml"
LANDED, BUILT, DERIVED = 0.2, 0.85, 0.98
KINDS: dict[pa.DataType, TypeEngine[Any]] = {
    pa.string(): Text(),
    pa.bool_(): Boolean(),
    pa.int32(): BigInteger(),
    pa.int64(): BigInteger(),
    pa.float64(): Double(),
    pa.date32(): Date(),
    pa.timestamp("us"): DateTime(),
    pa.timestamp("us", "UTC"): DateTime(timezone=True),
}


def raw_tables(world: World, seed: int) -> dict[str, dict[str, pa.Table]]:
    """The raw tables of each system, by product and name."""
    draws, synced = Draws(seed), world.loaded_at
    org, portal = Salesforce(draws, world, synced), Portal(draws, world, synced)
    return {
        "salesforce": {
            "lead": lead_table(org),
            "lead_history": lead_history_table(org),
            "contact": sales_contact_table(org),
            "account": account_table(org),
            **user_tables(org),
            **opportunity_tables(org),
            **activity_tables(org),
            "campaign": campaign_table(org),
        },
        "hubspot": {
            "contact": contact_table(portal),
            "contact_property_history": history_table(portal),
            **other_tables(portal),
        },
    }


def load_demo(
    url: URL, world: World, *, seed: int, config: Config, progress: Progress | None = None
) -> BuildReport:
    """Replace the warehouse by the demo company, built from its raw tables, which lie beside it in
    schemas of their own. Raises ``LoadError`` or ``WarehouseError``; then nothing has changed."""
    tell = progress or (lambda text, share: None)
    moment = world.loaded_at.astype(object)
    # The raw tables are read by the demo's own settings, whatever the warehouse is looked at with.
    context = Context(parse_config(SETTINGS.read_text("utf-8")), moment, tuple(SCHEMAS))
    raw = raw_tables(world, seed)
    with replacing(url) as connection:
        for place, (product, tables) in enumerate(raw.items()):
            tell(f"landing {product}", LANDED * place / len(raw))
            land(connection, url, SCHEMAS[product], tables)
        span = BUILT - LANDED
        report, rows = fill_from(
            connection, SCHEMAS, context, lambda text, share: tell(text, LANDED + span * share),
            reached=reached(world.window),
        )  # fmt: skip
        # What neither system holds.
        beside = world.truth()
        for name in ("spend", "targets"):
            dialect_of(url).insert(connection, CONTRACT[name], beside[name])
        report.rows = {**report.rows, **{n: beside[n].num_rows for n in ("spend", "targets")}}
        own = [row for row in beside["loads"].to_pylist() if row["source"] not in SCHEMAS]
        connection.execute(insert(loads), rows + own)
        write_meta(
            connection,
            {
                "schema_version": SCHEMA_VERSION,
                "company": "demo",
                "loaded_by": f"shared-scorecard {SCHEMA_VERSION}",
            },
        )
        span = DERIVED - BUILT
        derive(connection, config, progress=lambda text, share: tell(text, BUILT + span * share))
        tell("putting the new warehouse in place", DERIVED)
    tell("done", 1.0)
    return report


def land(connection: Connection, url: URL, schema: str, tables: Mapping[str, pa.Table]) -> None:
    """Write raw tables into a schema, in the place of whatever it held."""
    connection.execute(DropSchema(schema, cascade=True, if_exists=True))
    connection.execute(CreateSchema(schema))
    for name, rows in tables.items():
        found = [Column(field.name, KINDS[field.type]) for field in rows.schema]
        table = Table(name, MetaData(), *found, schema=schema)
        connection.execute(CreateTable(table))
        dialect_of(url).insert(connection, table, rows)
