"""Fill the contract's tables from raw schemas over an open connection; account for every row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    Select,
    Table,
    Text,
    case,
    func,
    insert,
    select,
)
from sqlalchemy.schema import CreateTable, DropTable

from data.build import (
    companies,
    deals,
    feeds,
    handoffs,
    leads,
    names,
    people,
    records,
    stages,
    touches,
)
from data.build.context import Context
from data.build.feeds import Feed
from data.build.raw import SQL_TYPES, RawSchema, RawTable
from data.build.report import SourceReport, TableReport
from data.dialects import dialect_of
from data.errors import LoadError
from data.sources import hubspot, marketo, salesforce
from data.tables import CONTRACT, EVENT_COLUMNS

Progress = Callable[[str, float], None]
SYSTEMS = {"salesforce": salesforce, "hubspot": hubspot, "marketo": marketo}
WARNED = 10  # so many values of a kind are named in warnings, the most frequent
# In this order: later ones read the earlier.
FILLS: tuple[tuple[str, Callable[[Context], Select]], ...] = (
    ("accounts", companies.accounts),
    ("reps", companies.reps),
    ("campaigns", companies.campaigns),
    ("leads", leads.leads),
    ("lead_changes", leads.changes),
    ("opportunities", deals.deals),
    ("opportunity_stages", deals.stages),
    ("opportunity_contacts", deals.contacts),
    ("lead_stages", stages.stages),
    ("handoffs", handoffs.handoffs),
    ("touches", touches.touches),
    ("system_records", records.system_records),
)
FILLED = tuple(name for name, _ in FILLS)


@dataclass
class Filled:
    """What a build has written: (rows, newest event) by product and table; the report's parts."""

    sources: list[SourceReport] = field(default_factory=list)
    loaded: dict[tuple[str, str], tuple[int, datetime | None]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@dataclass
class Ledger:
    """Rows by (product, raw table): all, those that feeds have taken, and those set aside."""

    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    taken: dict[tuple[str, str], int] = field(default_factory=dict)
    passed_on: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    aside: dict[tuple[str, str], dict[str, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )

    def first(self, product: str, table: str, rows: int, counts: Mapping[str | None, int]) -> None:
        """What a feed makes of a raw table: rows by problem. They must be the table's rows."""
        key = (product, table)
        if sum(counts.values()) != rows:
            raise LoadError(
                f"{product}: {table} has {rows:,} rows, the build counts {sum(counts.values()):,}.",
                remedy="Nothing was changed. This is a defect of the build: please report it.",
            )
        self.rows[key], self.taken[key] = rows, counts.get(None, 0)
        for problem, number in counts.items():
            if problem is not None:
                self.aside[key][problem] += number

    def second(self, product: str, table: str, problem: str | None, rows: int) -> None:
        """What became of rows that a feed has taken."""
        self.passed_on[product, table] += rows
        if problem is not None:
            self.aside[product, table][problem] += rows

    def close(self) -> None:
        """Raises ``LoadError`` where rows that were taken have got lost, or become more."""
        for key, rows in self.passed_on.items():
            if rows != self.taken[key]:
                raise LoadError(
                    f"{key[0]}: {self.taken[key]:,} rows of {key[1]} were taken, {rows:,} arrived.",
                    remedy="Nothing was changed. This is a defect of the build: please report it.",
                )

    def table(self, product: str, name: str) -> TableReport:
        key = (product, name)
        aside = dict(self.aside[key])
        return TableReport(name, self.rows[key], self.rows[key] - sum(aside.values()), aside)


def fill(
    connection: Connection,
    schemas: Mapping[str, RawSchema],
    context: Context,
    progress: Progress,
) -> Filled:
    """Fill the tables ``FILLED``, which must be empty. Nothing is committed.

    Raises ``LoadError`` for currencies without a rate. ``progress`` gets a text and the share done.
    """
    filled, ledger = Filled(), Ledger()
    feeds.metadata.create_all(connection, checkfirst=False)
    kept: list[Table] = []
    for place, (product, schema) in enumerate(schemas.items()):
        progress(f"reading {product}", 0.4 * place / len(schemas))
        schema = _typed_once(connection, schema, kept)
        for feed in SYSTEMS[product].build(schema, context):
            filled.warnings += _take(connection, product, schema, feed, ledger)
    analyze = dialect_of(connection.engine.url).analyze
    for table in kept:
        connection.execute(DropTable(table))
    for feed_table in feeds.FEEDS:
        analyze(connection, feed_table)
    deals.refuse_unknown_currencies(connection, context)
    progress("matching people", 0.4)
    people.identify(connection, context)
    names.name(connection, context)
    for place, (name, statement) in enumerate(FILLS):
        progress(f"writing {name}", 0.5 + 0.5 * place / len(FILLS))
        _write(connection, name, statement(context), context, filled, ledger)
    for product, raw_table, problem, rows in _counted(connection, leads.record_problems(context)):
        ledger.second(product, raw_table, problem, rows)
    for product, raw_table, problem, rows in _counted(connection, deals.stage_problems()):
        ledger.second(product, raw_table, problem, rows)
    for product, raw_table, problem, rows in _counted(connection, leads.responses_told()):
        ledger.second(product, raw_table, problem, rows)
    ledger.close()
    filled.warnings += _shared_addresses(connection)
    filled.sources = [_source(connection, schema, ledger) for schema in schemas.values()]
    feeds.metadata.drop_all(connection, checkfirst=False)
    return filled


def _typed_once(connection: Connection, schema: RawSchema, kept: list[Table]) -> RawSchema:
    """The schema with its rows read, typed and compared once, for all feeds that need them."""
    found = {}
    for name, raw in schema.found.items():
        table = Table(
            f"build_raw_{schema.product}_{name}",
            MetaData(),
            *(Column(column.name, SQL_TYPES[column.read_as]) for column in raw.spec.columns),
            Column("problem", Text),
            prefixes=["TEMPORARY"],
        )
        connection.execute(CreateTable(table))
        rows = select(*(raw.c[column.name] for column in table.columns))
        connection.execute(insert(table).from_select(table.c.keys(), rows))
        kept.append(table)
        found[name] = replace(raw, rows=table)
    return replace(schema, found=found)


def _take(
    connection: Connection, product: str, schema: RawSchema, feed: Feed, ledger: Ledger
) -> Iterator[str]:
    if feed.into is not None:
        connection.execute(
            insert(feed.into).from_select(feed.into.c.keys(), feed.statement(product))
        )
    if feed.counted:
        found = schema[feed.raw_table]
        rows = connection.execute(select(func.count()).select_from(found.source)).scalar_one()
        counts = {problem: int(n) for problem, n in connection.execute(feed.counts())}
        ledger.first(product, feed.raw_table, int(rows), counts)
        return
    # What a further feed leaves out is not set aside; only a value that nobody has named is told.
    told = [(n, text) for text, n in connection.execute(feed.counts()) if text is not None]
    told = sorted((row for row in told if feeds.NOT_NAMED in row[1]), key=lambda r: (-r[0], r[1]))
    for number, problem in told[:WARNED]:
        yield f"{product}: {problem} ({number:,} in {feed.raw_table})."
    if len(told) > WARNED:
        rest = sum(number for number, _ in told[WARNED:])
        yield f"{product}: {len(told) - WARNED:,} more such values ({rest:,} in {feed.raw_table})."


def _write(
    connection: Connection,
    name: str,
    statement: Select,
    context: Context,
    filled: Filled,
    ledger: Ledger,
) -> None:
    table = CONTRACT[name]
    out = Table(
        f"build_out_{name}",
        MetaData(),
        *(Column(column, Text) for column in ("from_product", "from_table", "problem")),
        *(Column(column.name, column.type) for column in table.columns),
        prefixes=["TEMPORARY"],
    )
    rows = statement.subquery("rows_to_write")
    given = rows.c.keys()
    own = [column.name for column in table.columns if column.name in given]
    # Which product and raw table a row is from, and why it is left out, where a statement says so.
    told = (("from_product", "product"), ("from_table", "raw_table"), ("problem", "problem"))
    origin = {name: rows.c[column] for name, column in told if column in given}
    connection.execute(CreateTable(out))
    connection.execute(
        insert(out).from_select(
            [*origin, *own], select(*origin.values(), *(rows.c[column] for column in own))
        )
    )
    counted = select(
        out.c.from_product.label("product"), out.c.from_table.label("raw_table"), out.c.problem
    )
    for product, raw_table, problem, number in _counted(connection, counted):
        ledger.second(product, raw_table, problem, number)
    columns = table.c.keys()
    good = select(*(out.c[column] for column in columns)).where(out.c.problem.is_(None))
    connection.execute(insert(table).from_select(columns, good))
    dialect_of(connection.engine.url).analyze(connection, table)
    _note(connection, name, out, context, filled)
    connection.execute(DropTable(out))


def _note(connection: Connection, name: str, out: Table, context: Context, filled: Filled) -> None:
    """Rows and newest event by product; what is dated in the future."""
    events = [out.c[column] for column in EVENT_COLUMNS.get(name, ())]
    newest = [func.max(case((event <= context.now, event))) for event in events]
    future = [func.count(case((event > context.now, 1))) for event in events]
    statement = (
        select(out.c.from_product, func.count(), *newest, *future)
        .where(out.c.problem.is_(None))
        .group_by(out.c.from_product)
    )
    late = 0
    for product, rows, *told in connection.execute(statement):
        moments = [m for m in told[: len(events)] if m is not None]
        filled.loaded[product, name] = (int(rows), max(moments, default=None))
        late += sum(told[len(events) :])
    if late:
        filled.warnings.append(
            f"{late:,} dates in {name} lie in the future; they do not count before they have come. "
            "Planned dates, or a wrong clock or time zone in the source: 'python -m data check' "
            "names them."
        )


def _counted(connection: Connection, told: Select) -> Iterator[tuple[str, str, str | None, int]]:
    rows = told.subquery("counted_rows")
    statement = (
        select(rows.c.product, rows.c.raw_table, rows.c.problem, func.count())
        .where(rows.c.raw_table.is_not(None))
        .group_by(rows.c.product, rows.c.raw_table, rows.c.problem)
    )
    for product, raw_table, problem, number in connection.execute(statement).all():
        yield product, raw_table, problem, int(number)


def _shared_addresses(connection: Connection) -> Iterator[str]:
    r = feeds.records.c
    key = people.email_key(r.email)
    live = (
        select(r.product, key.label("email_key"), people.lead_of.c.survivor_id)
        .join_from(
            feeds.records,
            people.lead_of,
            (people.lead_of.c.product == r.product) & (people.lead_of.c.record_id == r.record_id),
        )
        .where(key.is_not(None), r.deleted_at.is_(None))
        .distinct()
        .subquery("live")
    )
    shared = (
        select(live.c.product, live.c.email_key)
        .group_by(live.c.product, live.c.email_key)
        .having(func.count() > 1)
        .subquery("shared")
    )
    statement = (
        select(shared.c.product, func.count()).group_by(shared.c.product).order_by(shared.c.product)
    )
    for product, number in connection.execute(statement):
        yield (
            f"{number:,} e-mail addresses belong to several leads in {product}; of each, the "
            f"earliest is matched with the other systems. Merge them in {product}."
        )


def _source(connection: Connection, schema: RawSchema, ledger: Ledger) -> SourceReport:
    tables = []
    for name, found in schema.found.items():
        if (schema.product, name) not in ledger.rows:
            continue
        report = ledger.table(schema.product, name)
        report.absent = found.absent
        if (statement := found.unreadable()) is not None:
            row = connection.execute(statement).mappings().one()
            report.unreadable = {column: int(n) for column, n in row.items() if n}
        tables.append(report)
    missing = {spec.name: spec.gives for spec in schema.missing}
    return SourceReport(
        schema.product,
        schema.schema,
        schema.tool,
        tables,
        missing,
        schema.not_read,
        shapes={spec.name: _shape(schema, spec) for spec in schema.missing if spec.name in
                schema.shapes},
    )  # fmt: skip


def _shape(schema: RawSchema, spec: RawTable) -> str:
    columns = ", ".join(column.name for column in spec.columns)
    return (
        f"{schema.shapes[spec.name]} holds it in another shape, which is not read: make a table "
        f"{spec.name} ({columns}) of it"
    )
