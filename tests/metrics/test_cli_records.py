"""``python -m metrics records``: the same figures as the query, in every format."""

from __future__ import annotations

import csv
import io
import json

import pytest

from metrics.__main__ import main
from tests.build import warehouse_of
from tests.metrics.fixture_company import CONFIG, tables

JUNE = ("--from", "2026-06-01", "--to", "2026-07-01", "--as-of", "2026-07-10T12:00Z")


@pytest.fixture
def run(company, duckdb_url, capfdbinary):
    """``run(*arguments)``: (exit code, standard output, standard error)."""
    warehouse_of(company, duckdb_url, tables(), CONFIG)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["records", *arguments])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return call


def test_json_gives_the_sums_and_the_records(run):
    code, out, err = run("mql_to_sal", *JUNE, "--limit", "3", "--format", "json")
    document = json.loads(out)
    assert (code, err) == (0, "")
    assert (document["numerator"], document["denominator"], document["maturing"]) == (6, 11, 2)
    assert len(document["records"]) == 3
    assert document["lists"] == ["entered_mql"]


def test_csv_holds_every_record_and_adds_up(run):
    code, out, err = run("win_rate", *JUNE, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out, newline="")))
    assert (code, err) == (0, "")
    assert {row["Counted as"] for row in rows} == {"won", "lost"}
    _, answer, _ = run("win_rate", *JUNE, "--format", "json")
    document = json.loads(answer)
    assert sum(int(row["Numerator"]) for row in rows) == document["numerator"]
    assert sum(int(row["Denominator"]) for row in rows) == document["denominator"]
    assert len(rows) == document["total"]


def test_a_limit_is_said_and_a_second_list_named(run):
    _, out, err = run("cost_per_mql", *JUNE, "--limit", "1")
    assert len(out.splitlines()) == 2
    assert "also: entered_mql" in err
    assert "The first 1 of" in err
    _, out, _ = run("cost_per_mql", *JUNE, "--list", "entered_mql", "--format", "json")
    assert json.loads(out)["denominator"] == 15


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("cost_per_mql", *JUNE, "--list", "spent"), "spend"),
        (("mql", *JUNE), "mqls"),
        (("spend", *JUNE, "--where", "region=EMEA"), "cannot be split or filtered by region"),
        (("leads", *JUNE, "--limit", "0"), "--limit 0"),
    ],
)
def test_what_cannot_be_asked_is_said_in_words(run, arguments, told):
    code, out, err = run(*arguments)
    assert (code, out) == (1, "")
    assert told in err
