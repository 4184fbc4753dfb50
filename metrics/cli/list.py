"""``metrics list``: every KPI with its definition."""

from __future__ import annotations

import argparse
import sys

from metrics.catalog import CATALOG
from metrics.cli.output import print_json, print_table
from metrics.report.handbook_markdown import to_markdown

HELP = "every KPI: id, label, team, unit, formula, definition"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("table", "json", "markdown"), default="table")


def run(options: argparse.Namespace) -> int:
    if options.format == "json":
        print_json(
            [
                {
                    "id": metric.id,
                    "label": metric.label,
                    "team": metric.team,
                    "kind": metric.kind,
                    "unit": metric.unit,
                    "direction": metric.direction,
                    "formula": metric.formula,
                    "definition": metric.definition,
                    "counted_by": metric.counted_by,
                    "null_rule": metric.null_rule,
                    "owner": metric.owner,
                    "tables": list(metric.tables),
                    "dimensions": list(metric.dimensions),
                }
                for metric in CATALOG.values()
            ]
        )
        return 0
    if options.format == "markdown":
        sys.stdout.write(to_markdown())
        return 0
    columns = ("id", "label", "team", "unit", "formula", "definition")
    rows = [{name: str(getattr(m, name)) for name in columns} for m in CATALOG.values()]
    print_table(columns, rows)
    return 0
