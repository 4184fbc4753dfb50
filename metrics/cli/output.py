"""Rows to standard output: an aligned table, CSV or JSON."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from typing import Any

FORMATS = ("table", "csv", "json")
NO_MEMBER = "(none)"


def print_json(document: Any) -> None:
    json.dump(document, sys.stdout, indent=2, allow_nan=False, ensure_ascii=False)
    print()


def print_csv(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """An undefined value or a NULL member is an empty field."""
    writer = csv.DictWriter(sys.stdout, fieldnames=list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def print_table(columns: Sequence[str], rows: Sequence[dict[str, Any]], *, none: str = "–") -> None:
    cells = [[_cell(row[name], none) for name in columns] for row in rows]
    right = [
        all(isinstance(row[name], int | float | None) for row in rows) and bool(rows)
        for name in columns
    ]
    widths = [max(len(line[i]) for line in [list(columns), *cells]) for i in range(len(columns))]
    for line in [list(columns), *cells]:
        padded = (
            text.rjust(width) if is_number else text.ljust(width)
            for text, width, is_number in zip(line, widths, right, strict=True)
        )
        print("  ".join(padded).rstrip())


def _cell(value: Any, none: str) -> str:
    if value is None:
        return none
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1e6 else f"{value:.2f}"
    return str(value)
