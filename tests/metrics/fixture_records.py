"""What the systems of the small fixed company count (tests/metrics/fixture_company.py)."""

from __future__ import annotations

from typing import Any

from tests.build import at

# system, record, moment (UTC), what else is to be said of it.
_RECORDS = """
marketing M01 2026-04-03T10:00
sales     S01 2026-04-20T09:00
marketing M02 2026-04-20T09:00
marketing M03 2026-06-01T03:30
sales     S02 2026-06-01T04:30
sales     S06 2026-06-03T12:00
sales     S07 2026-06-03T12:00
marketing M04 2026-06-05T12:00
marketing M05 2026-06-05T12:00 status=deleted
marketing M06 2026-06-10T12:00 stage=sql
marketing M07 2026-06-22T04:00
marketing M08 2026-06-25T12:00
marketing M09 2026-06-25T12:00 status=merged
sales     S03 2026-06-25T12:00
marketing M10 2026-06-29T03:59
sales     S04 2026-07-01T03:59
sales     S05 2026-07-01T04:00
"""


def records() -> list[dict[str, Any]]:
    found = []
    for line in _RECORDS.strip().splitlines():
        system, record_id, moment, *more = line.split()
        row = {"system": system, "record_id": record_id, "counted_at": at(moment)}
        row |= {"stage": "mql", "status": "active"}
        found.append(row | dict(pair.split("=") for pair in more))
    return found
