"""Writing a warehouse: what it holds afterwards, and that readers never see half of it."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import func, select

import data.load
from data.arrow import schema_of
from data.errors import LoadError, WarehouseError
from data.load import data_through
from data.tables import CONTRACT, loads, reps, scorecard_meta
from data.tables import leads as leads_table
from tests.data.loading import leads, load, reading, rows_of, write

PROJECT = Path(__file__).resolve().parents[2]


def lead_ids(url: str) -> list[str]:
    return [row[0] for row in rows_of(url, leads_table)]


def test_every_type_comes_back_as_it_went_in(engine_url: str) -> None:
    text = 'a "b", \\. c\nd\té'
    opportunity = {
        "opportunity_id": text,
        "created_at": datetime(2026, 3, 1, 23, 59, 59, 123456),
        "status": "won",
        "amount": Decimal("-1234567890123456.78"),
        "expected_close_on": datetime(2026, 4, 1).date(),
    }
    found = load(
        engine_url,
        {
            "opportunities": pa.Table.from_pylist([opportunity]),
            "targets": pa.table(
                {"metric": ["m"], "grain": ["week"], "period_start": ["2026-03-02"], "value": [0.1]}
            ).set_column(2, "period_start", pa.array([datetime(2026, 3, 2).date()])),
            "leads": leads("x").append_column("has_budget", pa.array([False])),
        },
    )
    assert found.rows == {"opportunities": 1, "targets": 1, "leads": 1}
    with reading(engine_url) as connection:
        row = connection.execute(select(CONTRACT["opportunities"])).mappings().one()
        assert {key: row[key] for key in opportunity} == opportunity
        assert row["channel"] is None
        assert connection.execute(select(CONTRACT["targets"].c.value)).scalar() == 0.1
        assert connection.execute(select(leads_table.c.has_budget)).scalar() is False


def test_tables_without_rows_become_empty(engine_url: str) -> None:
    load(engine_url, {"leads": leads("a"), "reps": pa.table({"rep_id": ["r"]})}, company="demo")
    load(engine_url, {"leads": leads("b", "c")})
    assert lead_ids(engine_url) == ["b", "c"]
    assert rows_of(engine_url, reps) == []
    meta = dict(rows_of(engine_url, scorecard_meta))
    assert meta["company"] == ""
    assert meta["schema_version"] == "1"


def test_one_load_has_one_source_and_one_moment(engine_url: str) -> None:
    report = load(
        engine_url,
        {"leads": leads("a", created="2026-03-01"), "reps": pa.table({"rep_id": ["r"]})},
        source="crm",
    )
    rows = rows_of(engine_url, loads)
    assert [(row[1], row[2], row[4]) for row in rows] == [("crm", "leads", 1), ("crm", "reps", 1)]
    assert {row[0] for row in rows} == {report.load_id}
    assert {row[5] for row in rows} == {datetime(2026, 3, 1)}
    assert abs(datetime.now(UTC).replace(tzinfo=None) - report.loaded_at) < timedelta(minutes=5)


def test_given_loads_are_kept(engine_url: str) -> None:
    given = pa.Table.from_pylist(
        [
            {
                "load_id": "1",
                "source": "crm",
                "table_name": "leads",
                "loaded_at": datetime(2026, 3, 2),
                "row_count": 1,
                "data_through": datetime(2026, 3, 1),
            }
        ]
    )
    load(engine_url, {"leads": leads("a"), "loads": given})
    assert rows_of(engine_url, loads) == [tuple(given.to_pylist()[0].values())]


def test_data_through_is_the_newest_event_that_has_happened() -> None:
    now = datetime(2026, 3, 10, 12)
    zone = load_zone("America/New_York")

    def through(table: str, **columns: list) -> datetime | None:
        schema = schema_of(CONTRACT[table])
        arrays = {
            name: pa.array(values, schema.field(name).type) for name, values in columns.items()
        }
        return data_through({table: pa.table(arrays)}, zone, now)

    march, april = datetime(2026, 3, 1), datetime(2026, 4, 1)
    assert through("leads", created_at=[march, april, now], deleted_at=[None, None, None]) == now
    assert through("opportunities", created_at=[march], expected_close_on=[march.date()]) == march
    assert through("spend", day=[march.date(), april.date(), None]) == datetime(2026, 3, 1, 5)
    assert through("targets", set_at=[march]) is None
    assert through("leads", created_at=[]) is None


def load_zone(name: str):
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


def test_rows_that_break_a_rule_are_refused(engine_url: str) -> None:
    load(engine_url, {"leads": leads("a")})
    before = rows_of(engine_url, loads)
    with pytest.raises(LoadError, match="break a rule"):
        load(engine_url, {"leads": leads("b", "b")})
    with pytest.raises(LoadError, match="Nearest: 'leads'"):
        load(engine_url, {"lead": leads("b")})
    with pytest.raises(LoadError, match="Nearest: 'score'"):
        load(engine_url, {"leads": leads("b").append_column("scor", pa.array([1.0]))})
    with pytest.raises(LoadError, match="types"):
        load(engine_url, {"leads": leads("b").append_column("score", pa.array(["high"]))})
    assert lead_ids(engine_url) == ["a"]
    assert rows_of(engine_url, loads) == before


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_an_interrupted_load_changes_nothing(
    engine_url: str, monkeypatch: pytest.MonkeyPatch, error: BaseException, tmp_path: Path
) -> None:
    load(engine_url, {"leads": leads("a")})
    before = {path: path.lstat().st_size for path in tmp_path.rglob("*")}

    def interrupted(*args: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(data.load, "derive", interrupted)
    with pytest.raises((KeyboardInterrupt, OSError, WarehouseError)):
        load(engine_url, {"leads": leads("b")})
    assert lead_ids(engine_url) == ["a"]
    assert {path: path.lstat().st_size for path in tmp_path.rglob("*")} == before


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Run a script in another process, with the project's modules."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *arguments],
        cwd=PROJECT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


READER = """
    import sys
    from sqlalchemy import func, select
    from data.warehouse import open_warehouse
    from data.tables import leads, reps
    import os
    os.environ["WAREHOUSE_URL"] = sys.argv[1]
    both = select(
        select(func.count()).select_from(leads).scalar_subquery().label("leads"),
        select(func.count()).select_from(reps).scalar_subquery().label("reps"),
    )
    for line in sys.stdin:
        row = open_warehouse().rows(both)[0]
        print(row["leads"], row["reps"], flush=True)
