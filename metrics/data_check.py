"""The data check run from the app: by an admin, once for each version of the data.

The whole warehouse is checked, whatever part of it the admin sees: it is the company's health.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime

from data import users
from data.quality import CHECKS, Level, Result, run_checks
from data.quality.report import failed
from data.warehouse import Warehouse
from metrics.cache import RESULTS
from metrics.errors import RoleError


@dataclass(frozen=True)
class CheckRun:
    """One run: what failed, errors first; when it was made (naive UTC)."""

    findings: tuple[Result, ...]
    checks: int
    made_at: datetime

    def count(self, level: Level) -> int:
        return sum(finding.check.level is level for finding in self.findings)


def _key(warehouse: Warehouse) -> Hashable:
    return "data check", warehouse.whole.version_key


def last_check(warehouse: Warehouse) -> CheckRun | None:
    """The run over the data as they are now, if there was one in this process lately."""
    return RESULTS.find(_key(warehouse))


def check_as(
    warehouse: Warehouse, username: str, *, progress: Callable[[str, float], None] | None = None
) -> CheckRun:
    """Run every check, unless that was done with these data. ``progress`` is told the check and
    the share (0–1) done before.

    Raises ``RoleError`` for an account that is no active admin now, ``WarehouseError``.
    """
    account = users.find_account(username)
    if not account.is_active or account.role != "admin":
        raise RoleError("The data check is run by admins.")

    def run() -> CheckRun:
        results = run_checks(warehouse.whole, CHECKS, progress=progress)
        made_at = datetime.now(UTC).replace(tzinfo=None)
        return CheckRun(tuple(failed(results)), len(results), made_at)

    return RESULTS.get(_key(warehouse), run)
