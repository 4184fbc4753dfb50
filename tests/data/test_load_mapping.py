"""The mapping file: every key does what docs/loading.md says, everything else is refused."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path

import pytest

from data.config import Config
from data.errors import LoadError
from data.sources.files import read_folder
from data.sources.mapping import BLOCK_KEYS, COLUMN_KEYS, parse_mapping
from tests.data.loading import read, refused, write

STAGES = "[lead_stages]\nfile = 'x.csv'\n[lead_stages.columns]\n"
LEADS = "[leads]\nfile = 'x.csv'\n[leads.columns]\nlead_id = 'id'\ncreated_at = 'day'\n"
X = "id,day,kind\n1,2026-01-02,A\n2,2026-01-03,B\n3,2026-01-04,\n"


def column(folder: Path, mapping: str, table: str, name: str, config: str = "") -> list:
    return read(folder, mapping, config).tables[table][name].to_pylist()


def test_constants_renames_and_zones(tmp_path: Path) -> None:
    write(tmp_path, x=X)
    mapping = STAGES + (
        "lead_id = 'id'\n"
        "stage = { value = 'mql' }\n"
        "entered_at = { column = 'day', timezone = 'America/Sao_Paulo' }\n"
        "reason = { column = 'kind', rename = { A = 'first', B = '' } }\n"
    )
    rows = read(tmp_path, mapping, "[company]\ntimezone = 'Asia/Tokyo'").tables["lead_stages"]
    assert rows["stage"].to_pylist() == ["mql"] * 3
    assert rows["entered_at"].to_pylist()[0] == datetime(2026, 1, 2, 3)
    assert rows["reason"].to_pylist() == ["first", None, None]


def test_company_time_without_a_zone(tmp_path: Path) -> None:
    write(tmp_path, x="id,day\n1,2026-01-02\n2,2026-01-02T00:00+01:00\n")
    found = column(tmp_path, LEADS, "leads", "created_at", "[company]\ntimezone = 'Asia/Tokyo'")
    assert found == [datetime(2026, 1, 1, 15), datetime(2026, 1, 1, 23)]


def test_a_format(tmp_path: Path) -> None:
    write(tmp_path, x="id,day\n1,02/01/2026\n")
    mapping = LEADS.replace("'day'", "{ column = 'day', format = '%d/%m/%Y' }")
    assert column(tmp_path, mapping, "leads", "created_at") == [datetime(2026, 1, 2)]
    write(tmp_path, x="id,day\n1,02/01/2026\n2,2026-01-02\n")
    assert "row 3, column 'day' (for leads.created_at): '2026-01-02' does not have the format" in (
        refused(tmp_path, mapping)
    )


def test_several_files_and_blocks_feed_one_table(tmp_path: Path) -> None:
    write(tmp_path, x=X, y="id,day,kind\n4,2026-01-05,A\n")
    mapping = LEADS.replace("'x.csv'", "['x.csv', 'y.csv']")
    assert column(tmp_path, mapping, "leads", "lead_id") == ["1", "2", "3", "4"]
    twice = mapping + LEADS
    assert "not valid TOML" in refused(tmp_path, twice)
    blocks = "".join(
        f"[[lead_stages]]\nfile = '{file}.csv'\n"
        f"columns = {{ lead_id = 'id', entered_at = 'day', stage = {{ value = '{stage}' }} }}\n"
        for file, stage in (("x", "mql"), ("y", "sql"))
    )
    assert column(tmp_path, blocks, "lead_stages", "stage") == ["mql"] * 3 + ["sql"]


def test_a_key_twice_over_two_files_names_both(tmp_path: Path) -> None:
    write(tmp_path, x=X, y="id,day\n9,2026-01-05\n2,2026-01-05\n")
    message = refused(tmp_path, LEADS.replace("'x.csv'", "['x.csv', 'y.csv']"))
    assert "y.csv, row 3, column 'lead_id': '2' occurs twice, first in x.csv, row 3" in message


def test_where_keeps_rows_and_their_numbers(tmp_path: Path) -> None:
    write(tmp_path, x=X)
    mapping = LEADS.replace(
        "[leads.columns]", "where = \"kind is null or kind = 'B'\"\n[leads.columns]"
    )
    assert column(tmp_path, mapping, "leads", "lead_id") == ["2", "3"]
    neither = mapping.replace("kind is null or kind = 'B'", "kind != 'A'")
    assert column(tmp_path, neither, "leads", "lead_id") == ["2"]  # NULL is not unequal
    write(tmp_path, x="id,day,kind\n1,never,A\n2,2026-01-03,B\n3,never,\n")
    assert "x.csv, row 4, column 'day'" in refused(tmp_path, mapping)


JOIN = """
[opportunities]
file = "deals.csv"
[opportunities.columns]
opportunity_id = "id"
created_at = "day"
status = { value = "open" }
region = "territory"
segment = "teams.size"
[opportunities.join.teams]
file = "teams.csv"
on = { rep = "rep_name" }
"""
DEALS = "id,day,rep,size\n1,2026-01-02,ann,small\n2,2026-01-02,,mid\n3,2026-01-02,bob,big\n"


def test_a_join_looks_columns_up(tmp_path: Path) -> None:
    write(tmp_path, deals=DEALS, teams="rep_name,territory,size\nann,EMEA,7\n,APAC,8\ncid,AMER,9\n")
    rows = read(tmp_path, JOIN).tables["opportunities"]
    assert rows["opportunity_id"].to_pylist() == ["1", "2", "3"]
    assert rows["region"].to_pylist() == ["EMEA", None, None]
    assert rows["segment"].to_pylist() == ["7", None, None]
    bare = JOIN.replace("teams.size", "size")
    assert column(tmp_path, bare, "opportunities", "segment") == ["small", "mid", "big"]


def test_two_matches_are_refused_only_where_they_match(tmp_path: Path) -> None:
    write(tmp_path, deals=DEALS, teams="rep_name,territory,size\ncid,A,1\ncid,B,2\nbob,C,3\n")
    assert column(tmp_path, JOIN, "opportunities", "region") == [None, None, "C"]
    write(tmp_path, teams="rep_name,territory,size\nbob,A,1\nann,B,2\nbob,C,3\n")
    message = refused(tmp_path, JOIN)
    assert "deals.csv, row 4: more than one match in teams.csv for rep = 'bob'" in message
    assert "rows 2 and 4" in message


def test_join_columns_are_checked(tmp_path: Path) -> None:
    write(tmp_path, deals=DEALS, teams="rep_name,territory,size\nann,EMEA,7\n")
    assert "Nearest: 'rep_name'" in refused(tmp_path, JOIN.replace('"rep_name"', '"rep_nam"'))
    assert "Nearest: 'territory'" in refused(
        tmp_path, JOIN.replace('"territory"', '"teams.territry"')
    )
    second = JOIN + '[opportunities.join.other]\nfile = "teams.csv"\non = { rep = "rep_name" }\n'
    assert "teams.territory or other.territory" in refused(tmp_path, second)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("", "maps no table"),
        ("[lead]\n", "unknown table 'lead'. Nearest: 'leads'"),
        ("leads = 3\n", "expected a table of keys"),
        ("[leads]\nfile = 'x.csv'\n", "'columns' is missing"),
        (LEADS.replace("file = 'x.csv'\n", ""), "'file' is missing"),
        (LEADS.replace("file", "fil"), "unknown key 'fil'. Nearest: 'file'"),
        (LEADS + "chanel = 'kind'\n", "unknown column of leads 'chanel'. Nearest: 'channel'"),
        (LEADS.replace("'day'", "'dya'"), "unknown column of x.csv 'dya'. Nearest: 'day'"),
        (LEADS.replace("created_at = 'day'\n", ""), "required column 'created_at'"),
        (LEADS.replace("x.csv", "z.csv"), "unknown file 'z.csv'"),
        (LEADS.replace("x.csv", "../x.csv"), "outside the folder"),
        (LEADS.replace("x.csv", "a/../../x.csv"), "outside the folder"),
        (LEADS.replace("x.csv", "/etc/passwd"), "outside the folder"),
        (LEADS.replace("x.csv", "c:/x.csv"), "outside the folder"),
        (LEADS.replace("'x.csv'", "[]"), "empty list"),
        (LEADS.replace("'x.csv'", "['x.csv', './x.csv']"), "listed twice"),
        (LEADS.replace("'x.csv'", "3"), "expected a text"),
        (LEADS + "channel = 3\n", "expected a table of keys"),
        (LEADS + "channel = {}\n", "either 'column' or 'value'"),
        (LEADS + "channel = { column = 'kind', valu = 1 }\n", "Nearest: 'value'"),
        (LEADS + "channel = { value = 'a', timezone = 'UTC' }\n", "takes no other key"),
        (LEADS + "score = { value = 'high' }\n", "'high' is not a number"),
        (LEADS + "score = { value = true }\n", "'true' is not a number"),
        (LEADS + "merged_at = { column = 'day', timezone = 'America/Sao_Paolo' }\n", "Sao_Paulo"),
        (LEADS + "merged_at = { column = 'day', format = '%Q' }\n", "does not give a date"),
        (LEADS + "merged_at = { column = 'day', format = '%H:%M' }\n", "does not give a date"),
        (LEADS + "channel = { column = 'kind', rename = { A = 1 } }\n", "must become a text"),
        (LEADS + "channel = { column = 'kind', rename = { '' = 'x' } }\n", "is NULL"),
        (LEADS + "[leads.join.t]\nfile = 'x.csv'\n", "'on' is missing"),
        (LEADS + "[leads.join.t]\nfile = '../x.csv'\non = { id = 'id' }\n", "outside the folder"),
        (LEADS.replace("[leads.c", "where = 'kind like 1'\n[leads.c"), "position 6"),
        (
            STAGES + "lead_id = 'id'\nentered_at = 'day'\nstage = { value = 'sqll' }\n",
            "Nearest: 'sql'",
        ),
        (
            STAGES + "lead_id = 'id'\nentered_at = 'day'\n"
            "stage = { column = 'kind', rename = { A = 'mqll' } }\n",
            "unknown value of lead_stages.stage 'mqll'. Nearest: 'mql'",
        ),
        (
            STAGES + "lead_id = 'id'\nentered_at = 'day'\n"
            "stage = { column = 'kind', rename = { A = 'mql' } }\n",
            "row 3, column 'kind' (for lead_stages.stage): 'B' is not in the list",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, mapping: str, message: str) -> None:
    write(tmp_path, x=X)
    assert message in refused(tmp_path, mapping)


def test_a_mapping_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    write(tmp_path, x=X)
    (tmp_path / "mapping.toml").write_bytes(b"\xff\xfe")

    with pytest.raises(LoadError, match="is not UTF-8"):
        read_folder(tmp_path, Config(), mapping=tmp_path / "mapping.toml")
    with pytest.raises(LoadError, match="does not exist"):
        read_folder(tmp_path, Config(), mapping=tmp_path / "absent.toml")


def test_only_the_named_files_are_read(tmp_path: Path) -> None:
    write(tmp_path, x=X, leads="broken\n", spend="also")
    assert set(read(tmp_path, LEADS).tables) == {"leads"}


def test_the_mapping_in_the_documentation_is_valid() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "loading.md").read_text("utf-8")
    first, second = (part.split("```")[0] for part in text.split("```toml")[1:])
    (leads,) = parse_mapping(tomllib.loads(first), where="loading.md")
    assert set(leads.columns) == {"lead_id", "created_at", "channel", "segment"}
    assert tomllib.loads(second)["opportunities"]["join"]["teams"]["on"] == {"rep": "rep_name"}
    for key in (*BLOCK_KEYS, *COLUMN_KEYS):
        assert f"`{key}" in text
