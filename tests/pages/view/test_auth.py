"""Signing in without a browser; cookies, links and reloads are in ``tests/e2e/test_sign_in.py``."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data import passwords, users

FRAME = Path(__file__).resolve().parents[2] / "e2e" / "sign_in_frame.py"
GOOD = "correct zebra 12"


@pytest.fixture(autouse=True)
def anna(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> users.Account:
    monkeypatch.setattr(passwords, "BCRYPT_ROUNDS", 4)
    monkeypatch.setenv("STATE_URL", f"sqlite:///{tmp_path / 'state.sqlite'}")
    monkeypatch.setenv("SCORECARD_COOKIE_KEY", "nQ4v-8Zk2r_Lw0Xy7tBcEjM5sHdPfAu1")
    return users.add_account("anna", GOOD, full_name="Anna B", role="editor_sales")


def _submit(app: AppTest, *values: str) -> AppTest:
    for field, value in zip(app.text_input, values, strict=True):
        field.input(value)
    return app.button[0].click().run()


def _words(app: AppTest) -> str:
    parts = [*app.markdown, *app.info, *app.error]
    assert not app.exception
    return " ".join(str(part.value) for part in parts)


def _signed_in() -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=20).run()
    _submit(app, " ANNA ", GOOD)
    # The cookie's component asks for this run in a browser.
    app.run()
    assert "Signed in: anna, Anna B, editor_sales" in _words(app)
    return app


def test_signed_out_sees_the_form_alone() -> None:
    app = AppTest.from_file(str(FRAME), default_timeout=20).run()
    assert [field.label for field in app.text_input] == ["User name", "Password"]
    assert "Here is" not in _words(app)


def test_in_and_out() -> None:
    app = _signed_in()
    assert not app.text_input
    app.button(key="sign_out").click().run()
    assert "You are signed out." in _words(app)
    assert "Here is" not in _words(app)


@pytest.mark.parametrize(
    ("username", "password"),
    [("anna", "wrong"), ("nobody", GOOD), ("anna", ""), ("", ""), ("'; --", "x" * 100_000)],
)
def test_refused(username: str, password: str) -> None:
    app = _submit(AppTest.from_file(str(FRAME), default_timeout=20).run(), username, password)
    assert "Signed in" not in _words(app)
    if username:
        assert "is not right" in _words(app)


def test_a_disabled_account_is_out_at_the_next_run() -> None:
    app = _signed_in()
    users.set_active("anna", False)
    app.run()
    assert "Your session has ended" in _words(app)
    assert "Signed in" not in _words(app)


def test_a_session_without_its_epoch_is_nobody(anna: users.Account) -> None:
    app = AppTest.from_file(str(FRAME), default_timeout=20)
    app.session_state["authentication_status"] = True
    app.session_state["username"] = "anna"
    app.run()
    assert "Signed in" not in _words(app)
    app.session_state["authentication_status"] = True
    app.session_state["username"] = "anna"
    app.session_state["session_epoch"] = anna.session_epoch
    app.run()
    assert "Signed in: anna" in _words(app)


def test_a_first_password_is_replaced_first() -> None:
    users.set_password("anna", GOOD, must_change_password=True)
    app = _submit(AppTest.from_file(str(FRAME), default_timeout=20).run(), "anna", GOOD)
    assert [field.label for field in app.text_input] == ["New password", "The same again"]
    assert "Here is" not in _words(app)
    _submit(app, "another zebra 12", "another zebra 12")
    app.run()
    assert "Signed in: anna" in _words(app)
    assert users.verify("anna", "another zebra 12") is not None


def test_a_state_database_that_goes_away_is_told_in_words(tmp_path: Path) -> None:
    app = _signed_in()
    for file in tmp_path.glob("state.sqlite*"):
        file.unlink()
    (tmp_path / "state.sqlite").write_text("not a database " * 100)
    app.run()
    assert "is not an SQLite database" in _words(app)
    assert "Here is" not in _words(app)
