"""Small warehouses for tests: rows in, a filled and derived warehouse out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import create_engine, insert

from data.config import Config, parse_config
from data.derive import derive
from data.tables import CONTRACT, EVENT_COLUMNS, SCHEMA_VERSION, scorecard_meta
from data.warehouse import Warehouse, open_warehouse
from tests.rows import create, put

Rows = Sequence[Mapping[str, Any]]
LOADED_AT = datetime(2030, 1, 1)


def at(text: str) -> datetime:
    """``at("2026-03-02 09:30")``: a naive UTC moment."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def newest_event(tables: Mapping[str, Rows]) -> datetime | None:
    moments = [
        value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        for name, rows in tables.items()
        for row in rows
        for column in EVENT_COLUMNS.get(name, ())
        if isinstance(value := row.get(column), date)
    ]
    return max(moments, default=None)


def fill(url: str, tables: Mapping[str, Rows], config: str = "") -> None:
    """Create the warehouse at ``url`` with these rows, as one load of one source."""
    settings: Config = parse_config(config)
    through = newest_event(tables)
    loads = [
        {
            "load_id": "load-1",
            "source": "files",
            "table_name": name,
            "loaded_at": LOADED_AT,
            "row_count": len(rows),
            "data_through": through,
        }
        for name, rows in tables.items()
    ]
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            create(connection)
            for name, rows in {"loads": loads, **tables}.items():
                unknown = {key for row in rows for key in row} - set(CONTRACT[name].columns.keys())
                assert not unknown, f"{name} has no column {unknown}"
                if rows:
                    put(connection, CONTRACT[name], rows)
            connection.execute(
                insert(scorecard_meta), [{"key": "schema_version", "value": SCHEMA_VERSION}]
            )
            derive(connection, settings)
    finally:
        engine.dispose()


def warehouse_of(company, url: str, tables: Mapping[str, Rows], config: str = "") -> Warehouse:
    """Fill a database and open it as the program would; ``company`` is the fixture."""
    fill(url, tables, config)
    company(url, config)
    return open_warehouse()
