"""The matrix itself: every engine's database is fresh, empty and readable by the program."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert

from data.dialects import DIALECTS
from data.errors import WarehouseError
from data.tables import SCHEMA_VERSION, metadata, scorecard_meta
from data.warehouse import open_warehouse
from tests.conftest import Company
from tests.matrix import DATABASES
from tests.test_layers import ROOT


def test_every_engine_of_the_program_is_in_the_matrix():
    assert set(DATABASES) == set(DIALECTS)


def test_a_fresh_database_is_no_warehouse(engine_url: str, company: Company):
    company(engine_url)
    with pytest.raises(WarehouseError, match="python -m data demo"):
        _ = open_warehouse().meta


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_ends_with_the_run_that_started_it(tmp_path: Path, how: signal.Signals):
    """However the run ends: here its processes are shells, with a child as Spark has executors."""
    folder = tmp_path / "served"
    folder.mkdir()
    begun = tmp_path / "begun"
    server = f"sleep 300 & echo $$ $! > {begun}.new; mv {begun}.new {begun}; wait"
    code = (
        "import subprocess, sys, time; from pathlib import Path; "
        "from tests.spark_ending import ends_with_us; "
        f"p = subprocess.Popen(['sh', '-c', {server!r}], start_new_session=True); "
        f"w = ends_with_us(p.pid, Path({str(folder)!r})); time.sleep(300)"
    )
    run = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    until = time.monotonic() + 60
    while not begun.exists() and time.monotonic() < until:
        time.sleep(0.02)
    pids = [int(pid) for pid in begun.read_text(encoding="utf-8").split()]
    assert all(map(_runs, pids))
    run.send_signal(how)
    run.wait()
    while (folder.exists() or any(map(_runs, pids))) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(map(_runs, pids))
    assert not folder.exists()


def _runs(pid: int) -> bool:
    """Whether it is there and has not ended; what nobody has waited for is there and has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("turn", ["first", "second"])
def test_every_test_has_a_database_of_its_own(engine_url: str, company: Company, turn: str):
    company(engine_url, '[company]\nname = "Fabrikam"\n')
    engine = create_engine(engine_url)
    metadata.create_all(engine, checkfirst=False)  # fails where a table is left over
    with engine.begin() as connection:
        connection.execute(
            insert(scorecard_meta),
            [
                {"key": "schema_version", "value": SCHEMA_VERSION},
                {"key": "turn", "value": turn},
            ],
        )
    engine.dispose()
    warehouse = open_warehouse()
    assert warehouse.meta["turn"] == turn
    assert warehouse.config.company.name == "Fabrikam"
    assert set(warehouse.row_counts.values()) == {0}
