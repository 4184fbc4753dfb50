"""What a start does without: memory and time that everybody would pay for what few need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from data.dialects import dialect_of, parse_url
from tests.e2e.server import ROOT, environment

# Of other engines, of a migration, of files to take away, of sign-ins by other ways.
SPARED = {
    *("alembic", "mako", "psycopg", "pyhive", "thrift", "pyarrow.parquet", "pyarrow.fs"),
    *("requests", "PIL", "captcha", "pygments", "pptx", "typst", "vl_convert", "xlsxwriter"),
}
ASKED = """
import importlib, sys
from data.state import open_state
import app
open_state()
for module in app.WARM:
    importlib.import_module(module)
print(*sorted(sys.modules))
"""


def test_a_start_with_nothing_to_migrate_loads_what_every_run_needs(tmp_path: Path):
    settings = {
        "STATE_URL": f"sqlite:///{tmp_path / 'state.sqlite'}",
        "SCORECARD_HOME": str(tmp_path),
    }
    loaded = set[str]()
    for _ in ("the first makes the state database", "the second finds it"):
        done = subprocess.run(
            [sys.executable, "-c", ASKED],
            cwd=ROOT,
            env=environment(settings),
            capture_output=True,
            text=True,
            check=True,
        )
        first, loaded = loaded, set(done.stdout.split())
    assert "alembic" in first
    assert "altair" in loaded
    assert loaded.isdisjoint(SPARED), loaded & SPARED


def test_duckdb_gives_back_what_ended_statements_took(tmp_path: Path):
    url = parse_url(f"duckdb:///{tmp_path / 'warehouse.duckdb'}", name="WAREHOUSE_URL")
    for read_only in (False, True):
        engine = dialect_of(url).create_engine(url, read_only=read_only, timeout_seconds=5)
        with engine.connect() as connection:
            asked = "SELECT current_setting('allocator_background_threads')"
            found = connection.exec_driver_sql(asked).scalar_one()
        engine.dispose()
    assert found is True
