"""``metrics reconcile``: why marketing's systems and sales' count a stage differently."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from data.tables import STAGES
from data.warehouse import open_warehouse
from metrics.calendar import Calendar
from metrics.cli.output import FORMATS, print_csv, print_json, print_table
from metrics.cli.query import day_span, utc_text
from metrics.query import parse_filters
from metrics.reconcile import Balance, Ledger

HELP = "why marketing's systems and sales' count a stage differently, record by record"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stage", required=True, help=" | ".join(STAGES))
    parser.add_argument("--from", dest="start", required=True, metavar="DATE", help="inclusive")
    parser.add_argument("--to", dest="end", required=True, metavar="DATE", help="exclusive")
    parser.add_argument("--where", action="append", default=[], metavar="DIM=VALUE")
    parser.add_argument("--as-of", metavar="TIMESTAMP")
    parser.add_argument("--format", choices=FORMATS, default="table")


def run(options: argparse.Namespace) -> int:
    warehouse = open_warehouse()
    calendar = Calendar(warehouse.config)
    as_of = calendar.parse_moment(options.as_of) if options.as_of else warehouse.default_as_of
    where = parse_filters(options.where)
    ledger = Ledger(warehouse, options.stage, day_span(options), as_of, where)
    balance = ledger.balance()
    if options.format == "json":
        print_json(_document(ledger, balance))
        return 0
    columns = ("side", "reason", "count")
    rows = [{"side": p.side, "reason": p.reason, "count": p.count} for p in balance.parts]
    (print_csv if options.format == "csv" else print_table)(columns, rows)
    print(
        f"marketing counts {balance.marketing}, sales {balance.sales}; both count "
        f"{balance.matched}. Every other record has one reason.",
        file=sys.stderr,
    )
    return 0


def _document(ledger: Ledger, balance: Balance) -> dict[str, Any]:
    ids = ledger.ids()
    return {
        "as_of": utc_text(ledger.span.as_of),
        "stage": ledger.span.stage,
        "marketing_count": balance.marketing,
        "sales_count": balance.sales,
        "matched": balance.matched,
        "rows": [
            {
                "side": part.side,
                "reason": part.reason,
                "count": part.count,
                "records": ids[part.side, part.reason],
            }
            for part in balance.parts
        ],
    }
