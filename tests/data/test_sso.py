"""Single sign-on: who gets which account, when a session ends, and what never lets anybody in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from data import passwords, sso, users
from data.account_activity import account_activity
from data.audit import read_events
from data.errors import AccountError
from data.group_roles import SignInRefused
from data.sign_in_config import Group, SignIn
from data.sso import end_sso_session, read_identity, sso_account, sso_session
from data.state import SsoSignIn, open_state
from data.state.models import utc_now
from data.users import Account

NOW = datetime(2026, 11, 21, 9, 0)
SETTINGS = SignIn(
    method="oidc",
    groups={
        "emea": Group(role="viewer", scope=("region=EMEA",)),
        "admins": Group(role="admin"),
    },
)
Enter = Callable[..., Account]


def _claims(now: datetime, **changed: Any) -> dict[str, Any]:
    issued = int(now.replace(tzinfo=UTC).timestamp())
    claims = {
        "iss": "https://idp.example.com",
        "sub": "248289761001",
        "nonce": f"nonce of {now}",
        "iat": issued,
        "email": "Eva@Example.com",
        "name": "Eva Emea",
        "groups": ["emea", "other"],
    }
    return {name: value for name, value in (claims | changed).items() if value is not None}


def _enter(now: datetime = NOW, **changed: Any) -> Account:
    """Sign in at the provider and come back a second later."""
    identity = read_identity(_claims(now, **changed), SETTINGS.groups_claim)
    return sso_account(identity, SETTINGS, now=now + timedelta(seconds=1))


@pytest.fixture(autouse=True)
def _quick(state_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "BCRYPT_ROUNDS", 4)
    # `users` looks at the clock by itself.
    monkeypatch.setattr(users, "utc_now", lambda: NOW)


def _logged() -> list[tuple[str, str | None]]:
    return [(row.event, row.subject) for row in read_events()]


def test_a_first_sign_in_makes_an_account_without_a_password() -> None:
    account = _enter()
    assert (account.username, account.full_name, account.role) == (
        "eva@example.com",
        "Eva Emea",
        "viewer",
    )
    assert account.scope.pairs() == ("region=EMEA",)
    assert _logged() == [("account_added", account.username), ("sign_in", account.username)]
    for password in ("", "nobody", "Eva Emea 2026"):
        assert users.verify(account.username, password) is None
    # Nor does the cookie of an account with a password fit.
    assert users.session_account(account.username, account.session_epoch) is None


def test_a_sign_in_counts_once_and_is_logged_once() -> None:
    first = _enter()
    identity = read_identity(_claims(NOW), "groups")
    for minutes in (0, 5, 11 * 60):
        assert sso_account(identity, SETTINGS, now=NOW + timedelta(minutes=minutes)) == first
    assert [event for event, _ in _logged()].count("sign_in") == 1
    # Its groups are read once as well: what they are now is asked at the next sign-in.
    none_any_more = replace(identity, groups=())
    assert sso_account(none_any_more, SETTINGS, now=NOW) == first


def test_a_session_ends_with_its_hours() -> None:
    _enter()
    identity = read_identity(_claims(NOW), "groups")
    with pytest.raises(SignInRefused, match="Your session has ended"):
        sso_account(identity, SETTINGS, now=NOW + timedelta(hours=12, seconds=2))
    assert sso_session(identity.sign_in_id, SETTINGS, now=NOW + timedelta(hours=13)) is None


@pytest.mark.parametrize("age", [timedelta(minutes=10, seconds=1), timedelta(minutes=-3)])
def test_claims_that_were_never_seen_are_worth_nothing_once_they_are_old(age: timedelta) -> None:
    identity = read_identity(_claims(NOW), "groups")
    with pytest.raises(SignInRefused):
        sso_account(identity, SETTINGS, now=NOW + age)
    assert users.list_accounts() == []


@pytest.mark.parametrize(
    "end",
    [
        lambda name, sign_in: users.end_sessions(name),
        lambda name, sign_in: users.set_active(name, False),
        lambda name, sign_in: end_sso_session(sign_in),
    ],
    ids=["signed out everywhere", "disabled", "signed out"],
)
def test_a_session_that_was_ended_stays_so(end: Callable[[str, str], object]) -> None:
    account = _enter()
    identity = read_identity(_claims(NOW), "groups")
    end(account.username, identity.sign_in_id)
    assert sso_session(identity.sign_in_id, SETTINGS, now=NOW) is None
    with pytest.raises(SignInRefused, match="Your session has ended"):
        sso_account(identity, SETTINGS, now=NOW + timedelta(seconds=2))


def test_a_disabled_account_stays_out_and_an_enabled_one_comes_back() -> None:
    name = _enter().username
    users.set_active(name, False)
    with pytest.raises(SignInRefused, match="Your account is disabled"):
        _enter(NOW + timedelta(minutes=1))
    users.set_active(name, True)
    assert _enter(NOW + timedelta(minutes=2)).username == name
    assert ("sign_in_failed", name) in _logged()


def test_claims_from_before_the_sessions_were_ended_are_refused() -> None:
    name = _enter().username
    unseen = read_identity(_claims(NOW - timedelta(seconds=5), nonce="not seen yet"), "groups")
    users.end_sessions(name)
    with pytest.raises(SignInRefused, match="Your session has ended"):
        sso_account(unseen, SETTINGS, now=NOW)


def test_the_next_sign_in_brings_what_the_groups_are_then() -> None:
    _enter()
    old = read_identity(_claims(NOW), "groups").sign_in_id
    later = NOW + timedelta(hours=1)
    promoted = _enter(later, groups=["admins"], name="Eva E. Mea")
    assert (promoted.role, promoted.scope.is_whole, promoted.full_name) == (
        "admin",
        True,
        "Eva E. Mea",
    )
    assert sso_session(old, SETTINGS, now=later) is None
    events = [event for event, _ in _logged()]
    assert {"role_changed", "scope_changed"} <= set(events)
    # Out of every group: nothing more, in no browser.
    new = read_identity(_claims(later), "groups").sign_in_id
    with pytest.raises(SignInRefused, match="None of your groups"):
        _enter(later + timedelta(minutes=1), groups=["other"])
    assert sso_session(new, SETTINGS, now=later) is None


def test_a_refused_stranger_leaves_one_nameless_line_in_the_log() -> None:
    for _ in range(3):
        with pytest.raises(SignInRefused, match="None of your groups"):
            _enter(groups=["other"])
    assert _logged() == [("sign_in_failed", None)]
    assert users.list_accounts() == []


def test_issuer_and_subject_say_who_it_is_and_nothing_else_does() -> None:
    users.add_account("eva@example.com", "correct zebra 12", role="admin", email="eva@example.com")
    entered = _enter()
    assert entered.username.startswith("eva@example.com-")
    assert entered.role == "viewer"
    assert users.verify("eva@example.com", "correct zebra 12") is not None
    # The same address and name at another provider, and another person at the same one.
    others = [
        _enter(NOW + timedelta(minutes=1), iss="https://evil.example.com"),
        _enter(NOW + timedelta(minutes=2), sub="another"),
    ]
    assert len({account.username for account in (entered, *others)}) == 3
    # And the same person after a change of name.
    renamed = _enter(NOW + timedelta(minutes=3), email="new@example.com", name="Eva New")
    assert (renamed.username, renamed.full_name) == (entered.username, "Eva New")


def test_a_local_account_cannot_be_made_of_a_name_that_is_taken() -> None:
    name = _enter().username
    with pytest.raises(AccountError, match="already"):
        users.add_account(name, "correct zebra 12")
    for change in (
        lambda: users.set_password(name, "correct zebra 12"),
        lambda: users.set_role(name, "admin"),
        lambda: users.set_scope(name, []),
    ):
        with pytest.raises(AccountError, match="signs in at the identity provider"):
            change()


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": None},
        {"sub": None},
        {"iss": ""},
        {"iat": None},
        {"iat": "now"},
        {"iat": True},
        {"iat": float("nan")},
        {"iat": 1e300},
        {"sub": 7},
        {"sub": "s" * 256},
        {"groups": None},
        {"groups": {"emea": True}},
        {"groups": ["EMEA", 7]},
        {"groups": "emea,admins"},
    ],
    ids=repr,
)
def test_claims_that_say_too_little_let_nobody_in(claims: dict[str, Any]) -> None:
    with pytest.raises(SignInRefused):
        _enter(**claims)
    assert users.list_accounts() == []


def test_groups_are_found_under_a_path_and_as_one_name() -> None:
    claims = _claims(NOW, groups="emea", realm_access={"roles": ["admins"]})
    assert read_identity(claims, "groups").groups == ("emea",)
    assert read_identity(claims, "realm_access.roles").groups == ("admins",)
    named = {**claims, "https://example.com/groups": ["emea"]}
    assert read_identity(named, "https://example.com/groups").groups == ("emea",)


@pytest.mark.parametrize(
    ("claims", "username"),
    [
        ({"preferred_username": "Eva"}, "eva"),
        ({"preferred_username": "CORP\\eva mea"}, "corp-eva-mea"),
        ({"preferred_username": "<script>alert(1)</script>"}, "script-alert-1-script-"),
        ({"email": None, "preferred_username": "\u202eeva\0"}, "eva"),
        ({"email": None, "preferred_username": "愛"}, "somebody"),
        ({"preferred_username": "e" * 300}, "e" * 64),
    ],
)
def test_a_user_name_is_made_of_what_the_provider_says(
    claims: dict[str, Any], username: str
) -> None:
    assert _enter(**claims).username == username


def test_rows_of_long_ago_are_forgotten_and_still_worth_nothing() -> None:
    _enter()
    later = NOW + timedelta(days=41)
    _enter(later)
    old = read_identity(_claims(NOW), "groups")
    with open_state().read() as session:
        assert session.get(SsoSignIn, old.sign_in_id) is None
    with pytest.raises(SignInRefused):
        sso_account(old, SETTINGS, now=later)


def test_the_admin_page_counts_a_session_for_its_hours() -> None:
    name = _enter().username
    now = utc_now()  # the log's own clock
    for hours, still_open in ((11, 1), (13, 0)):
        moment = now + timedelta(hours=hours)
        week, half_day = timedelta(days=7), timedelta(hours=12)
        found = account_activity(lasting=week, sso_lasting=half_day, now=moment)
        assert found[name].open_sign_ins == still_open


def test_two_tabs_that_come_back_at_once_make_one_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    identity = read_identity(_claims(NOW), "groups")
    first = sso_account(identity, SETTINGS, now=NOW)
    real, answers = sso._lookup, [None]
    # The second looks before the first has written, and writes after it.
    monkeypatch.setattr(sso, "_lookup", lambda key: answers.pop() if answers else real(key))
    assert sso_account(identity, SETTINGS, now=NOW) == first
    assert [event for event, _ in _logged()].count("sign_in") == 1
