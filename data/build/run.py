"""``build``: a new warehouse from raw schemas, put in place at once; none where nothing is new.

The contract's tables are computed anew as a whole, so that a late record lands where it belongs.
What they hold is told by a hash, which is part of the data version: the same rows are the same
version, however often they are built.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from data.build.context import Context
from data.build.fill import FILLED, SYSTEMS, Filled, Progress, fill
from data.build.raw import read_schema, tables_here
from data.build.report import BuildReport
from data.config import Config
from data.config_sources import PRODUCTS
from data.derive import derive, write_meta
from data.dialects import dialect_of
from data.dialects.functions import row_hash
from data.errors import LoadError, unknown
from data.failures import failure
from data.swap import rebuilding
from data.tables import CONTRACT, SCHEMA_VERSION, loads, metadata, scorecard_meta

READ_SECONDS = 3600.0
# Tables that no system feeds: a company loads them otherwise, and a build leaves them alone.
NOT_FED = ("spend", "targets")


@dataclass(frozen=True)
class _Before:
    """The warehouse that was: its loads and what it says of itself."""

    loads: tuple[Mapping[str, Any], ...]
    meta: Mapping[str, str]

    @property
    def is_demo(self) -> bool:
        return self.meta.get("company") == "demo"

    @property
    def kept(self) -> tuple[str, ...]:
        """What stays as it is; a demo company's figures do not."""
        return () if self.is_demo else NOT_FED


class _Unchanged(Exception):
    """Leaves the block that builds a warehouse without putting it in place."""


