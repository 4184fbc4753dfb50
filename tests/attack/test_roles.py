"""Somebody calls, past the pages, what their role does not allow; and every action is looked at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

import pytest

from data import users
from data.agreements import Topic, read_agreements
from data.audit import NOBODY, Event, person, read_events
from data.errors import AccountError, LinkError, ScorecardError, StateError
from data.roles import ROLES
from data.row_scope import RowScope
from data.saved_views import change_view, delete_view, list_views, save_view, set_start_view
from data.set_targets import TargetKey, read_set_targets
from data.short_links import list_links, make_link, open_link, revoke_link
from data.view_address import ViewAddress
from data.warehouse import Warehouse, open_warehouse
from metrics.agreements.signing import propose_as, register_agreements, sign_as, withdraw_as
from metrics.agreements.topics import content_of
from metrics.calendar import Cadence, Calendar
from metrics.catalog import CATALOG
from metrics.errors import RoleError
from metrics.model import Team
from metrics.rebasing import rebase_as
from metrics.roles import may_edit
from metrics.row_scope import scoped
from metrics.target_setting import set_target_as
from tests.attack.conftest import ADMIN, OF_AMER, OF_EMEA, VIEWER
from tests.e2e.conftest import Settings

VIEW = ViewAddress("kpi", "metric=mqls")
# What is recorded in the audit log is what somebody can do. Of each: where it is attacked, or why
# no page of the app can do it. An event that is not here has an action that nobody has tried.
TRIED = {
    Event.SIGN_IN: "test_passwords.py, test_cookies.py",
    Event.SIGN_IN_FAILED: "test_passwords.py",
    Event.NAME_LOCKED: "test_passwords.py",
    Event.SIGN_OUT: "ends one's own session alone",
    Event.ACCOUNT_ADDED: "here; by single sign-on: tests/data/test_sso.py",
    Event.ACCOUNT_DISABLED: "here",
    Event.ACCOUNT_ENABLED: "here",
    Event.ACCOUNT_UNLOCKED: "here",
    Event.PASSWORD_SET: "here",
    Event.ROLE_CHANGED: "here; by single sign-on: tests/data/test_sso.py",
    Event.SCOPE_CHANGED: "here; by single sign-on: tests/data/test_sso.py",
    Event.SESSIONS_ENDED: "here",
    Event.EXPORT: "test_scope.py; tests/pages/view/test_sharing.py",
    Event.LINK_MADE: "everybody may",
    Event.LINK_REVOKED: "here",
    Event.VIEW_SHARED: "here",
    Event.VIEW_UNSHARED: "here",
    Event.VIEW_CHANGED: "here",
    Event.VIEW_DELETED: "here",
    Event.BASELINE_REBASED: "here",
    Event.TARGET_CHANGED: "here; tests/metrics/test_set_targets.py",
    Event.AGREEMENT_PROPOSED: "here; tests/metrics/agreements/test_signing.py",
    Event.AGREEMENT_SIGNED: "here; tests/metrics/agreements/test_signing.py",
    Event.AGREEMENT_WITHDRAWN: "here; tests/metrics/agreements/test_signing.py",
    Event.DECISION_CHANGED: "tests/metrics/test_review_memory.py",
    Event.ACTION_CHANGED: "tests/metrics/test_review_memory.py",
    Event.DISPUTE_RAISED: "tests/metrics/test_review_memory.py",
    Event.DISPUTE_SETTLED: "tests/metrics/test_review_memory.py",
    Event.REVIEW_PLAN_CHANGED: "tests/metrics/review/test_agenda.py",
    Event.REVIEW_OPENED: "tests/metrics/review/test_snapshot.py",
    Event.REVIEW_CLOSED: "tests/metrics/review/test_snapshot.py",
    Event.DEFINITION_CHANGED: "the program itself, when its own definitions have changed",
}


def test_every_action_has_been_tried():
    assert set(TRIED) == set(Event), "say in TRIED who may do it, and try it as somebody else"


@pytest.fixture
def warehouse(attack_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    for name in ("WAREHOUSE_URL", "SCORECARD_CONFIG"):
        monkeypatch.setenv(name, attack_settings[name])
    return open_warehouse()


@pytest.mark.parametrize("team", Team)
def test_a_baseline_is_moved_by_who_answers_for_it_alone(warehouse: Warehouse, team: Team):
    metric = next(m.id for m in CATALOG.values() if m.team is team)
    since = Calendar(warehouse.config).default_period(Cadence.WEEKLY, warehouse.default_as_of)
    for username in (VIEWER, OF_AMER):  # a viewer, and an editor of sales
        role = users.find_account(username).role
        if may_edit(role, team):
            continue
        before = list(read_events())
        with pytest.raises(RoleError, match=role.replace("_", " ")):
            rebase_as(warehouse, username, metric, since, reason="because I can")
        assert list(read_events()) == before


def test_nobody_who_is_out_moves_one(warehouse: Warehouse):
    since = Calendar(warehouse.config).default_period(Cadence.WEEKLY, warehouse.default_as_of)
    users.set_active(OF_AMER, False)
    try:
        with pytest.raises(StateError, match="disabled"):
            rebase_as(warehouse, OF_AMER, "sqls", since, reason="once more")
    finally:
        users.set_active(OF_AMER, True)
    for name in ("nobody", "", "zoladmin' --"):
        with pytest.raises(ScorecardError):
            rebase_as(warehouse, name, "sqls", since, reason="as somebody else")


@pytest.mark.parametrize("username", [VIEWER, OF_AMER, ADMIN, "nobody", "zoladmin' --"])
def test_nobody_signs_for_a_team_that_is_not_theirs_or_sets_what_is_not(
    warehouse: Warehouse, username: str
):
    config = warehouse.config
    register_agreements(config)
    before, signed = list(read_events()), read_agreements(config.company.name)
    content = content_of(config, Topic.WINDOWS)
    acts: list[Callable[[], object]] = []
    if username != OF_AMER:  # who signs for sales, and for nobody else
        acts.append(lambda: sign_as(config, username, Topic.WINDOWS, 0, seen=0))
    if username != ADMIN:
        acts.append(lambda: withdraw_as(config, username, Topic.WINDOWS, 0))
        for metric in ("mqls", "bookings"):
            key = TargetKey(metric, "year", date(2026, 1, 1))
            scope = RowScope() if username != OF_AMER else users.find_account(username).scope
            seen = scoped(warehouse, scope)
            acts.append(partial(set_target_as, seen, username, key, 1, seen=-1, reason="mine"))
    if username not in (ADMIN, OF_AMER):
        acts.append(
            lambda: propose_as(
                config,
                username,
                topic=Topic.WINDOWS,
                content=content,
                seen=0,
                holds_from=date(2026, 1, 1),
                reason="x",
            )
        )
    assert acts
    for act in acts:
        with pytest.raises(ScorecardError):
            act()
    assert list(read_events()) == before
    assert read_agreements(config.company.name) == signed
    assert read_set_targets(config.company.name) == []


@pytest.mark.parametrize("username", [VIEWER, OF_AMER, "nobody", None])
def test_accounts_are_managed_by_admins_alone(username: str | None):
    by = NOBODY if username is None else person(username)
    before = users.find_account(ADMIN), users.find_account(OF_EMEA), list(read_events())
    for act in (
        lambda: users.add_account("mole", "correct zebra 12", role="admin", by=by),
        lambda: users.set_role(VIEWER, "admin", by=by),
        lambda: users.set_scope(OF_AMER, [], by=by),
        lambda: users.set_password(ADMIN, "correct zebra 34", by=by),
        lambda: users.set_active(ADMIN, False, by=by),
        lambda: users.set_active(OF_EMEA, True, by=by),
        lambda: users.end_sessions(ADMIN, by=by),
        lambda: users.unlock(ADMIN, by=by),
    ):
        with pytest.raises(AccountError, match="managed by admins"):
            act()
    after = users.find_account(ADMIN), users.find_account(OF_EMEA), list(read_events())
    assert after == before


def test_a_role_that_is_none_may_nothing():
    for role in ("", "Admin", "admin ", "superuser", *(r.upper() for r in ROLES)):
        assert not any(may_edit(role, team) for team in Team)


def test_another_s_views_and_links_are_not_touched():
    own = save_view("mine", VIEW, shared=False, by=person(ADMIN))
    shared = save_view("ours", VIEW, shared=True, by=person(ADMIN))
    link = make_link(VIEW, by=person(ADMIN))
    thief = person(VIEWER)
    for view in (own, shared):
        for change in ({"name": "stolen"}, {"shared": False}, {"address": ViewAddress("sla", "")}):
            with pytest.raises(LinkError, match="no such view of yours"):
                change_view(view, by=thief, **change)
        with pytest.raises(LinkError, match="no such view of yours"):
            delete_view(view, by=thief)
    # An administrator looks after what is shared, and after nothing that is not.
    with pytest.raises(LinkError, match="no such view of yours"):
        delete_view(own, by=thief, is_admin=True)
    with pytest.raises(LinkError, match="no such view"):
        set_start_view(VIEWER, own.id)
    with pytest.raises(LinkError, match="no such link of yours"):
        revoke_link(link.id, by=thief)
    assert open_link(link.id) == link
    assert link.id not in [one.id for one in list_links(VIEWER)]
    assert own.id not in [view.id for view in list_views(VIEWER)]
    assert {view.name for view in list_views(ADMIN)} >= {"mine", "ours"}
