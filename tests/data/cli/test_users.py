from __future__ import annotations

import io
import json

import pytest

from data import passwords, users
from data.__main__ import main

GOOD = "correct zebra 12"


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch, state_url: str) -> None:
    monkeypatch.setattr(passwords, "BCRYPT_ROUNDS", 4)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str, given: str = "") -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(given))
    return main(["users", *arguments])


def _type(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    prompts: list[str] = []
    waiting = list(answers)

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return waiting.pop(0)

    monkeypatch.setattr("getpass.getpass", ask)
    monkeypatch.setattr("sys.stdin", _Terminal())
    return prompts


def test_add_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("--name", "Anna B", "--email", "anna@example.com", "--role", "admin")
    assert _run(monkeypatch, "add", "Anna", *options, given=f"{GOOD}\r\nrest\n") == 0
    account = users.verify("anna", GOOD)
    assert account is not None
    assert (account.full_name, account.email, account.role) == (
        "Anna B",
        "anna@example.com",
        "admin",
    )
    assert not account.must_change_password


def test_add_from_a_terminal_asks_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = _type(monkeypatch, GOOD, GOOD)
    assert main(["users", "add", "anna", "--first-password"]) == 0
    assert len(prompts) == 2
    account = users.verify("anna", GOOD)
    assert account is not None
    assert account.role == "viewer"
    assert account.must_change_password


def test_differing_answers_change_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _type(monkeypatch, GOOD, GOOD + "x")
    assert main(["users", "add", "anna"]) == 1
    assert "differ" in capsys.readouterr().err
    assert users.list_accounts() == []


def test_nobody_is_asked_for_a_password_for_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts = _type(monkeypatch)
    assert main(["users", "add", "anna", "--role", "admn"]) == 1
    assert main(["users", "password", "anna"]) == 1
    assert prompts == []
    assert "Nearest: 'admin'" in capsys.readouterr().err


def test_no_password_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(monkeypatch, "add", "anna") == 1
    assert "first line" in capsys.readouterr().err


def test_password_disable_enable_role_sign_out(monkeypatch: pytest.MonkeyPatch) -> None:
    epochs = [users.add_account("anna", GOOD).session_epoch]
    for arguments in (
        ("password", "anna"),
        ("role", "anna", "editor_marketing"),
        ("disable", "anna"),
        ("enable", "anna"),
        ("sign-out", "anna"),
    ):
        assert _run(monkeypatch, *arguments, given="another zebra 12\n") == 0
        epochs.append(users.find_account("anna").session_epoch)
        if arguments[0] == "disable":
            assert users.verify("anna", "another zebra 12") is None
    assert len(set(epochs)) == len(epochs)
    account = users.verify("anna", "another zebra 12")
    assert account is not None
    assert account.role == "editor_marketing"


def test_list(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    users.add_account("zoe", GOOD)
    users.add_account("anna", GOOD, role="admin", full_name="Анна")
    assert _run(monkeypatch, "list", "--format", "json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["username"], row["role"], row["is_active"]) for row in rows] == [
        ("anna", "admin", True),
        ("zoe", "viewer", True),
    ]
    assert not any("hash" in key for row in rows for key in row)
    assert _run(monkeypatch, "list") == 0
    assert "Анна" in capsys.readouterr().out


def test_wrong_name(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    users.add_account("anna", GOOD)
    assert _run(monkeypatch, "disable", "ana") == 1
    assert "Nearest: 'anna'" in capsys.readouterr().err


def test_a_scope_is_set_listed_and_taken_away(capsys: pytest.CaptureFixture[str]) -> None:
    users.add_account("anna", GOOD)
    assert main(["users", "scope", "anna", "region=EMEA", "region=AMER"]) == 0
    assert "sees region=AMER, region=EMEA" in capsys.readouterr().err
    assert main(["users", "list", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["scope"] == ["region=AMER", "region=EMEA"]
    assert main(["users", "scope", "anna", "regio=EMEA"]) == 1
    assert "region" in capsys.readouterr().err
    assert main(["users", "scope", "anna", "all"]) == 0
    assert users.find_account("anna").scope.is_whole
