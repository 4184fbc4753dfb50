"""``metrics records``: the records behind a KPI's number."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from data.errors import unknown
from data.warehouse import open_warehouse
from metrics.calendar import Calendar
from metrics.cli.output import FORMATS, print_json, print_table
from metrics.cli.query import day_span, utc_text
from metrics.errors import QueryError
from metrics.query import UNITS, MetricQuery, parse_filters
from metrics.records import MAX_DOWNLOAD, RecordColumn, RecordList, lists_of
from metrics.report.csv_export import csv_chunks, csv_value

HELP = "the records behind a KPI over a span, newest first"
SHOWN = 50
SUMS = (
    RecordColumn("numerator", "Numerator", "number"),
    RecordColumn("denominator", "Denominator", "number"),
    RecordColumn("maturing", "Maturing", "number"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("metric", metavar="METRIC")
    parser.add_argument("--from", dest="start", required=True, metavar="DATE", help="inclusive")
    parser.add_argument("--to", dest="end", required=True, metavar="DATE", help="exclusive")
    parser.add_argument("--where", action="append", default=[], metavar="DIM=VALUE")
    parser.add_argument("--window-days", type=int, metavar="W", help="of a cohort conversion")
    parser.add_argument("--unit", default="lead", help=" | ".join(UNITS))
    parser.add_argument("--as-of", metavar="TIMESTAMP")
    parser.add_argument(
        "--list", metavar="NAME", help="where a KPI has several lists (cost per MQL): which"
    )
    parser.add_argument("--limit", type=int, metavar="N", help=f"{SHOWN} unless given; csv: all")
    parser.add_argument("--format", choices=FORMATS, default="table")


def run(options: argparse.Namespace) -> int:
    warehouse = open_warehouse()
    calendar = Calendar(warehouse.config)
    if options.limit is not None and not 1 <= options.limit <= MAX_DOWNLOAD:
        raise QueryError(f"--limit {options.limit} is impossible.", remedy="Give 1 to 100000.")
    query = MetricQuery(
        metrics=(options.metric,),
        spans=(day_span(options),),
        as_of=calendar.parse_moment(options.as_of) if options.as_of else warehouse.default_as_of,
        where=parse_filters(options.where),
        window_days=options.window_days,
        unit=options.unit,
    )
    lists = {wanted.name: wanted for wanted in lists_of(query, warehouse)}
    if options.list is not None and options.list not in lists:
        raise QueryError(unknown("list", options.list, lists))
    name = options.list or next(iter(lists))
    records = RecordList(warehouse, lists[name])
    if len(lists) > 1 and options.list is None:
        print(f"The list {name}; there are also: {', '.join([*lists][1:])}.", file=sys.stderr)
    columns = (*records.columns, *SUMS)
    if options.format == "csv":
        _print_csv(records, columns, options.limit or MAX_DOWNLOAD, calendar)
        return 0
    found = records.page(0, options.limit or SHOWN)
    rows = [
        {c.name: _shown(record.get(c.name), calendar) for c in columns} for record in found.rows
    ]
    if options.format == "table":
        print_table([c.name for c in columns], rows)
        _tell_rest(len(rows), found.total)
        return 0
    document: dict[str, Any] = {
        "as_of": utc_text(query.as_of),
        "data_version": warehouse.data_version,
        "metric": options.metric,
        "list": name,
        "lists": list(lists),
        "total": found.total,
        "numerator": found.numerator,
        "denominator": found.denominator,
        "maturing": found.maturing,
        "records": rows,
    }
    print_json(document)
    return 0


def _print_csv(
    records: RecordList, columns: tuple[RecordColumn, ...], limit: int, calendar: Calendar
) -> None:
    sys.stdout.flush()
    for piece in csv_chunks(columns, records.stream(limit), calendar):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
    _tell_rest(limit, records.summary()["total"])


def _shown(value: Any, calendar: Calendar) -> Any:
    """A value as JSON and a table can hold it; text is whole, only CSV has to guard it."""
    return value if value is None or isinstance(value, str) else csv_value(value, calendar)


def _tell_rest(shown: int, total: int) -> None:
    if shown < total:
        print(f"The first {shown} of {total} records.", file=sys.stderr)
