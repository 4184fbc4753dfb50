"""A change of process: who may record it, from which period on, and what is kept of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from data import users
from data.errors import AccountError, StateError
from data.roles import ROLES
from data.warehouse import Warehouse
from metrics.baselines import rebase
from metrics.calendar import Cadence, Calendar, Period
from metrics.catalog import CATALOG
from metrics.errors import QueryError, RoleError
from metrics.model import Team
from metrics.rebasing import baseline_history, rebase_as, rebase_choices
from metrics.roles import may_edit
from tests.metrics.test_usual import (
    MONDAY,
    WEEKS,
    card_of,
    filled,
    stored,
    tile,
    warehouse,
)

__all__ = ["filled", "warehouse"]  # the fixtures
PASSWORD = "long enough for 1 test"
ALLOWED = {
    ("admin", Team.MARKETING), ("admin", Team.SHARED), ("admin", Team.SALES),
    ("editor_marketing", Team.MARKETING), ("editor_marketing", Team.SHARED),
    ("editor_sales", Team.SALES), ("editor_sales", Team.SHARED),
}  # fmt: skip


def week(number: int, warehouse: Warehouse) -> Period:
    calendar = Calendar(warehouse.config)
    return calendar.period_of(MONDAY + timedelta(weeks=number), Cadence.WEEKLY)


def add(username: str, role: str) -> None:
    users.add_account(username, PASSWORD, role=role, full_name=f"{username.title()} Person")


def test_who_may_edit_what():
    assert {(role, team) for role in ROLES for team in Team if may_edit(role, team)} == ALLOWED
    assert not may_edit("nobody", Team.SHARED)


@pytest.mark.parametrize("metric", ["leads", "mql_to_sql", "win_rate"])
@pytest.mark.parametrize("role", ROLES)
def test_the_action_itself_checks_the_role(warehouse, role: str, metric: str):
    add("ana", role)
    since, team = week(3, warehouse), CATALOG[metric].team
    if (role, team) in ALLOWED:
        rebase_as(warehouse, "ana", metric, since, reason="New form")
        assert [(one.metric, one.locked_by) for one in stored()] == [(metric, "ana")]
    else:
        with pytest.raises(RoleError, match="and admins; your role is"):
            rebase_as(warehouse, "ana", metric, since, reason="New form")
        assert stored() == []


def test_a_role_that_was_taken_away_holds_at_once(warehouse):
    add("ana", "admin")
    users.set_role("ana", "viewer")
    with pytest.raises(RoleError, match="your role is viewer"):
        rebase_as(warehouse, "ana", "leads", week(30, warehouse), reason="New form")
    users.set_role("ana", "admin")
    users.set_active("ana", False)
    with pytest.raises(StateError, match="disabled"):
        rebase_as(warehouse, "ana", "leads", week(30, warehouse), reason="New form")
    with pytest.raises(AccountError):
        rebase_as(warehouse, "nobody", "leads", week(30, warehouse), reason="New form")
    assert stored() == []


def test_every_choice_can_be_taken_and_the_next_one_cannot(warehouse):
    for metric in ("leads", "mql_to_sql", "lead_velocity_rate"):
        choices = rebase_choices(warehouse, CATALOG[metric], Cadence.WEEKLY, ())
        assert list(choices) == sorted(choices, key=lambda p: p.start, reverse=True)
        for since in (choices[0], choices[-1]):
            assert rebase(warehouse, metric, since, reason="x").baseline.count >= 12
        after = Calendar(warehouse.config).step(choices[0], 1)
        with pytest.raises(QueryError, match="cannot be re-based"):
            rebase(warehouse, metric, after, reason="x")
    # The last complete week is the last one of the data: twelve weeks from the 42nd on.
    assert rebase_choices(warehouse, CATALOG["leads"], Cadence.WEEKLY, ())[0] == week(
        WEEKS - 12, warehouse
    )
    assert rebase_choices(warehouse, CATALOG["leads"], Cadence.QUARTERLY, ()) == ()
    assert rebase_choices(warehouse, CATALOG["sales_velocity"], Cadence.WEEKLY, ()) == ()


def test_windows_that_reach_back_before_the_change_are_no_part_of_the_new_baseline(warehouse):
    since = week(20, warehouse)
    reference = rebase(warehouse, "lead_velocity_rate", since, reason="x")
    # 28 days on the 28 before: the first window wholly after the change ends seven weeks on.
    assert reference.first == week(27, warehouse).id
    with pytest.raises(QueryError, match=r"22 complete periods .* needs 39"):
        rebase(warehouse, "win_rate", since, reason="x")


def test_the_history_names_who_and_why_newest_first(warehouse):
    card_of(warehouse)
    add("ana", "editor_marketing")
    metric = CATALOG["leads"]
    rebase_as(warehouse, "ana", "leads", week(41, warehouse), reason=" New form ")
    rebase(warehouse, "leads", week(42, warehouse), reason="Imported", locked_by="gone")
    found = baseline_history(warehouse, metric, Cadence.WEEKLY, ())
    assert [(one.reason, one.locked_by, one.count) for one in found] == [
        ("Imported", "gone", 12),
        ("New form", "Ana Person", 13),
        (None, None, 26),
    ]
    assert found[1].first == "2025-W43"
    assert baseline_history(warehouse, metric, Cadence.MONTHLY, ()) == ()
    assert baseline_history(warehouse, metric, Cadence.WEEKLY, (("region", (None,)),)) == ()
    limits = tile(card_of(warehouse)).limits
    assert limits is not None
