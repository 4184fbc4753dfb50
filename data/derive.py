"""The derived tables: how business time runs, and every handoff's clock (handbook §4).

They depend on the handoffs and touches loaded and on the configuration; ``stale_reason`` says
whether they still fit both. They hold no as-of moment: a reader compares them with its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice

import pyarrow as pa
from sqlalchemy import Connection, Table, delete, func, insert, select, union_all
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateTable, DropTable

from data.arrow import schema_of
from data.business_days import calendar_rows
from data.config import Config, load_config
from data.content import write_down
from data.dialects import dialect_of
from data.errors import WarehouseError
from data.freshness import version_of
from data.handoff_clock import clock_rows, target_seconds_of
from data.reading import note_reads
from data.tables import (
    CONTRACT,
    DERIVED,
    SCHEMA_VERSION,
    business_days,
    handoff_clock,
    handoffs,
    loads,
    reps,
    scorecard_meta,
    touches,
)
from data.warehouse import Warehouse
from data.zones import known_zones

Progress = Callable[[str, float], None]

REMEDY = "Run 'python -m data derive'."
BAD_IDS = "The table handoffs holds a handoff_id twice, or one that is NULL."
BAD_IDS_REMEDY = "'python -m data check' names them; mend them in the source and load again."
# What every load writes anew: no content of the company's.
OWN_BOOKS = ("loads", "scorecard_meta")
ROWS_AT_ONCE = 100_000
# A date outside these is a defect of its source; it must not make a calendar of centuries.
EARLIEST, LATEST = datetime(1990, 1, 1), datetime(2060, 1, 1)


def derive(connection: Connection, config: Config, *, progress: Progress | None = None) -> None:
    """Fill the derived tables of a warehouse whose contract tables are filled.

    ``connection`` must be writable; nothing is committed. ``progress`` is told what is being
    done and the share (0–1) done before. Raises ``WarehouseError`` where handoff ids repeat,
    ``ConfigError`` where a response target cannot be reached.
    """
    tell = progress or _tell_nobody
    tell("business calendar", 0.0)
    _empty(connection, business_days)
    zones = zones_needed(connection, config)
    first, last = _span(connection)
    longest = max(target_seconds_of(config).values())
    rows = (
        row
        for zone in zones
        for row in calendar_rows(zone, config.business_hours, first, last, longest)
    )
    _insert(connection, business_days, rows)
    tell("response clock of every handoff", 0.2)
    _empty(connection, handoff_clock)
    if not dialect_of(connection.engine.url).holds_rules and _has_bad_ids(connection):
        raise WarehouseError(BAD_IDS, remedy=BAD_IDS_REMEDY)
    try:
        names = [column.name for column in handoff_clock.columns]
        connection.execute(insert(handoff_clock).from_select(names, clock_rows(config, zones)))
    except IntegrityError as error:
        raise WarehouseError(BAD_IDS, remedy=BAD_IDS_REMEDY) from error
    tell("what the tables hold", 0.8)
    known = [table for name, table in (CONTRACT | DERIVED).items() if name not in OWN_BOOKS]
    write_meta(
        connection,
        {
            "contents": write_down(connection, known),
            "derived_config_hash": config.clock_hash,
            "derived_data_version": data_version(connection),
            "derived_at": datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds"),
        },
    )
    tell("derived tables done", 1.0)


def stale_reason(warehouse: Warehouse, config: Config | None = None) -> str | None:
    """Why the derived tables do not fit the warehouse's data or ``config``, in words with the
    remedy; None where they do. ``config`` is the warehouse's own unless given."""
    config = config or warehouse.config
    note_reads([handoff_clock.name])
    derived_from = warehouse.meta.get("derived_config_hash")
    if derived_from is None:
        return f"Response times have not been derived yet. {REMEDY}"
    if derived_from != config.clock_hash:
        return (
            "Business hours, response targets or the time zone in the configuration have "
            f"changed since response times were derived. {REMEDY}"
        )
    if not warehouse.is_derived_from_its_data:
        return f"The data have changed since response times were derived. {REMEDY}"
    clocks = warehouse.rows(select(func.count().label("rows")).select_from(handoff_clock))
    if clocks[0]["rows"] != warehouse.row_counts["handoffs"]:
        return f"The handoffs have changed since response times were derived. {REMEDY}"
    return None


def config_in_force(connection: Connection) -> Config:
    """The configuration for the warehouse behind a connection, the demo's own for the demo."""
    connection.execute(CreateTable(scorecard_meta, if_not_exists=True))
    company = select(scorecard_meta.c.value).where(scorecard_meta.c.key == "company")
    return load_config(demo=connection.execute(company).scalar() == "demo")


def data_version(connection: Connection) -> str:
    """The data version of the warehouse behind a connection, as ``Warehouse.data_version``."""
    return version_of([dict(row) for row in connection.execute(select(loads)).mappings()])


def zones_needed(connection: Connection, config: Config) -> tuple[str, ...]:
    """The calendars that handoffs need, the fallback first: the one zone configured for all, or
    the company's and those of its reps that are known time zones."""
    if config.business_hours.timezone != "rep":
        return (config.business_hours.timezone,)
    company = config.company.timezone
    named = connection.execute(select(reps.c.timezone).distinct()).scalars()
    return (company, *sorted({z for z in named if z in known_zones()} - {company}))


def _span(connection: Connection) -> tuple[datetime, datetime]:
    """From the first handoff to the newest event, both within sensible years."""
    moments = (
        func.min(handoffs.c.handed_at),
        func.max(handoffs.c.handed_at),
        func.max(handoffs.c.first_response_at),
        func.max(handoffs.c.disposed_at),
        func.max(touches.c.occurred_at),
        func.max(loads.c.data_through),
    )
    statement = union_all(*(select(moment.label("moment")) for moment in moments))
    found = [moment for moment in connection.execute(statement).scalars() if moment is not None]
    found = found or [datetime.now(UTC).replace(tzinfo=None)]
    return max(min(found), EARLIEST), max(min(max(found), LATEST), EARLIEST)


def write_meta(connection: Connection, values: Mapping[str, str]) -> None:
    """Set what the warehouse says of itself; keys not given stay as they are.

    The few rows are written anew as a whole, which every engine can.
    """
    connection.execute(CreateTable(scorecard_meta, if_not_exists=True))
    known = {row.key: row.value for row in connection.execute(select(scorecard_meta))}
    _empty(connection, scorecard_meta)
    rows = {"schema_version": SCHEMA_VERSION, **known, **values}
    connection.execute(
        insert(scorecard_meta), [{"key": key, "value": value} for key, value in rows.items()]
    )


def _has_bad_ids(connection: Connection) -> bool:
    ids = handoffs.c.handoff_id
    counts = select(func.count().label("rows"), func.count(ids.distinct()).label("ids"))
    found = connection.execute(counts.select_from(handoffs)).one()
    return bool(found.rows != found.ids)


def _empty(connection: Connection, table: Table) -> None:
    if dialect_of(connection.engine.url).empties_by_dropping:
        connection.execute(DropTable(table, if_exists=True))
        connection.execute(CreateTable(table))
    else:
        connection.execute(CreateTable(table, if_not_exists=True))
        connection.execute(delete(table))


def _insert(connection: Connection, table: Table, rows: Iterable[dict]) -> None:
    rows, schema = iter(rows), schema_of(table)
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        columns = pa.Table.from_pylist(chunk, schema=schema)
        dialect_of(connection.engine.url).insert(connection, table, columns)


def _tell_nobody(step: str, share: float) -> None:
    pass
