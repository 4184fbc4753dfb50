"""Who may manage accounts, that one admin is always left, and what is known of sign-ins."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import account_activity, passwords, users
from data.account_activity import Activity
from data.audit import Actor, Event, person, read_events, record
from data.audit_report import csv_lines
from data.audit_search import AuditFilter, count_events, find_events, people_in_log, stream_events
from data.errors import AccountError
from data.state import AuditEvent, open_state

GOOD, OTHER = "correct zebra 12", "another zebra 12"
CLI = Actor("root", "cli")
ADA, BOB, VERA = person("ada"), person("bob"), person("vera")
WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "BCRYPT_ROUNDS", 4)


@pytest.fixture
def people(state_url: str) -> None:
    """Two admins, ada and bob, and a viewer, vera."""
    for name, role in (("ada", "admin"), ("bob", "admin"), ("vera", "viewer")):
        users.add_account(name, GOOD, role=role, by=CLI)


CHANGES: dict[str, Callable[[Actor], object]] = {
    "add": lambda by: users.add_account("new", GOOD, role="admin", by=by),
    "role": lambda by: users.set_role("vera", "admin", by=by),
    "scope": lambda by: users.set_scope("vera", [], by=by),
    "enable": lambda by: users.set_active("vera", True, by=by),
    "disable": lambda by: users.set_active("bob", False, by=by),
    "password": lambda by: users.set_password("bob", OTHER, by=by),
    "unlock": lambda by: users.unlock("vera", by=by),
    "sign-out": lambda by: users.end_sessions("bob", by=by),
}


def refused(by: Actor) -> None:
    """Nothing that ``by`` tries is done, or logged."""
    before, rows = users.list_accounts(), count_events(AuditFilter())
    for change in CHANGES.values():
        with pytest.raises(AccountError, match="managed by admins"):
            change(by)
    assert users.list_accounts() == before
    assert count_events(AuditFilter()) == rows


def test_who_is_no_admin_at_this_moment_changes_nothing(people: None) -> None:
    for by in (VERA, person("nobody"), Actor(None, "app")):
        refused(by)
    users.set_role("ada", "editor_sales", by=CLI)
    refused(ADA)
    users.set_role("ada", "admin", by=CLI)
    users.set_active("ada", False, by=CLI)
    refused(ADA)


def test_an_admin_and_the_command_line_may(people: None) -> None:
    for name, change in CHANGES.items():
        change(ADA)
        assert list(read_events())[-1].actor == "ada", name
        if name != "add":
            change(CLI)


def test_ones_own_password_and_sessions_are_everybodys_own_affair(people: None) -> None:
    users.set_password("vera", OTHER, by=VERA)
    users.end_sessions("Vera", by=VERA)
    with pytest.raises(AccountError, match="managed by admins"):
        users.set_scope("vera", [], by=VERA)


def test_the_last_active_admin_stays_one(people: None) -> None:
    users.set_active("bob", False, by=ADA)
    for change in (
        lambda: users.set_active("ada", False, by=ADA),
        lambda: users.set_role("ada", "viewer", by=ADA),
    ):
        with pytest.raises(AccountError, match="last active admin"):
            change()
    ada = users.find_account("ada")
    assert (ada.role, ada.is_active) == ("admin", True)
    users.set_active("bob", True, by=ADA)
    users.set_role("ada", "viewer", by=ADA)  # bob is one again
    users.set_active("bob", False, by=CLI)  # the way out is never barred


def test_two_admins_who_demote_each_other_at_once_leave_one(people: None) -> None:
    def demote(by: Actor, name: str) -> bool:
        try:
            users.set_role(name, "viewer", by=by)
        except AccountError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(demote, (ADA, BOB), ("bob", "ada")))
    admins = [a.username for a in users.list_accounts() if a.role == "admin" and a.is_active]
    assert (sorted(done), len(admins)) == ([False, True], 1)


def test_a_lock_is_lifted_and_nothing_else(people: None) -> None:
    before = users.find_account("vera")
    for _ in range(users.MAX_FAILURES):
        assert users.verify("vera", "wrong") is None
    activity = account_activity.account_activity(lasting=WEEK)["vera"]
    assert activity.locked_until is not None
    assert users.verify("vera", GOOD) is None
    assert users.unlock("vera", by=ADA) == before
    assert users.verify("vera", GOOD) == before


# -- what is known of sign-ins --------------------------------------------------------------------


def activity_of(name: str, now: datetime | None = None) -> Activity:
    return account_activity.account_activity(lasting=WEEK, now=now).get(name, Activity())


def test_sign_ins_are_counted_until_something_ends_them(people: None) -> None:
    assert activity_of("vera") == Activity()
    users.verify("vera", GOOD)
    users.verify("vera", GOOD)
    users.verify("vera", "wrong")
    found = activity_of("vera")
    assert found.open_sign_ins == 2
    signed_in = [row.at for row in read_events() if row.event == Event.SIGN_IN]
    assert found.last_sign_in == signed_in[-1]
    record(Event.SIGN_OUT, by=VERA, about="vera")
    assert activity_of("vera").open_sign_ins == 1
    users.set_password("vera", OTHER, by=VERA)  # who does so goes on
    assert activity_of("vera").open_sign_ins == 1
    for end in (
        lambda: users.set_password("vera", GOOD, by=ADA),
        lambda: users.set_role("vera", "editor_sales", by=ADA),
        lambda: users.set_active("vera", False, by=ADA),
        lambda: users.end_sessions("vera", by=ADA),
    ):
        users.set_active("vera", True, by=ADA)
        users.set_password("vera", GOOD, by=ADA)
        users.verify("vera", GOOD)
        assert activity_of("vera").open_sign_ins == 1
        end()
        assert activity_of("vera").open_sign_ins == 0
    assert activity_of("vera").last_sign_in is not None


def test_a_sign_in_is_forgotten_with_its_cookie(people: None) -> None:
    users.verify("vera", GOOD)
    signed_in = list(read_events())[-1].at
    assert activity_of("vera", signed_in + WEEK - timedelta(seconds=1)).open_sign_ins == 1
    assert activity_of("vera", signed_in + WEEK).open_sign_ins == 0
    assert activity_of("vera", signed_in + WEEK).last_sign_in == signed_in


def test_a_first_password_opens_nothing_before_it_is_replaced(people: None) -> None:
    users.set_password("vera", GOOD, must_change_password=True, by=ADA)
    users.verify("vera", GOOD)
    assert activity_of("vera").open_sign_ins == 0
    users.set_password("vera", OTHER, by=VERA)
    assert activity_of("vera").open_sign_ins == 1


# -- the log --------------------------------------------------------------------------------------

NAMES = st.sampled_from(["ada", "bob", "=1+1", None])
ROWS = st.lists(
    st.tuples(st.sampled_from(["sign_in", "export", "role_changed"]), NAMES, NAMES,
              st.integers(0, 9)),
    max_size=25,
)  # fmt: skip
FILTERS = st.builds(
    AuditFilter,
    events=st.lists(st.sampled_from(["sign_in", "export"]), max_size=2, unique=True).map(tuple),
    person=NAMES,
    since=st.none() | st.integers(0, 9).map(lambda day: datetime(2026, 1, 1 + day)),
    before=st.none() | st.integers(0, 9).map(lambda day: datetime(2026, 1, 1 + day)),
)
Row = tuple[str, str | None, str | None, int]


def fits(row: Row, wanted: AuditFilter) -> bool:
    event, actor, subject, day = row
    at = datetime(2026, 1, 1 + day)
    return (
        (not wanted.events or event in wanted.events)
        and (wanted.person is None or wanted.person in (actor, subject))
        and (wanted.since is None or at >= wanted.since)
        and (wanted.before is None or at < wanted.before)
    )


@given(rows=ROWS, wanted=FILTERS, size=st.integers(1, 6))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_log_is_searched_a_page_at_a_time_the_newest_first(
    state_url: str, rows: list[Row], wanted: AuditFilter, size: int
) -> None:
    with open_state().write() as session:
        first = 1 + max([row.id for row in read_events()], default=0)
        for number, (event, actor, subject, day) in enumerate(rows):
            at = datetime(2026, 1, 1 + day)
            session.add(
                AuditEvent(id=first + number, at=at, source="app", event=event,
                           actor=actor, subject=subject, detail="{}")
            )  # fmt: skip
    mine = [n for n, row in enumerate(rows) if fits(row, wanted)][::-1]
    ids = [row.id for row in stream_events(wanted)]
    assert [number for number in ids if number >= first] == [first + n for n in mine]
    assert count_events(wanted) == len(ids)
    paged: list[int] = []
    while len(paged) < len(ids):
        page = find_events(wanted, offset=len(paged), size=size)
        assert page.total == len(ids)
        assert 1 <= len(page.rows) <= size
        paged += [row.id for row in page.rows]
    assert paged == ids


def test_a_formula_in_a_name_does_not_run_in_the_file(people: None) -> None:
    record(Event.EXPORT, by=person("@SUM(A1)"), about="=cmd()", detail={"a": "x,y"})
    lines = list(csv_lines(stream_events(AuditFilter(person="@SUM(A1)")), ZoneInfo("Asia/Tokyo")))
    assert lines[0] == "id,at,source,actor,event,subject,detail\n"
    assert 'app,\'@SUM(A1),export,\'=cmd(),"{""a"": ""x,y""}"' in lines[1]
    assert "+09:00" in lines[1]
    assert people_in_log() == ["@SUM(A1)", "ada", "bob", "root", "vera"]
