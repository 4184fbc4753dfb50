"""A table as CSV: numbers plain, text kept from being run as a formula."""

from __future__ import annotations

import csv
import io

from data.spreadsheet import safe_text
from metrics.report.cells import Table


def table_csv(table: Table) -> bytes:
    """UTF-8 with a header; an undefined figure is what the screen shows for it, "–"."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([safe_text(head) for head in table.heads])
    for row in table.rows:
        writer.writerow(
            [safe_text(cell.text) if cell.number is None else cell.number for cell in row]
        )
    return buffer.getvalue().encode()
