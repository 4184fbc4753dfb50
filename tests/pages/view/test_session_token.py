from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.view.session_token import COOKIE_DAYS, make_token, read_token

KEY = "nQ4v-8Zk2r_Lw0Xy7tBcEjM5sHdPfAu1"


def _claims(**changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    claims = {"username": "anna", "epoch": 7, "iat": now, "exp": now + timedelta(days=1)}
    return {name: value for name, value in (claims | changes).items() if value is not None}


def test_round_trip() -> None:
    claims = read_token(make_token("anna", 7, KEY, now=datetime.now(UTC)), KEY)
    assert claims is not None
    assert (claims["username"], claims["epoch"]) == ("anna", 7)
    assert claims["exp"] - claims["iat"] == COOKIE_DAYS * 86_400


@pytest.mark.parametrize(
    "token",
    [
        None,
        "",
        "a.b.c",
        "\ud800",
        "é" * 10_000,
        jwt.encode(_claims(), KEY + "x", algorithm="HS256"),
        jwt.encode(_claims(), "", algorithm="none"),
        jwt.encode(_claims(), KEY * 2, algorithm="HS512"),
        make_token("anna", 7, KEY, now=datetime.now(UTC) - timedelta(days=COOKIE_DAYS, seconds=5)),
        *(jwt.encode(_claims(**{n: None}), KEY) for n in ("username", "epoch", "iat", "exp")),
        jwt.encode(_claims(username=["anna"]), KEY),
        jwt.encode(_claims(epoch="7"), KEY),
        jwt.encode(_claims(epoch=True), KEY),
    ],
)
def test_anything_else_is_nobody(token: str | None) -> None:
    assert read_token(token, KEY) is None


def test_another_algorithm_with_the_right_key_is_refused() -> None:
    token = jwt.encode(_claims(), KEY * 2, algorithm="HS512")
    assert read_token(token, KEY * 2) is None


@given(st.text())
def test_no_text_raises(token: str) -> None:
    assert read_token(token, KEY) is None
