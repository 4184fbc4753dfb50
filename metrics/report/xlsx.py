"""Tables as an Excel workbook: real numbers with their formats, a header that stays in view.

Text is written as text whatever it begins with: nothing in the data is ever run as a formula.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from typing import Any

import xlsxwriter

from metrics.model import Unit
from metrics.report.cells import POINTS, Cell, Table

_FORBIDDEN = re.compile(r"[\[\]:*?/\\'\x00-\x1f]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
MAX_SHEET, MAX_TEXT, MAX_WIDTH = 31, 32_767, 48


def _number_formats(currency: str) -> dict[Unit | str | None, str]:
    """How Excel writes a figure of a form; ``currency`` is an ISO 4217 code."""
    return {
        Unit.COUNT: "#,##0.##",
        Unit.MONEY: f"[${currency}] #,##0.00",
        Unit.SHARE: "0.0%",
        Unit.DAYS: '0.0" d"',
        Unit.HOURS: '0.0" h"',
        Unit.MULTIPLE: '0.0"×"',
        POINTS: '+0.0" pp";-0.0" pp";0.0" pp"',
        "percent": "+0.0%;-0.0%;0.0%",
    }


def write_xlsx(tables: Sequence[Table], currency: str, *, about: Sequence[str] = ()) -> bytes:
    """A sheet a table; ``about`` (what they are of) stands on a sheet of its own at the end."""
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(buffer, options) as book:
        styles = {
            form: book.add_format({"num_format": code})
            for form, code in _number_formats(currency).items()
        }
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        taken: set[str] = set()
        for table in tables:
            _write(book.add_worksheet(_sheet_name(table.name, taken)), table, styles, head)
        if about:
            sheet = book.add_worksheet(_sheet_name("About", taken))
            sheet.set_column(0, 0, 100)
            for n, line in enumerate(about):
                sheet.write_string(n, 0, _text(line))
    return buffer.getvalue()


def _write(sheet: Any, table: Table, styles: dict[Unit | str | None, Any], head: Any) -> None:
    sheet.freeze_panes(1, 1)
    for m, name in enumerate(table.heads):
        sheet.write_string(0, m, _text(name), head)
        longest = max((len(row[m].text) for row in table.rows), default=0)
        sheet.set_column(m, m, min(max(longest, len(name), 8) + 2, MAX_WIDTH))
    for n, row in enumerate(table.rows, start=1):
        for m, cell in enumerate(row):
            _write_cell(sheet, n, m, cell, styles)


def _write_cell(
    sheet: Any, row: int, column: int, cell: Cell, styles: dict[Unit | str | None, Any]
) -> None:
    if cell.number is None or not math.isfinite(cell.number):
        if cell.text:
            sheet.write_string(row, column, _text(cell.text))
        return
    # A sheet adds up what is in its cells: points are shown as points, so they are stored so.
    number = cell.number * 100 if cell.form == POINTS else cell.number
    sheet.write_number(row, column, number, styles.get(cell.form))


def _text(text: str) -> str:
    return _CONTROL.sub(" ", text)[:MAX_TEXT]


def _sheet_name(name: str, taken: set[str]) -> str:
    """A name that Excel takes and no other sheet has."""
    clean = (_FORBIDDEN.sub(" ", name).strip() or "Table")[: MAX_SHEET - 3]
    unique, n = clean, 2
    while unique.lower() in taken or unique.lower() == "history":
        unique, n = f"{clean} {n}", n + 1
    taken.add(unique.lower())
    return unique