"""


def answered(reader: subprocess.Popen[str]) -> str:
    assert reader.stdin is not None
    assert reader.stdout is not None
    reader.stdin.write("?\n")
    reader.stdin.flush()
    return reader.stdout.readline().strip()


def reps_of(count: int) -> pa.Table:
    return pa.table({"rep_id": [f"r{n}" for n in range(count)]})


def test_a_reader_goes_on_during_a_load_and_then_sees_the_new_one(
    engine_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(engine_url, {"leads": leads("a"), "reps": reps_of(1)})
    reader = start(READER, engine_url)
    during: list[str] = []
    try:
        assert answered(reader) == "1 1"
        derive: Callable[..., None] = data.load.derive

        def slow(*args: object, **options: object) -> None:
            during.extend(answered(reader) for _ in range(3))
            derive(*args, **options)

        monkeypatch.setattr(data.load, "derive", slow)
        load(engine_url, {"leads": leads("b", "c"), "reps": reps_of(2)})
        assert during == ["1 1"] * 3
        assert answered(reader) == "2 2"
    finally:
        reader.communicate()
    assert reader.returncode == 0


@pytest.mark.long
def test_a_reader_never_sees_a_mix(engine_url: str) -> None:
    load(engine_url, {"leads": leads("a"), "reps": reps_of(1)})
    loader = start(
        """
        import sys
        from tests.data.loading import leads, load
        from tests.data.test_load import reps_of
        for count in range(2, 6):
            ids = [str(n) for n in range(count)]
            load(sys.argv[1], {"leads": leads(*ids), "reps": reps_of(count)})
        """,
        engine_url,
    )
    counts = select(
        select(func.count()).select_from(leads_table).scalar_subquery(),
        select(func.count()).select_from(reps).scalar_subquery(),
    )
    seen = set()
    while loader.poll() is None:
        with reading(engine_url) as connection:
            seen.add(tuple(connection.execute(counts).one()))
        time.sleep(0.02)  # leave the loader a processor
    loader.communicate()
    assert loader.returncode == 0
    assert all(left == right for left, right in seen)
    assert len(lead_ids(engine_url)) == 5


KILLED = """
    import os, signal, sys
    import data.load
    from tests.data.loading import leads, load
    def die(*args, **options):
        os.kill(os.getpid(), signal.SIGKILL)
    data.load.derive = die
    load(sys.argv[1], {"leads": leads("b")})
"""


def test_a_killed_load_leaves_the_old_one(engine_url: str, tmp_path: Path) -> None:
    load(engine_url, {"leads": leads("a")})
    killed = start(KILLED, engine_url)
    killed.communicate()
    assert killed.returncode == -9
    assert lead_ids(engine_url) == ["a"]
    load(engine_url, {"leads": leads("c")})
    assert lead_ids(engine_url) == ["c"]
    assert not list(tmp_path.rglob("building-*"))


def test_a_second_load_waits_or_says_so(
    engine_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import data.dialects.postgresql
    import data.dialects.versions

    monkeypatch.setattr(data.dialects.versions, "LOCK_WAIT_SECONDS", 0.2)
    monkeypatch.setattr(data.dialects.postgresql, "LOCK_WAIT_SECONDS", 0.2)
    load(engine_url, {"leads": leads("a")})
    other = start(
        """
        import sys
        from sqlalchemy.engine import make_url
        from data.swap import replacing
        with replacing(make_url(sys.argv[1])):
            print("in", flush=True)
            sys.stdin.read()
        """,
        engine_url,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "in\n"
    if engine_url.startswith("spark"):  # without locks: the one that ends later is refused
        load(engine_url, {"leads": leads("b")})
        other.communicate()
        assert other.returncode == 1
        assert lead_ids(engine_url) == ["b"]
        return
    with pytest.raises(WarehouseError, match="Another load"):
        load(engine_url, {"leads": leads("b")})
    other.communicate()
    load(engine_url, {"leads": leads("c")})
    assert lead_ids(engine_url) == ["c"]


def test_a_refused_folder_leaves_the_warehouse_as_it_was(
    engine_url: str,
    tmp_path: Path,
    company: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    from data.__main__ import main

    company(engine_url)
    good = write(tmp_path / "good", leads="lead_id,created_at\na,2026-01-01\n")
    bad = write(tmp_path / "bad", leads="lead_id,created_at\nb,2026-01-01\nc,soon\n")
    assert main(["load", str(good)]) == 0
    out, err = capsys.readouterr()
    assert "leads" in out
    assert "1 rows  leads.csv" in out
    assert "100%" in err
    before = rows_of(engine_url, loads), {p: p.lstat() for p in tmp_path.rglob("*.duckdb")}
    assert main(["load", str(bad)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "data load: leads.csv, row 3, column 'created_at': 'soon'" in err
    assert before == (
        rows_of(engine_url, loads),
        {p: p.lstat() for p in tmp_path.rglob("*.duckdb")},
    )
    assert lead_ids(engine_url) == ["a"]
