"""Every check, on every engine: silent on clean data, and naming exactly the rows planted."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from data.__main__ import main
from data.config import PROJECT_DIR, Config
from data.derive import derive
from data.quality import CHECKS, Level, run_checks
from data.quality.report import as_document
from data.tables import CONTRACT
from data.warehouse import Warehouse
from tests.conftest import Company
from tests.data.filled import create_without_rules, fill, writing
from tests.data.quality.planted import CLEAN, CLEAN_LOADS, ELSEWHERE, PLANTED
from tests.rows import holds_rules, put


class Uncommitted(Warehouse):
    """The warehouse as one connection sees it, so that a fault can be planted and taken back."""

    def __init__(self, url: str, connection: Connection) -> None:
        super().__init__(make_url(url))
        self.connection = connection

    def _read(self, statement: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in self.connection.execute(statement).mappings()]


def fill_clean(url: str) -> None:
    with writing(url) as connection:
        create_without_rules(connection)
        fill(connection, {name: [row] for name, row in CLEAN.items()} | {"loads": CLEAN_LOADS})
        derive(connection, Config())


@pytest.fixture
def clean(engine_url: str, company: Company) -> str:
    company(engine_url)
    fill_clean(engine_url)
    return engine_url


def test_clean_data_break_no_rule(clean: str):
    with writing(clean) as connection:
        results = run_checks(Uncommitted(clean, connection), CHECKS)
    assert [(r.check.id, r.found) for r in results if not r.passed] == []
    assert len(results) == len(CHECKS)


def test_every_check_finds_what_was_planted(clean: str):
    wrong = {}
    with writing(clean) as connection:
        for check in CHECKS:
            if check.id in ELSEWHERE:
                continue
            fault = PLANTED[check.id]
            fill(connection, {check.table: fault.rows})
            found = check.find(Uncommitted(clean, connection))
            connection.rollback()
            if not holds_rules(connection):  # nor does it know what a rollback is
                rows = CLEAN_LOADS if check.table == "loads" else [CLEAN[check.table]]
                put(connection, CONTRACT[check.table], rows)
            sample, ids = Counter(found.sample), Counter(fault.ids)
            if found.count != ids.total() or sample.total() != min(5, ids.total()) or sample - ids:
                wrong[check.id] = (found, fault.ids)
    assert wrong == {}


def test_underived_clocks_are_an_error(clean: str, company: Company):
    company(clean, "[sla.response_hours]\nP1 = 3\n")
    with writing(clean) as connection:
        results = run_checks(Uncommitted(clean, connection), CHECKS)
    failed = [r for r in results if not r.passed]
    assert [r.check.id for r in failed] == ["derived.handoff_clock"]
    assert failed[0].check.level is Level.ERROR
    assert "python -m data derive" in (failed[0].found.note or "")


def test_an_empty_warehouse_breaks_no_rule(engine_url: str):
    with writing(engine_url) as connection:
        create_without_rules(connection)
        results = run_checks(Uncommitted(engine_url, connection), CHECKS)
    assert all(r.passed for r in results)


def plant(url: str, *check_ids: str) -> None:
    tables = {check.id: check.table for check in CHECKS}
    with writing(url) as connection:
        for check_id in check_ids:
            fill(connection, {tables[check_id]: PLANTED[check_id].rows})


def test_the_command_on_clean_data(clean: str, capsys: pytest.CaptureFixture[str]):
    assert main(["check"]) == 0
    assert "0 errors, 0 warnings" in capsys.readouterr().out


def test_a_warning_exits_0(clean: str, capsys: pytest.CaptureFixture[str]):
    plant(clean, "negative.spend.amount")
    assert main(["check"]) == 0
    out = capsys.readouterr().out
    assert "WARNING" in out
    assert "spend: amount is not negative" in out
    assert "2024-05-06 email" in out


def test_an_error_exits_1_and_stands_first(clean: str, capsys: pytest.CaptureFixture[str]):
    plant(clean, "negative.spend.amount", "listed.touches.team")
    assert main(["check", "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert [f["id"] for f in report["findings"]] == ["listed.touches.team", "negative.spend.amount"]
    first = report["findings"][0]
    assert (first["table"], first["level"], first["count"], first["sample"]) == (
        "touches",
        "error",
        1,
        ["planted"],
    )
    assert (report["errors"], report["warnings"], report["checks"]) == (1, 1, len(CHECKS))


def test_without_a_warehouse(company: Company, tmp_path: Path, capsys):
    company(f"duckdb:///{tmp_path / 'none.duckdb'}")
    assert main(["check"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "python -m data demo" in captured.err


def test_the_page_of_the_documentation_is_the_checks():
    page = (PROJECT_DIR / "docs" / "quality.md").read_text(encoding="utf-8")
    assert page == as_document(CHECKS), "python -m data check --list > docs/quality.md"


def test_ids_are_unique_and_tables_known():
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    assert set(PLANTED) | ELSEWHERE == {check.id for check in CHECKS}
