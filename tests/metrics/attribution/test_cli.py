"""``metrics attribution``: the shape of the contract, its streams, and its refusals."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import pytest

from metrics.__main__ import main
from tests.metrics.attribution.small_journeys import deal, paths
from tests.metrics.worlds import Tables

YEAR = ("--from", "2026-01-01", "--to", "2027-01-01", "--as-of", "2026-12-31T12:00Z")


@pytest.fixture
def run(fill_duckdb, capsys):
    """``run(*arguments)``: (exit code, standard output, standard error) of one command."""
    tables: Tables = paths("X", "XY", "XYZ")
    tables["opportunities"].append(deal("O9", "7.50"))
    tables["touches"][-1]["asset"] = "guide"
    fill_duckdb(tables)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["attribution", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_json_has_the_shape_of_the_contract(run):
    code, out, err = run("--model", "linear", "--by", "channel", *YEAR, "--format", "json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert list(document) == ["as_of", "model", "total", "unattributed", "rows"]
    assert document["as_of"] == "2026-12-31T12:00:00Z"
    assert (document["total"], document["unattributed"]) == (10.5, 7.5)
    assert [list(row) for row in document["rows"]] == [["channel", "credit", "conversions"]] * 3
    assert sum(Decimal(str(row["credit"])) for row in document["rows"]) == 3


def test_a_missing_member_is_null_and_on_screen_none(run):
    by_asset = ("--model", "shapley", "--by", "asset", *YEAR)
    _, out, _ = run(*by_asset, "--format", "json")
    assert [row["asset"] for row in json.loads(out)["rows"]] == [None, "guide"]
    _, out, err = run(*by_asset)
    assert "(none)" in out
    assert "total 10.50 of 4 opportunities; unattributed 7.50 of 1" in err
    _, out, _ = run(*by_asset, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(row["asset"], row["credit"]) for row in rows] == [("", "2.5"), ("guide", "0.5")]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--model", "shaply", "--by", "channel", *YEAR), "Nearest: 'shapley'"),
        (("--model", "linear", "--by", "chanel", *YEAR), "Nearest: 'channel'"),
        (("--model", "linear", "--by", "team", *YEAR, "--basis", "wn"), "Nearest: 'won'"),
        (("--model", "linear", "--by", "team", *YEAR, "--lookback-days", "0"), "Give 1 to 3650"),
        (("--model", "linear", "--by", "team", *YEAR, "--where", "regio=x"), "Nearest: 'region'"),
        (("--model", "linear", "--by", "team", *YEAR, "--where", "priority=P1"), "by priority"),
    ],
)
def test_a_wrong_question_is_answered_in_words(run, arguments, words):
    code, out, err = run(*arguments)
    assert (code, out) == (1, "")
    assert words in err
