"""``python -m metrics``: shapes, streams, exit codes, and SQL that runs by itself."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys

import pytest
from sqlalchemy import create_engine

from data.config import PROJECT_DIR
from data.warehouse import open_warehouse
from metrics.__main__ import main
from metrics.catalog import CATALOG
from tests.build import fill, warehouse_of
from tests.metrics.fixture_company import CONFIG, tables

JUNE = ("--grain", "month", "--from", "2026-06-01", "--to", "2026-07-01")
DAYS = ("--from", "2026-06-01", "--to", "2026-07-01")
BY_YEAR = ("query", "mqls", "--grain", "year")
AS_OF = ("--as-of", "2026-07-10T12:00Z")


@pytest.fixture
def loaded(duckdb_url, company) -> str:
    warehouse_of(company, duckdb_url, tables(), CONFIG)
    return duckdb_url


@pytest.fixture
def run(capsys):
    """``run(*arguments)``: (exit code, standard output, standard error) of one command."""

    def call(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(list(arguments))
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_json_has_the_shape_of_the_contract(loaded, run):
    code, out, err = run("query", "mqls", "win_rate", *JUNE, *AS_OF, "--by", "channel",
                         "--format", "json")  # fmt: skip
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert list(document) == ["as_of", "data_version", "rows"]
    assert document["as_of"] == "2026-07-10T12:00:00Z"
    assert re.fullmatch(r"[0-9a-f]{12}", document["data_version"])
    for row in document["rows"]:
        assert list(row) == ["metric", "period", "channel", "value", "numerator", "denominator",
                             "status", "maturing"]  # fmt: skip
        assert row["period"] == "2026-06-01"
        assert row["channel"] is None or isinstance(row["channel"], str)
        for name in ("value", "numerator", "denominator"):
            assert row[name] is None or isinstance(row[name], int | float)
            assert not isinstance(row[name], bool)
        assert row["status"] in ("final", "partial", "maturing", "no_data")
        assert isinstance(row["maturing"], int)
    mqls = {row["channel"]: row["value"] for row in document["rows"] if row["metric"] == "mqls"}
    assert sum(mqls.values()) == 15
    assert {None, "unknown", "~"} <= set(mqls)


def test_every_period_is_a_row_and_a_cut_one_is_partial(loaded, run):
    arguments = (
        "--grain",
        "week",
        "--from",
        "2026-06-24",
        "--to",
        "2026-07-06",
        "--format",
        "json",
    )
    _, out, _ = run("query", "won_deals", "meetings_held", *arguments, *AS_OF)
    found = [(row["metric"], row["period"], row["value"], row["status"])
             for row in json.loads(out)["rows"]]  # fmt: skip
    assert found == [
        ("won_deals", "2026-06-22", 3, "partial"),
        ("won_deals", "2026-06-29", 3, "final"),
        ("meetings_held", "2026-06-22", 0, "partial"),
        ("meetings_held", "2026-06-29", 0, "final"),
    ]


def test_csv_and_table_hold_the_same_rows(loaded, run):
    question = ("query", "mqls", "mql_to_sql", *JUNE, *AS_OF, "--by", "channel")
    rows = json.loads(run(*question, "--format", "json")[1])["rows"]
    _, text, err = run(*question, "--format", "csv")
    assert err == ""
    read = list(csv.DictReader(io.StringIO(text)))
    assert list(read[0]) == list(rows[0])
    assert [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows] == read
    _, table, err = run(*question)
    assert err == ""
    lines = table.splitlines()
    assert len(lines) == len(rows) + 1
    assert lines[0].split() == list(rows[0])
    assert any("(none)" in line for line in lines[1:])


def test_no_data_is_null_and_its_reason_goes_to_standard_error(loaded, run):
    code, out, err = run(
        "query", "spend", *JUNE, *AS_OF, "--where", "region=EMEA", "--format", "json"
    )
    assert code == 0
    assert json.loads(out)["rows"] == [
        {"metric": "spend", "period": "2026-06-01", "value": None, "numerator": None,
         "denominator": None, "status": "no_data", "maturing": 0}
    ]  # fmt: skip
    assert "spend: no data:" in err
    assert "region" in err


def test_options_reach_the_engine(loaded, run):
    def value(*options: str) -> tuple:
        _, out, _ = run("query", "mql_to_sql", *JUNE, "--format", "json", *options)
        (row,) = json.loads(out)["rows"]
        return row["numerator"], row["denominator"], row["maturing"]

    whole = value(*AS_OF)
    assert whole == (3, 5, 7)
    assert (
        value(*AS_OF, "--window-days", "3") == (3, 14, 0)
        or value(*AS_OF, "--window-days", "3")[2] == 0
    )
    assert value(*AS_OF, "--unit", "account") != whole
    assert value(*AS_OF, "--where", "channel=~", "--where", "channel=organic") != whole
    # Without an offset the moment is company time: four hours later than in UTC.
    assert value("--as-of", "2026-07-10T08:00") == whole


def test_the_same_metric_twice_is_asked_once(loaded, run):
    _, out, _ = run("query", "leads", "leads", *JUNE, *AS_OF, "--format", "json")
    assert len(json.loads(out)["rows"]) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("query", "mql", *JUNE), "'mqls'"),
        (("query", "mqls", *JUNE, "--by", "chanel"), "'channel'"),
        (("query", "mqls", *JUNE, "--where", "regoin=EMEA"), "'region'"),
        (("query", "mqls", *JUNE, "--where", "region"), "DIMENSION=VALUE"),
        (("query", "mqls", *JUNE, "--by", "region", "--by", "region"), "twice"),
        (("query", "mqls", *JUNE, "--unit", "acount"), "'account'"),
        (("query", "mqls", *JUNE, "--window-days", "0"), "1 to 3650"),
        (("query", "mqls", *JUNE, "--as-of", "tomorrow"), "2026-10-31"),
        (("query", "mqls", "--grain", "day", *DAYS), "month"),
        (("query", "mqls", "--grain", "month", "--from", "June", "--to", "2026-06-02"), "--from"),
        (("query", "mqls", "--grain", "month", "--from", "2026-06-02", "--to", "2026-06-02"),
         "not before"),
        ((*BY_YEAR, "--from", "2026-01-01", "--to", "9999-12-31"), "year"),
        ((*BY_YEAR, "--from", "0001-01-01", "--to", "0001-02-01"), "year"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_one_clear_message(loaded, run, arguments, message):
    code, out, err = run(*arguments)
    assert code == 1
    assert out == ""
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [("query",), ("query", "mqls"), ("nonsense",), (), ("query", "mqls", *JUNE, "--format", "xml")],
)
def test_a_wrong_call_is_refused_with_2(run, arguments):
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert err


def test_an_unknown_command_names_the_nearest(run):
    assert "'query'" in run("qurey", "mqls")[2]


def test_without_a_warehouse_the_remedy_is_named(company, duckdb_url, run):
    company(duckdb_url)
    code, out, err = run("query", "mqls", *JUNE)
    assert (code, out) == (1, "")
    assert "python -m data demo" in err


def test_list_tells_every_kpi(run):
    code, out, err = run("list", "--format", "json")
    assert (code, err) == (0, "")
    listed = json.loads(out)
    assert [kpi["id"] for kpi in listed] == list(CATALOG)
    for kpi in listed:
        for field in ("id", "label", "team", "unit", "formula", "definition"):
            assert kpi[field], (kpi["id"], field)
        assert kpi["team"] in ("marketing", "shared", "sales")
    _, table, _ = run("list")
    assert len(table.splitlines()) == len(CATALOG) + 1


def test_the_sql_runs_by_itself(engine_url, company, run):
    fill(engine_url, tables(), CONFIG)
    company(engine_url, CONFIG)
    hostile = ("--where", "channel=50%'; :x %(y)s", "--where", "channel=paid", "--by", "region")
    code, out, _ = run("query", *CATALOG, *JUNE, *AS_OF, *hostile, "--sql")
    assert code == 0
    statements = [text for text in out.split(";\n\n") if text.strip()]
    assert len(statements) >= 8
    engine = open_warehouse().engine
    for statement in statements:
        raw = engine.raw_connection()
        try:
            cursor = raw.cursor()
            cursor.execute(statement)  # without parameters: nothing is bound or escaped
            cursor.fetchall()
        finally:
            raw.close()
        assert "%%" not in statement


def test_the_sql_of_the_command_gives_the_figures_of_the_command(loaded, run):
    _, out, _ = run("query", "leads", *JUNE, *AS_OF, "--where", "channel=paid", "--sql")
    engine = create_engine(loaded, connect_args={"read_only": True})
    open_warehouse().engine.dispose()
    with engine.connect() as connection:
        row = connection.exec_driver_sql(out.strip().rstrip(";")).mappings().one()
    engine.dispose()
    _, shown, _ = run(
        "query", "leads", *JUNE, *AS_OF, "--where", "channel=paid", "--format", "json"
    )
    assert json.loads(shown)["rows"][0]["value"] == row["n"]


def test_it_runs_as_a_program_and_closes_quietly_on_a_closed_pipe(loaded):
    command = f"{sys.executable} -m metrics list | head -n 1"
    done = subprocess.run(
        ["bash", "-c", command], cwd=PROJECT_DIR, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split()[:2] == ["id", "label"]
    assert done.stderr == ""
