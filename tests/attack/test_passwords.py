"""A thousand wrong passwords: five are looked at, and the others cost next to nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import bcrypt
import pytest

from data import passwords, users
from data.audit import read_events
from tests.attack.conftest import PASSWORD

NOW = datetime(2026, 11, 21, 9, 0)
GUESSES = 1_000


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch, tmp_path) -> list[str]:
    """One entry for every time that bcrypt is asked, on a state database of the test's own."""
    found: list[str] = []
    for name in ("checkpw", "hashpw"):
        real = getattr(bcrypt, name)

        def counted(*args: bytes, _name: str = name, _real=real) -> object:
            found.append(_name)
            return _real(*args)

        monkeypatch.setattr(bcrypt, name, counted)
    monkeypatch.setattr(passwords, "BCRYPT_ROUNDS", 4)
    monkeypatch.setenv("STATE_URL", f"sqlite:///{tmp_path / 'own.sqlite'}")
    users.add_account("vic", PASSWORD)
    found.clear()
    return found


@pytest.mark.parametrize("name", ["vic", pytest.param("nobody", marks=pytest.mark.long)])
def test_a_thousand_wrong_passwords(looked: list[str], name: str):
    for guess in range(GUESSES):
        moment = NOW + timedelta(milliseconds=guess)
        assert users.verify(name, f"wrong zebra {guess}", now=moment) is None
    assert len(looked) == users.MAX_FAILURES
    # Nor does the right one open a locked name, and bcrypt is not asked.
    assert users.verify(name, PASSWORD, now=NOW + timedelta(minutes=1)) is None
    assert len(looked) == users.MAX_FAILURES
    # The log tells of it in a few lines, not in a thousand.
    assert 1 <= len([row for row in read_events() if row.event == "sign_in_failed"]) <= 5
    assert len(list(read_events())) <= 8


def test_the_lock_passes_and_the_owner_comes_in(looked: list[str]):
    for guess in range(20):
        users.verify("vic", f"wrong zebra {guess}", now=NOW)
    assert users.verify("vic", PASSWORD, now=NOW + users.LOCK_TIME) is not None


@pytest.mark.parametrize("name", ["' OR 1=1 --", "vic\0", "\ud800", "v" * 100_000, "", "vic' --"])
def test_a_name_that_is_none_is_answered_like_any_other(looked: list[str], name: str):
    assert users.verify(name, PASSWORD, now=NOW) is None
    assert looked == ["hashpw"]


@pytest.mark.parametrize("password", ["", "\0", "a" * 100_000, "correct zebra 12\0x", "\ud800"])
def test_a_password_that_is_none_opens_nothing(looked: list[str], password: str):
    assert users.verify("vic", password, now=NOW) is None
    assert len(looked) == 1
