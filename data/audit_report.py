"""Rows of the audit log as people read them: in company time, in words, and as a CSV file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC
from zoneinfo import ZoneInfo

from data.audit import AuditRow
from data.spreadsheet import safe_text

COLUMNS = ("id", "at", "source", "actor", "event", "subject", "detail")


def local_text(row: AuditRow, zone: ZoneInfo) -> str:
    """When it was, ISO 8601 in a time zone with its offset."""
    return row.at.replace(tzinfo=UTC).astimezone(zone).isoformat(timespec="seconds")


def details(row: AuditRow) -> list[str]:
    """What a row says beyond who, what and about what: ``["before viewer", "after admin"]``."""
    return [f"{name} {value}" for name, value in row.detail.items() if value not in (None, False)]


def csv_lines(rows: Iterable[AuditRow], zone: ZoneInfo) -> Iterator[str]:
    """The file, a line at a time, its header first; nothing in it runs as a formula."""
    yield _line(COLUMNS)
    for row in rows:
        detail = json.dumps(row.detail, ensure_ascii=False) if row.detail else ""
        texts = (row.source, row.actor or "", row.event, row.subject or "", detail)
        yield _line([row.id, local_text(row, zone), *map(safe_text, texts)])


def _line(values: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue()