def build(
    url: URL,
    sources: Mapping[str, str],
    *,
    config: Config,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> BuildReport:
    """Build the contract's tables from raw schemas that lie in the warehouse itself.

    ``sources``: product → schema. ``now`` (UTC without zone) is the clock's unless given. Raises
    ``LoadError``, ``ConfigError`` or ``WarehouseError``; then the warehouse is as it was.
    """
    if not dialect_of(url).has_catalog:
        raise LoadError(
            f"'data build' does not run on {dialect_of(url).name} yet.",
            remedy="Build on PostgreSQL or DuckDB, or fill the tables with models of your own and "
            "run 'python -m data derive'.",
        )
    tell = progress or (lambda text, share: None)
    moment = now or datetime.now(UTC).replace(tzinfo=None)
    context = Context(config, moment, _ordered(sources))
    with _reading(url) as before:
        emptied = [t for t in metadata.sorted_tables if t.name not in before.kept]
        report: BuildReport
        try:
            with rebuilding(url, emptied) as connection:
                report = _build(connection, sources, context, before, tell)
                tell("putting the new warehouse in place", 0.99)
        except _Unchanged as unchanged:
            report = unchanged.args[0]
    tell("done", 1.0)
    return report


def _build(
    connection: Connection,
    sources: Mapping[str, str],
    context: Context,
    before: _Before,
    tell: Progress,
) -> BuildReport:
    report, rows = fill_from(connection, sources, context, tell, kept=before.kept)
    known = {_identity(row): row["loaded_at"] for row in before.loads}
    # A row of ``loads`` that says the same as before was loaded then.
    rows = [{**row, "loaded_at": known.get(_identity(row), row["loaded_at"])} for row in rows]
    rows += [dict(row) for row in before.loads if row["table_name"] in before.kept]
    same_rows = {_identity(row) for row in rows} == set(known)
    if same_rows and before.meta.get("derived_config_hash") == context.config.clock_hash:
        report.unchanged = True
        raise _Unchanged(report)
    if rows:
        connection.execute(insert(loads), rows)
    write_meta(
        connection,
        {
            "schema_version": SCHEMA_VERSION,
            "company": "",
            "loaded_by": f"shared-scorecard {SCHEMA_VERSION}",
        },
    )
    derive(connection, context.config, progress=lambda text, share: tell(text, 0.85 + 0.14 * share))
    return report


def fill_from(
    connection: Connection,
    sources: Mapping[str, str],
    context: Context,
    tell: Progress,
    *,
    kept: tuple[str, ...] = (),
    reached: Mapping[str, datetime] | None = None,
) -> tuple[BuildReport, list[dict[str, Any]]]:
    """Fill the contract's tables, which must be empty, over an open connection; nothing is
    committed. Returns the report and the rows that ``loads`` is to have.

    ``sources``: product → schema. ``kept``: tables that no system feeds and that hold rows already.
    ``reached``: how far a product's data reach, where that is known better than by its newest
    event. Raises ``LoadError``.
    """
    tell("looking at the raw tables", 0.0)
    schemas = {
        product: read_schema(
            connection,
            product,
            sources[product],
            SYSTEMS[product].tables(getattr(context.sources, product)),
        )
        for product in context.products
    }
    filled = fill(connection, schemas, context, lambda text, share: tell(text, 0.8 * share))
    tell("comparing with the last build", 0.8)
    rows = _loads_rows(connection, filled, context, reached or {})
    counts = {name: _count(connection, name) for name in CONTRACT if name != "loads"}
    report = BuildReport(
        filled.sources, counts, filled.warnings, kept=tuple(n for n in kept if counts[n])
    )
    for source in report.sources:
        source.data_through = max(
            (
                r["data_through"]
                for r in rows
                if r["source"] == source.product and r["data_through"]
            ),
            default=None,
        )
    return report, rows


def _ordered(sources: Mapping[str, str]) -> tuple[str, ...]:
    """The products, the one whose ids lead first."""
    for product in sources:
        if product not in PRODUCTS:
            raise LoadError(unknown("source", product, PRODUCTS))
    if not sources:
        raise LoadError(
            "No source is named.", remedy="Give --source salesforce=SCHEMA, or another."
        )
    return tuple(product for product in PRODUCTS if product in sources)


@contextmanager
def _reading(url: URL) -> Iterator[_Before]:
    """The warehouse as it is, held open for reading: where one process writes and others read
    (DuckDB), nothing can be landed meanwhile that the new warehouse would not have."""
    dialect = dialect_of(url)
    engine = dialect.create_engine(url, read_only=True, timeout_seconds=READ_SECONDS)
    try:
        try:
            connection = engine.connect()
            before = _before(connection)
            connection.rollback()
        except SQLAlchemyError as error:
            raise failure(url, error) from error
        with connection:
            yield before
    finally:
        engine.dispose()


def _before(connection: Connection) -> _Before:
    present = tables_here(connection)
    found: list[Mapping[str, Any]] = []
    meta: dict[str, str] = {}
    if loads.name in present:
        found = [dict(row) for row in connection.execute(select(loads)).mappings()]
    if scorecard_meta.name in present:
        meta = {row.key: row.value for row in connection.execute(select(scorecard_meta))}
    return _Before(tuple(found), meta)


def _identity(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(
        row[name] for name in ("load_id", "source", "table_name", "row_count", "data_through")
    )


def _loads_rows(
    connection: Connection, filled: Filled, context: Context, reached: Mapping[str, datetime]
) -> list[dict[str, Any]]:
    """One row a product and table; the id is a hash of all that was built."""
    parts = [f"{name} {_content(connection, name)}" for name in FILLED]
    load_id = f"build-{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:16]}"
    through: dict[str, datetime | None] = {}
    for (product, _), (_, newest) in filled.loaded.items():
        moments = [m for m in (through.get(product), newest) if m is not None]
        through[product] = reached.get(product, max(moments, default=None))
    return [
        {
            "load_id": load_id,
            "source": product,
            "table_name": table,
            "loaded_at": context.now,
            "row_count": rows,
            "data_through": through[product],
        }
        for (product, table), (rows, _) in sorted(filled.loaded.items())
    ]


def _content(connection: Connection, name: str) -> str:
    """A hash of a table's rows in whatever order."""
    table = CONTRACT[name]
    hashed = row_hash(*table.columns)
    row = connection.execute(select(func.count(), func.sum(hashed)).select_from(table)).one()
    return f"{row[0]} {row[1]}"


def _count(connection: Connection, name: str) -> int:
    return int(connection.execute(select(func.count()).select_from(CONTRACT[name])).scalar_one())
