"""The account that leads the reviews of these tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from data import users


@pytest.fixture
def add(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """``add("ana", "admin")`` adds an account once the company is set up."""
    # How slow a hash is, is no matter here.
    monkeypatch.setattr("data.passwords.BCRYPT_ROUNDS", 4)

    def add_account(name: str, role: str, **more) -> str:
        users.add_account(name, "long enough for 1 test", role=role, full_name=name, **more)
        return name

    return add_account
