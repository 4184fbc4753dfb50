"""``metrics query``: the values of KPIs over the periods of a span."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from data.warehouse import Warehouse, open_warehouse
from metrics.calendar import FIRST_YEAR, GRAINS, LAST_YEAR, Calendar, Period, Span, parse_grain
from metrics.cli.output import FORMATS, NO_MEMBER, print_csv, print_json, print_table
from metrics.engine import Answer, sql_of
from metrics.errors import QueryError
from metrics.query import UNITS, MetricQuery, Row, parse_filters

HELP = "values of KPIs by period, optionally by and where dimensions"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("metrics", nargs="+", metavar="METRIC")
    parser.add_argument("--grain", required=True, help=" | ".join(GRAINS))
    parser.add_argument("--from", dest="start", required=True, metavar="DATE", help="inclusive")
    parser.add_argument("--to", dest="end", required=True, metavar="DATE", help="exclusive")
    parser.add_argument("--by", action="append", default=[], metavar="DIM")
    parser.add_argument("--where", action="append", default=[], metavar="DIM=VALUE")
    parser.add_argument("--window-days", type=int, metavar="W", help="of cohort conversions")
    parser.add_argument("--unit", default="lead", help=" | ".join(UNITS))
    parser.add_argument("--as-of", metavar="TIMESTAMP")
    parser.add_argument("--format", choices=FORMATS, default="table")
    parser.add_argument("--sql", action="store_true", help="print the SQL instead of running it")


def _day(text: str, option: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise QueryError(
            f"{option} {text[:40]!r} is not a date.", remedy="Write it as 2026-10-31."
        ) from error
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise QueryError(
            f"{option} {day} lies outside the calendar.",
            remedy=f"Give a year from {FIRST_YEAR} to {LAST_YEAR}.",
        )
    return day


def day_span(options: argparse.Namespace) -> Span:
    """The days from ``--from`` to ``--to``."""
    start, end = _day(options.start, "--from"), _day(options.end, "--to")
    if not start < end:
        raise QueryError(
            f"--from {start} is not before --to {end}.", remedy="--to is exclusive: the day after."
        )
    return Span(start, end)


def _periods(options: argparse.Namespace, calendar: Calendar) -> tuple[list[Period], date, date]:
    span = day_span(options)
    periods = calendar.between(span.start, span.end, parse_grain(options.grain))
    return periods, span.start, span.end


def run(options: argparse.Namespace) -> int:
    warehouse = open_warehouse()
    calendar = Calendar(warehouse.config)
    periods, start, end = _periods(options, calendar)
    as_of = calendar.parse_moment(options.as_of) if options.as_of else warehouse.default_as_of
    query = MetricQuery(
        metrics=tuple(dict.fromkeys(options.metrics)),
        spans=tuple(period.within(start, end) for period in periods),
        as_of=as_of,
        by=tuple(options.by),
        where=parse_filters(options.where),
        window_days=options.window_days,
        unit=options.unit,
    )
    answer = Answer(warehouse, query)
    if options.sql:
        for statement in answer.statements:
            print(sql_of(warehouse, statement) + ";\n")
        _tell(answer)
        return 0
    starts = {period.within(start, end): period.start for period in periods}
    found = answer.rows()
    rows = [_document(row, starts[row.span], query.by) for row in found]
    _print(options.format, rows, query, warehouse)
    _tell(answer, found)
    return 0


def _document(row: Row, period_start: date, by: tuple[str, ...]) -> dict[str, Any]:
    return {
        "metric": row.metric,
        "period": period_start.isoformat(),
        **dict(zip(by, row.members, strict=True)),
        "value": row.value,
        "numerator": row.numerator,
        "denominator": row.denominator,
        "status": str(row.status),
        "maturing": row.maturing,
    }


def _print(form: str, rows: list[dict[str, Any]], query: MetricQuery, warehouse: Warehouse) -> None:
    columns = (
        "metric",
        "period",
        *query.by,
        "value",
        "numerator",
        "denominator",
        "status",
        "maturing",
    )
    if form == "json":
        print_json(
            {
                "as_of": utc_text(query.as_of),
                "data_version": warehouse.data_version,
                "rows": rows,
            }
        )
    elif form == "csv":
        print_csv(columns, rows)
    else:
        named = [
            {k: NO_MEMBER if k in query.by and v is None else v for k, v in row.items()}
            for row in rows
        ]
        print_table(columns, named)


def utc_text(moment: datetime) -> str:
    """A naive UTC moment as ISO 8601 with its offset."""
    return moment.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")


def _tell(answer: Answer, rows: Sequence[Row] = ()) -> None:
    """Say why there is no value: of a whole KPI, and of single rows each reason once."""
    for metric_id, reason in answer.reasons.items():
        print(f"{metric_id}: no data: {reason}.", file=sys.stderr)
    single = [(r.metric, r.reason) for r in rows if r.metric not in answer.reasons and r.reason]
    for metric_id, reason in dict.fromkeys(single):
        print(f"{metric_id}: {reason}.", file=sys.stderr)
