"""Who may write what, what is kept of a disputed number, and who sees it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from data import users
from data.audit import read_events
from data.errors import AccountError, NoteError, StateError
from data.review_memory.actions import ActionStatus
from data.review_memory.disputes import dispute_records
from data.roles import ROLES
from data.row_scope import RowScope
from data.state import User, close_state, open_state
from data.warehouse import Warehouse
from metrics.calendar import Cadence, Calendar
from metrics.catalog import CATALOG
from metrics.engine import run_query
from metrics.errors import QueryError, RoleError
from metrics.memory.commentary import (
    change_comment_as,
    comment_as,
    comments_by_metric,
    comments_on,
)
from metrics.memory.disputes import (
    disputes_of,
    flags_of,
    open_disputes,
    raise_dispute,
    records_of,
    settle_as,
)
from metrics.memory.resolutions import (
    act_as,
    actions_carried,
    change_action_as,
    decide_as,
    decisions_of,
    end_action_as,
    today,
)
from metrics.model import Team
from metrics.query import MetricQuery
from metrics.row_scope import scoped
from metrics.view import View
from tests.build import at, warehouse_of
from tests.metrics.asking import deal, lead
from tests.metrics.test_rebasing import ALLOWED

CONFIG = '[company]\nname = "Acme"\n'
EMEA = RowScope.parse(["region=EMEA"])
AS_OF = at("2026-06-30 12:00")


def add(username: str, role: str) -> None:
    """An account that nobody signs in to: hashing a password takes longer than all the rest."""
    with open_state().write() as session:
        session.add(
            User(
                username=username,
                full_name=f"{username.title()} Person",
                password_hash="x" * 60,
                role=role,
                session_epoch=0,
            )
        )


@pytest.fixture
def warehouse(company: Any, duckdb_url: str) -> Iterator[Warehouse]:
    """Three leads of June, two of them in EMEA; and a deal, so that there is a loss to count."""
    tables = {
        "leads": [
            lead("L1", "2026-06-02 12:00", region="EMEA"),
            lead("L2", "2026-06-03 12:00", region="EMEA"),
            lead("L3", "2026-06-04 12:00", region="AMER"),
        ],
        "opportunities": [deal("O1", "2026-06-05 12:00", amount=100)],
    }
    yield warehouse_of(company, duckdb_url, tables, CONFIG)
    close_state()


@pytest.fixture
def june(warehouse: Warehouse) -> View:
    calendar = Calendar(warehouse.config)
    return View(calendar.period_of(date(2026, 6, 1), Cadence.MONTHLY), AS_OF)


@pytest.mark.parametrize("metric", ["leads", "bookings", "won_deals"])
@pytest.mark.parametrize("role", ROLES)
def test_a_comment_is_for_the_owners_editors(
    warehouse: Warehouse, june: View, role: str, metric: str
) -> None:
    add("ana", role)

    def write() -> Any:
        return comment_as(warehouse, "ana", metric, june, happened="Rain", doing="Umbrellas")

    if (role, CATALOG[metric].team) not in ALLOWED:
        with pytest.raises(RoleError, match="your role is"):
            write()
        assert comments_by_metric(warehouse, june) == {}
        return
    seen = write()
    change_comment_as("ana", seen, happened="Sun", doing="")
    assert [c.happened for c in comments_on(warehouse, june, CATALOG[metric])] == ["Sun"]


def test_comments_belong_to_period_and_filters_and_scopes_see_their_own(
    warehouse: Warehouse, june: View
) -> None:
    add("ada", "admin")
    comment_as(warehouse, "ada", "leads", june, happened="Whole", doing="")
    emea = replace(june, where=(("region", ("EMEA",)),))
    comment_as(warehouse, "ada", "leads", emea, happened="Part", doing="")
    comment_as(warehouse, "ada", "return_on_spend", emea, happened="Secret", doing="")
    seen = comments_by_metric(scoped(warehouse, EMEA), june)
    assert {name: [c.happened for c in found] for name, found in seen.items()} == {
        "leads": ["Part"]
    }
    assert [c.happened for c in comments_on(warehouse, june, CATALOG["leads"])] == ["Whole"]
    with pytest.raises(QueryError, match="Nearest: 'leads'"):
        comment_as(warehouse, "ada", "lead", june, happened="x", doing="")


@pytest.mark.parametrize("role", ROLES)
def test_decisions_and_actions_are_for_editors_and_ones_own_can_be_ended(
    warehouse: Warehouse, role: str
) -> None:
    add("ana", role)
    add("ada", "admin")
    config, due = warehouse.config, today(warehouse.config) + timedelta(days=3)
    action = act_as(config, "ada", "Call", owner="Ana", due_on=due, review_id="R1")
    foreign = act_as(config, "ada", "Write", owner="Somebody", due_on=due)
    # Given to ana, by her user name: she may say that it is done, whatever her role.
    assert end_action_as("ana", action, ActionStatus.DONE).status is ActionStatus.DONE
    if (role, Team.SHARED) in ALLOWED:
        decide_as(config, "ana", "Do it", review_id="R1")
        assert [d.words for d in decisions_of(config, "R1")] == ["Do it"]
        end_action_as("ana", foreign, ActionStatus.DROPPED, reason="No")
        assert [a.words for a in actions_carried(config)] == ["Call", "Write"]
        return
    for write in (
        lambda: decide_as(config, "ana", "Do it"),
        lambda: act_as(config, "ana", "x", owner="y", due_on=due),
        lambda: change_action_as(config, "ana", foreign, words="x", owner="y", due_on=due),
        lambda: end_action_as("ana", foreign, ActionStatus.DONE),
    ):
        with pytest.raises(RoleError):
            write()
    assert decisions_of(config, None) == []
    assert [a.is_open for a in actions_carried(config)] == [True, False]


def test_a_day_years_away_and_a_disabled_account_are_refused(
    warehouse: Warehouse, june: View
) -> None:
    add("ada", "admin")
    with pytest.raises(NoteError, match="no day to do something by"):
        act_as(warehouse.config, "ada", "x", owner="y", due_on=date(2226, 1, 1))
    users.set_active("ada", False)
    with pytest.raises(StateError, match="disabled"):
        raise_dispute(warehouse, "ada", "leads", june, reason="x")
    with pytest.raises(AccountError):
        raise_dispute(warehouse, "nobody", "leads", june, reason="x")
    assert open_disputes(warehouse) == []


# -- disputes -----------------------------------------------------------------------------------


def test_anybody_flags_a_number_and_its_owners_editor_settles_it(
    warehouse: Warehouse, june: View
) -> None:
    add("vera", "viewer")
    add("mara", "editor_marketing")
    add("sol", "editor_sales")
    raised = raise_dispute(warehouse, "vera", "leads", june, reason="L2 is a test", record_id="L2")
    shown = raised.shown
    assert (shown.value, shown.words, shown.period, shown.where) == (3, "3", "2026-06", ())
    assert (shown.as_of, shown.data_through) == (AS_OF, warehouse.default_as_of)
    assert (shown.data_version, shown.definition_version) == (warehouse.data_version, 0)
    assert (raised.record_total, raised.record_id) == (3, "L2")
    assert [one.record_id for one in dispute_records(raised.id)] == ["L3", "L2", "L1"]
    assert list(flags_of(warehouse, june)) == ["leads"]
    for username in ("vera", "sol"):
        with pytest.raises(RoleError):
            settle_as(warehouse, username, raised, reason="It is not")
    with pytest.raises(NoteError):
        settle_as(warehouse, "mara", raised, reason="")
    assert list(flags_of(warehouse, june)) == ["leads"]
    settle_as(warehouse, "mara", raised, reason="It is not")
    assert flags_of(warehouse, june) == {}
    (told,) = disputes_of(warehouse, june, CATALOG["leads"])
    assert told.settled is not None
    assert [(row.actor, row.event) for row in read_events()][-2:] == [
        ("vera", "dispute_raised"),
        ("mara", "dispute_settled"),
    ]


def test_what_is_shown_is_worked_out_under_filter_and_scope(
    warehouse: Warehouse, june: View
) -> None:
    add("vera", "viewer")
    seen = scoped(warehouse, EMEA)
    raised = raise_dispute(seen, "vera", "leads", june, reason="Two?")
    assert (raised.shown.value, raised.shown.where) == (2, (("region", ("EMEA",)),))
    assert [one.record_id for one in records_of(seen, raised)] == ["L2", "L1"]
    # The whole company's tile is another number; that of EMEA is this one.
    assert flags_of(warehouse, june) == {}
    emea = replace(june, where=(("region", ("EMEA",)),))
    assert list(flags_of(warehouse, emea)) == ["leads"]


def test_a_dispute_beyond_the_scope_does_not_exist(warehouse: Warehouse, june: View) -> None:
    add("ada", "admin")
    whole = raise_dispute(warehouse, "ada", "leads", june, reason="Three?")
    amer = replace(june, where=(("region", ("AMER",)),))
    raise_dispute(warehouse, "ada", "leads", amer, reason="One?")
    emea = replace(june, where=(("region", ("EMEA",)),))
    raise_dispute(warehouse, "ada", "return_on_spend", emea, reason="All deals?")
    mine = raise_dispute(warehouse, "ada", "leads", emea, reason="Two?")
    seen = scoped(warehouse, EMEA)
    assert [one.id for one in open_disputes(seen)] == [mine.id]
    assert [one.id for one in disputes_of(seen, june, CATALOG["leads"])] == [mine.id]
    assert records_of(seen, whole) == []
    with pytest.raises(NoteError, match="no such dispute"):
        settle_as(seen, "ada", whole, reason="x")
    assert len(open_disputes(warehouse)) == 4
    query = MetricQuery(("open_disputes",), (june.period.span,), warehouse.default_as_of)
    assert [row.value for row in run_query(seen, query)] == [1]


def test_a_number_without_a_figure_can_be_disputed_too(warehouse: Warehouse, june: View) -> None:
    add("vera", "viewer")
    raised = raise_dispute(warehouse, "vera", "cost_per_mql", june, reason="Why is it missing?")
    assert (raised.shown.value, raised.shown.words, raised.record_total) == (None, "–", 0)
