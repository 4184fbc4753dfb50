"""Files as people have them: what is read, and how what is wrong is refused."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.data.loading import LEADS, read, refused, write

GOOD = f"{LEADS}a,2026-01-02,web\n"


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    found = read(write(tmp_path, leads=b"\xef\xbb\xbf" + GOOD.encode()))
    assert found.tables["leads"]["lead_id"].to_pylist() == ["a"]


def test_only_an_empty_field_is_null(tmp_path: Path) -> None:
    text = LEADS + 'a,2026-01-02,\nb,2026-01-02,""\nc,2026-01-02,NA\nd,2026-01-02,null\n'
    found = read(write(tmp_path, leads=text + "e,2026-01-02,unknown\n"))
    assert found.tables["leads"]["channel"].to_pylist() == [None, None, "NA", "null", "unknown"]


def test_text_stays_as_it_is(tmp_path: Path) -> None:
    text = LEADS + 'a,2026-01-02,"a ""b"", c\nd"\r\n b ,2026-01-02, é\r\n'
    found = read(write(tmp_path, leads=text)).tables["leads"]
    assert found["channel"].to_pylist() == ['a "b", c\nd', " é"]
    assert found["lead_id"].to_pylist() == ["a", " b "]


@pytest.mark.parametrize("text", [LEADS, LEADS.strip(), LEADS + "\n\n"])
def test_a_header_without_rows_is_an_empty_table(tmp_path: Path, text: str) -> None:
    found = read(write(tmp_path, leads=text)).tables["leads"]
    assert found.num_rows == 0
    assert found.schema.field("created_at").type == pa.timestamp("us")


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n", b"\xef\xbb\xbf\r\n"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    message = refused(write(tmp_path, leads=content))
    assert "leads.csv is empty" in message
    assert "header" in message


def test_another_encoding_is_refused_with_row_and_byte(tmp_path: Path) -> None:
    content = GOOD.encode() + "b,2026-01-02,Café\n".encode("latin-1")
    message = refused(write(tmp_path, leads=content))
    assert "leads.csv, row 3: the text is not UTF-8 (byte 17 of the row is 0xe9)" in message
    assert "CSV UTF-8" in message


def test_another_encoding_in_the_header_is_refused(tmp_path: Path) -> None:
    message = refused(write(tmp_path, leads="lead_id,créé\n".encode("latin-1")))
    assert "leads.csv, row 1: the text is not UTF-8" in message


def test_utf_16_is_named(tmp_path: Path) -> None:
    assert "UTF-16" in refused(write(tmp_path, leads=GOOD.encode("utf-16")))


def test_a_ragged_row_is_named(tmp_path: Path) -> None:
    message = refused(write(tmp_path, leads=GOOD + "b,2026-01-02\n"))
    assert "leads.csv, row 3: 2 fields where the header has 3" in message
    message = refused(write(tmp_path, leads=GOOD + "\n\nb,2026-01-02,x,y\n"))
    assert "leads.csv, row 5: 4 fields where the header has 3" in message


def test_a_nul_byte_is_named(tmp_path: Path) -> None:
    assert "leads.csv, row 3, byte 14" in refused(write(tmp_path, leads=GOOD + "b,2026-01-02,\0\n"))


def test_a_quote_that_never_closes_is_refused(tmp_path: Path) -> None:
    message = refused(write(tmp_path, leads=GOOD + 'b,2026-01-02,"web\nc,2026-01-02,web\n'))
    assert "never closed" in message
    assert "after row 2" in message


def test_a_quote_inside_bare_text_is_text(tmp_path: Path) -> None:
    found = read(write(tmp_path, leads=GOOD + 'b,2026-01-02,5" pipe\n')).tables["leads"]
    assert found["channel"].to_pylist() == ["web", '5" pipe']


def test_a_cell_of_10_mb_is_loaded_or_shortened_in_the_message(tmp_path: Path) -> None:
    cell = "x" * 10_000_000
    found = read(write(tmp_path, leads=GOOD + f"b,2026-01-02,{cell}\n")).tables["leads"]
    assert found["channel"].to_pylist() == ["web", cell]
    message = refused(write(tmp_path, leads=GOOD + f"b,{cell},web\n"))
    assert "row 3, column 'created_at'" in message
    assert len(message) < 1_000


def test_a_duplicate_or_missing_column_name_is_refused(tmp_path: Path) -> None:
    message = refused(write(tmp_path, leads="lead_id,created_at,lead_id\na,2026-01-01,b\n"))
    assert "leads.csv, row 1: the column 'lead_id' occurs twice" in message
    message = refused(write(tmp_path, leads="lead_id,,created_at\na,,2026-01-01\n"))
    assert "column 2 has no name" in message


def test_another_delimiter_is_guessed_in_words_only(tmp_path: Path) -> None:
    message = refused(write(tmp_path, leads="lead_id;created_at\na;2026-01-01\n"))
    assert "required column" in message
    assert "another mark than a comma" in message


def test_rows_are_numbered_as_an_editor_shows_them(tmp_path: Path) -> None:
    text = f'{LEADS}a,2026-01-02,"two\nlines"\n\nb,yesterday,web\n'
    assert "leads.csv, row 5, column 'created_at': 'yesterday'" in refused(
        write(tmp_path, leads=text)
    )


def test_the_first_five_problems_are_listed_and_all_counted(tmp_path: Path) -> None:
    rows = "".join(f"{n},day {n},web\n" for n in range(8))
    message = refused(write(tmp_path, leads=LEADS + rows))
    assert "leads.csv has 8 problems" in message
    assert [f"row {n}," in message for n in range(2, 9)] == [True] * 5 + [False] * 2


def test_mixed_date_formats_are_refused_at_the_odd_one(tmp_path: Path) -> None:
    message = refused(write(tmp_path, leads=GOOD + "b,03/01/2026,web\n"))
    assert "row 3, column 'created_at': '03/01/2026' is not an ISO 8601 date" in message
    assert "'format'" in message


def test_an_empty_required_column_is_refused(tmp_path: Path) -> None:
    message = refused(write(tmp_path, leads=GOOD + ",2026-01-02,web\n"))
    assert "leads.csv, row 3, column 'lead_id': is empty, and leads.lead_id is required" in message


def test_a_duplicate_key_names_both_rows(tmp_path: Path) -> None:
    message = refused(write(tmp_path, leads=GOOD + "b,2026-01-02,\na,2026-01-03,\n"))
    assert "row 4, column 'lead_id': 'a' occurs twice, first in leads.csv, row 2" in message


def test_a_value_outside_its_list_is_refused_with_the_nearest(tmp_path: Path) -> None:
    text = "lead_id,stage,entered_at\na,MQL2,2026-01-01\nb,mql,2026-01-01\nb,sqll,2026-01-01\n"
    message = refused(write(tmp_path, lead_stages=text))
    assert "row 2, column 'stage': 'MQL2' is not in the list of lead_stages.stage" in message
    assert "row 4" in message
    assert "Nearest: 'sql'" in message


def test_an_extra_column_is_allowed_and_named_once(tmp_path: Path) -> None:
    found = read(write(tmp_path, leads="lead_id,created_at,chanel,mood\na,2026-01-01,web,good\n"))
    assert found.tables["leads"]["channel"].to_pylist() == [None]
    assert any("'chanel'" in note and "Nearest: 'channel'" in note for note in found.notes)
    assert any("'mood'" in note and "Nearest" not in note for note in found.notes)


def test_a_missing_required_column_names_the_nearest_in_the_file(tmp_path: Path) -> None:
    message = refused(write(tmp_path, leads="lead_id,create_at\na,2026-01-01\n"))
    assert "required column 'created_at' is missing. Nearest in the file: 'create_at'" in message


def test_a_folder_without_tables_lists_what_is_expected(tmp_path: Path) -> None:
    message = refused(write(tmp_path, lead="x\n1\n"))
    assert "no file named after a table" in message
    assert "leads.csv" in message


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert "does not exist" in refused(tmp_path / "absent")
    file = tmp_path / "file"
    file.touch()
    assert "is not a folder" in refused(file)


def test_csv_and_parquet_of_one_table_are_refused(tmp_path: Path) -> None:
    write(tmp_path, leads=GOOD)
    pq.write_table(pa.table({"lead_id": ["a"]}), tmp_path / "leads.parquet")
    assert "leads.csv and leads.parquet both hold the table 'leads'" in refused(tmp_path)


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    moment = datetime(2026, 7, 1, 12, 30, 15, 250)
    pq.write_table(
        pa.table(
            {
                "lead_id": pa.array([1, 2], pa.int64()),
                "created_at": pa.array([moment, moment], pa.timestamp("ns", "Europe/Berlin")),
                "merged_at": pa.array([moment, None], pa.timestamp("ms")),
                "channel": pa.array(["web", ""]).dictionary_encode(),
                "has_budget": pa.array([True, None]),
                "score": pa.array([1, 2], pa.int16()),
            }
        ),
        tmp_path / "leads.parquet",
    )
    found = read(tmp_path, config="[company]\ntimezone = 'Asia/Tokyo'").tables["leads"]
    assert found["lead_id"].to_pylist() == ["1", "2"]
    assert found["created_at"].to_pylist() == [moment, moment]
    assert found["merged_at"].to_pylist() == [datetime(2026, 7, 1, 3, 30, 15), None]
    assert found["channel"].to_pylist() == ["web", None]
    assert found["has_budget"].to_pylist() == [True, None]
    assert found["score"].to_pylist() == [1.0, 2.0]


def test_parquet_problems_count_rows_from_1(tmp_path: Path) -> None:
    day = datetime(2026, 1, 1)
    table = pa.table(
        {"lead_id": ["a", None], "created_at": [day, day], "score": [1.0, float("nan")]}
    )
    pq.write_table(table, tmp_path / "leads.parquet")
    message = refused(tmp_path)
    assert "leads.parquet, row 2, column 'lead_id': is empty" in message
    assert "leads.parquet, row 2, column 'score': nan is not a number" in message


def test_a_type_that_can_never_fit_is_refused(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"lead_id": [["a"]], "created_at": ["2026-01-01"]}), tmp_path / "leads.parquet"
    )
    assert "leads.parquet, column 'lead_id': values of type list" in refused(tmp_path)


def test_a_file_that_is_no_parquet(tmp_path: Path) -> None:
    (tmp_path / "leads.parquet").write_bytes(b"lead_id\na\n")
    assert "leads.parquet is not a readable Parquet file" in refused(tmp_path)
