"""``python -m data check``: what in the warehouse makes numbers wrong or doubtful."""

from __future__ import annotations

import argparse
import json
import sys

from data.quality import CHECKS, Level, run_checks
from data.quality.report import as_document, as_json, as_text
from data.warehouse import open_warehouse

HELP = "data-quality report; exit 1 when an error-level check fails"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument(
        "--list", action="store_true", help="describe the checks, as Markdown, and run none"
    )


def run(options: argparse.Namespace) -> int:
    if options.list:
        sys.stdout.write(as_document(CHECKS))
        return 0
    warehouse = open_warehouse()
    results = run_checks(warehouse, CHECKS)
    if options.format == "json":
        as_of = warehouse.default_as_of.isoformat()
        report = as_json(results, as_of=as_of, data_version=warehouse.data_version)
        print(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        print(as_text(results))
    broken = any(not r.passed and r.check.level is Level.ERROR for r in results)
    return 1 if broken else 0
