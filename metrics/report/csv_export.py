"""Records as a CSV file that opens in a spreadsheet and does nothing there but show them.

UTF-8 with a header; moments in company time with their offset; money and other numbers plain.
A cell of text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a
carriage return) gets an apostrophe before it: the spreadsheet then shows it as text. Numbers are
written by the program and keep their minus.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from data.spreadsheet import safe_text
from metrics.calendar import Calendar
from metrics.records import RecordColumn


def csv_value(value: Any, calendar: Calendar) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, datetime):
        return calendar.local(value).isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else value


def csv_chunks(
    columns: Sequence[RecordColumn],
    parts: Iterable[Sequence[Mapping[str, Any]]],
    calendar: Calendar,
) -> Iterator[bytes]:
    """The file in pieces: the header, then one piece for each part of the records."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([safe_text(column.label) for column in columns])
    for part in parts:
        for record in part:
            writer.writerow([csv_value(record.get(c.name), calendar) for c in columns])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    if rest := buffer.getvalue():
        yield rest.encode()
