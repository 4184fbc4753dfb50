"""The data check from the app: for admins, over the whole warehouse, once for each version."""

from __future__ import annotations

import pytest

from data import passwords, users
from data.audit import Actor
from data.quality import Level
from data.row_scope import RowScope
from data.warehouse import open_warehouse
from metrics.cache import RESULTS
from metrics.data_check import check_as, last_check
from metrics.errors import RoleError
from metrics.row_scope import scoped
from tests.build import at, fill
from tests.conftest import Company

# Two leads of one address, and a stage of a lead that is not there.
TABLES = {
    "leads": [
        {"lead_id": "1", "created_at": at("2026-03-02 09:00"), "email": "a@b.example"},
        {"lead_id": "2", "created_at": at("2026-03-02 09:00"), "email": "A@b.example "},
    ],
    "lead_stages": [{"lead_id": "x", "stage": "mql", "entered_at": at("2026-03-03 09:00")}],
}


def test_an_admin_checks_the_whole_warehouse_once(
    duckdb_url: str, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "BCRYPT_ROUNDS", 4)
    company(duckdb_url)
    fill(duckdb_url, TABLES)
    cli = Actor("root", "cli")
    for name, role in (("ada", "admin"), ("vera", "viewer")):
        users.add_account(name, "correct zebra 12", role=role, by=cli)
    RESULTS.clear()
    warehouse = open_warehouse()
    with pytest.raises(RoleError, match="run by admins"):
        check_as(warehouse, "vera")
    assert last_check(warehouse) is None
    told: list[tuple[str, float]] = []
    # Whoever sees no lead at all is told of the same findings.
    limited = scoped(warehouse, RowScope.parse(["region=EMEA"]))
    run = check_as(limited, "ada", progress=lambda check, share: told.append((check, share)))
    assert any(finding.check.table == "lead_stages" for finding in run.findings)
    assert {f.found.count for f in run.findings if f.check.id == "duplicate.leads.email"} == {2}
    assert run.count(Level.ERROR) + run.count(Level.WARNING) == len(run.findings)
    assert len(told) == run.checks
    assert last_check(warehouse) is run
    assert check_as(warehouse, "ada") is run
    users.set_role("ada", "viewer", by=cli)
    with pytest.raises(RoleError, match="run by admins"):
        check_as(warehouse, "ada")
