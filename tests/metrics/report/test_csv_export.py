"""A file of records runs nothing in a spreadsheet and loses nothing on the way."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from data.config import parse_config
from data.spreadsheet import safe_text
from metrics.calendar import Calendar
from metrics.records import RecordColumn
from metrics.report.csv_export import csv_chunks
from tests.build import at

CALENDAR = Calendar(parse_config('[company]\ntimezone = "America/New_York"\n'))
COLUMNS = (RecordColumn("at", "When", "moment"), RecordColumn("name", "=Name"))


def read(parts: list[list[dict]]) -> list[list[str]]:
    text = b"".join(csv_chunks(COLUMNS, parts, CALENDAR)).decode("utf-8")
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_would_be_a_formula_is_kept_from_it(start):
    assert safe_text(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"
    assert safe_text(f"a{start}b") == f"a{start}b"


def test_moments_are_company_time_with_offset_and_text_is_whole():
    rows = read([[{"at": at("2026-07-01 03:30"), "name": 'Ann, "Ö"\nVane'}], [{"name": None}]])
    assert rows == [
        ["When", "'=Name"],
        ["2026-06-30T23:30:00-04:00", 'Ann, "Ö"\nVane'],
        ["", ""],
    ]


def test_numbers_keep_their_minus_and_days_are_days():
    assert read([[{"at": date(2026, 6, 30), "name": -1.5}]])[1] == ["2026-06-30", "-1.5"]


def test_an_empty_list_is_a_header():
    assert read([]) == [["When", "'=Name"]]
