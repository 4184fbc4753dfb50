"""``metrics attribution``: credit for the revenue of a span, under one model."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from data.warehouse import open_warehouse
from metrics.attribution import MODELS, Attribution, AttributionQuery, Basis, By, attribute
from metrics.calendar import Calendar
from metrics.cli.output import FORMATS, NO_MEMBER, print_csv, print_json, print_table
from metrics.cli.query import day_span, utc_text
from metrics.query import parse_filters

HELP = "credit for won revenue or created pipeline, by model and dimension"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help=" | ".join(MODELS))
    parser.add_argument("--by", required=True, help=" | ".join(By))
    parser.add_argument("--from", dest="start", required=True, metavar="DATE", help="inclusive")
    parser.add_argument("--to", dest="end", required=True, metavar="DATE", help="exclusive")
    parser.add_argument("--basis", default=str(Basis.WON), help=" | ".join(Basis))
    parser.add_argument(
        "--lookback-days", type=int, metavar="N", help="how far before the deal a touch may lie"
    )
    parser.add_argument("--half-life-days", type=float, metavar="N", help="of time_decay")
    parser.add_argument("--where", action="append", default=[], metavar="DIM=VALUE")
    parser.add_argument("--as-of", metavar="TIMESTAMP")
    parser.add_argument("--format", choices=FORMATS, default="table")


def run(options: argparse.Namespace) -> int:
    warehouse = open_warehouse()
    calendar = Calendar(warehouse.config)
    query = AttributionQuery(
        model=options.model,
        by=options.by,
        span=day_span(options),
        as_of=calendar.parse_moment(options.as_of) if options.as_of else warehouse.default_as_of,
        basis=options.basis,
        lookback_days=options.lookback_days,
        half_life_days=options.half_life_days,
        where=parse_filters(options.where),
    )
    answer = attribute(warehouse, query)
    columns = (query.by, "credit", "conversions")
    if options.format == "json":
        print_json(_document(answer))
        return 0
    if options.format == "csv":
        print_csv(columns, _rows(answer))
    else:
        named = [
            {**row, query.by: NO_MEMBER if row[query.by] is None else row[query.by]}
            for row in _rows(answer)
        ]
        print_table(columns, named)
    _tell(answer)
    return 0


def _rows(answer: Attribution) -> list[dict[str, Any]]:
    return [
        {answer.by: row.member, "credit": float(row.credit), "conversions": row.conversions}
        for row in answer.rows
    ]


def _document(answer: Attribution) -> dict[str, Any]:
    return {
        "as_of": utc_text(answer.as_of),
        "model": answer.model,
        "total": float(answer.total),
        "unattributed": float(answer.unattributed),
        "rows": _rows(answer),
    }


def _tell(answer: Attribution) -> None:
    """What the rows do not say: they and the unattributed money add up to the total."""
    print(
        f"total {answer.total} of {answer.opportunities} opportunities; unattributed "
        f"{answer.unattributed} of {answer.unattributed_opportunities} without an eligible touch.",
        file=sys.stderr,
    )
    if answer.unknown_amounts:
        print(f"{answer.unknown_amounts} have no amount and carry no money.", file=sys.stderr)
