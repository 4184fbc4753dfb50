"""Write tables into a new warehouse and put it in the place of the old one, all or nothing."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.exc import IntegrityError

from data.arrow import schema_of
from data.config import Config
from data.derive import derive, write_meta
from data.dialects import dialect_of
from data.errors import LoadError, unknown
from data.sources.convert import utc_midnight
from data.swap import replacing
from data.tables import CONTRACT, EVENT_COLUMNS, SCHEMA_VERSION

Progress = Callable[[str, float], None]
# Shares of the time that a load takes, for its progress.
WRITTEN, DERIVED = 0.6, 0.95


@dataclass(frozen=True)
class LoadReport:
    """What a load has written: rows by table; moments in UTC without zone."""

    load_id: str
    source: str
    loaded_at: datetime
    data_through: datetime | None
    rows: dict[str, int]


def load_tables(
    url: URL,
    tables: Mapping[str, pa.Table],
    *,
    company: str = "",
    config: Config,
    source: str = "files",
    progress: Progress | None = None,
) -> LoadReport:
    """Replace the warehouse by these tables; those not given become empty.

    Columns may be left out (NULL) but not added. ``loads`` is written as given; without
    rows there it gets one a table given, all of ``source``. ``progress`` gets a text and the
    share done (0–1). Raises ``LoadError`` or ``WarehouseError``, and then nothing has changed.
    """
    checked = {name: _fitted(name, rows) for name, rows in tables.items()}
    report = LoadReport(
        load_id=f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}",
        source=source,
        loaded_at=(loaded_at := datetime.now(UTC).replace(tzinfo=None)),
        data_through=data_through(checked, config.company.zone, loaded_at),
        rows={name: rows.num_rows for name, rows in checked.items()},
    )
    if "loads" not in checked or checked["loads"].num_rows == 0:
        checked["loads"] = _loads_rows(report)
    tell = progress or (lambda text, share: None)
    with replacing(url) as connection:
        _write(connection, url, checked, tell)
        write_meta(
            connection,
            {
                "schema_version": SCHEMA_VERSION,
                "company": company,
                "loaded_by": f"shared-scorecard {SCHEMA_VERSION}",
            },
        )
        span = DERIVED - WRITTEN
        derive(
            connection,
            config,
            progress=lambda text, share: tell(text, WRITTEN + span * share),
        )
        tell("putting the new warehouse in place", DERIVED)
    tell("done", 1.0)
    return report


def data_through(
    tables: Mapping[str, pa.Table], zone: ZoneInfo, loaded_at: datetime
) -> datetime | None:
    """The newest event in the tables that is not after ``loaded_at``.

    A business day counts from its midnight in ``zone``. None where there is no event.
    """
    moments = []
    for name, columns in EVENT_COLUMNS.items():
        for column in columns:
            if name in tables and column in tables[name].column_names:
                newest = _newest(tables[name][column], zone, loaded_at)
                moments += [newest] if newest is not None else []
    return max(moments, default=None)


def _newest(values: pa.ChunkedArray, zone: ZoneInfo, loaded_at: datetime) -> datetime | None:
    if pa.types.is_date(values.type):
        days = [day for day in values.unique().to_pylist() if day is not None]
        moments = (utc_midnight(day, zone) for day in days)
        return max((moment for moment in moments if moment <= loaded_at), default=None)
    return pc.max(values.filter(pc.less_equal(values, pa.scalar(loaded_at, values.type)))).as_py()


def _fitted(name: str, rows: pa.Table) -> pa.Table:
    """The rows with the contract's types, whichever of its columns they have."""
    if name not in CONTRACT:
        raise LoadError(unknown("table", name, CONTRACT))
    schema = schema_of(CONTRACT[name])
    for column in rows.column_names:
        if column not in schema.names:
            raise LoadError(unknown(f"column of {name}", column, schema.names))
    wanted = [field for field in schema if field.name in rows.column_names]
    try:
        return rows.select([field.name for field in wanted]).cast(
            pa.schema([field.with_nullable(True) for field in wanted])
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise LoadError(
            f"The rows of {name} have other types than the contract: {error}."
        ) from error


def _loads_rows(report: LoadReport) -> pa.Table:
    count = len(report.rows)
    return pa.table(
        {
            "load_id": [report.load_id] * count,
            "source": [report.source] * count,
            "table_name": list(report.rows),
            "loaded_at": [report.loaded_at] * count,
            "row_count": list(report.rows.values()),
            "data_through": [report.data_through] * count,
        },
        schema=schema_of(CONTRACT["loads"]),
    )


def _write(
    connection: Connection, url: URL, tables: Mapping[str, pa.Table], tell: Progress
) -> None:
    total = sum(rows.num_rows for rows in tables.values()) or 1
    written = 0
    for name, rows in tables.items():
        tell(f"writing {name}", WRITTEN * written / total)
        try:
            dialect_of(url).insert(connection, CONTRACT[name], rows)
        except IntegrityError as error:
            reason = str(error.orig or error).strip().splitlines()[0]
            raise LoadError(f"The rows of {name} break a rule of the table: {reason}") from error
        written += rows.num_rows
