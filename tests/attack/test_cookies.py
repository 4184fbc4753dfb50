"""Cookies that are not what the program gave: nobody is let in by one, and nothing breaks."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from data import users
from pages.view.session_token import make_token
from tests.attack.company import MARKS
from tests.attack.conftest import ADMIN, OF_EMEA, VIEWER, no_failure
from tests.attack.visitor import Answer, Visitor
from tests.e2e.conftest import Settings
from tests.e2e.server import AppServer

VIEW = ("kpi", "metric=mqls&cadence=yearly")


def _claims(**changed: object) -> dict[str, object]:
    now = datetime.now(UTC)
    epoch = users.find_account(ADMIN).session_epoch
    claims = {"username": ADMIN, "epoch": epoch, "iat": now, "exp": now + timedelta(days=1)}
    return claims | changed


def _part(content: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def _swapped(token: str) -> str:
    """The signature of one person's cookie under another's claims."""
    header, claims, signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    return f"{header}.{_part(said | {'username': ADMIN})}.{signature}"


FORGED: dict[str, Callable[[str, str], str]] = {
    "another key": lambda key, token: jwt.encode(_claims(), "x" * 48, algorithm="HS256"),
    "an empty key": lambda key, token: f"{_part({'alg': 'HS256'})}.{_part({'username': ADMIN})}.",
    "algorithm none": lambda key, token: jwt.encode(_claims(), "", algorithm="none"),
    "algorithm HS512": lambda key, token: jwt.encode(_claims(), key * 2, algorithm="HS512"),
    "expired": lambda key, token: jwt.encode(
        _claims(exp=datetime.now(UTC) - timedelta(seconds=1)), key, algorithm="HS256"
    ),
    "of a time to come": lambda key, token: jwt.encode(
        _claims(iat=datetime.now(UTC) + timedelta(days=1)), key, algorithm="HS256"
    ),
    "without an expiry": lambda key, token: jwt.encode(
        {"username": ADMIN, "epoch": 1}, key, algorithm="HS256"
    ),
    "another epoch": lambda key, token: jwt.encode(_claims(epoch=1), key, algorithm="HS256"),
    "an epoch that is text": lambda key, token: jwt.encode(
        _claims(epoch=str(_claims()["epoch"])), key, algorithm="HS256"
    ),
    "of another user": lambda key, token: _swapped(token),
    "of nobody": lambda key, token: jwt.encode(_claims(username="nobody"), key, algorithm="HS256"),
    "cut short": lambda key, token: token[:-1],
    "without its signature": lambda key, token: token.rpartition(".")[0] + ".",
    "empty": lambda key, token: "",
    # A web server takes no header of 100 kB: it does not answer at all.
    "6 kB": lambda key, token: "a" * 6_000,
    "no token": lambda key, token: "' OR 1=1 --",
    "not ASCII": lambda key, token: "\xff\xfe",
}


def _nobody(answer: Answer) -> bool:
    told = [mark for mark in MARKS if answer.holds(mark)]
    return answer.is_sign_in and not told and no_failure(answer)


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_cookie_is_nobody(
    attacked: AppServer, attack_settings: Settings, token_of: Callable[[str], str], kind: str
):
    forged = FORGED[kind](attack_settings["SCORECARD_COOKIE_KEY"], token_of(VIEWER))
    assert _nobody(Visitor(attacked.url, {"scorecard": forged}).open(*VIEW))


def test_a_cookie_as_it_was_given_is_somebody(attacked: AppServer, token_of: Callable[[str], str]):
    assert not Visitor(attacked.url, {"scorecard": token_of(VIEWER)}).open(*VIEW).is_sign_in


def test_a_cookie_ends_with_the_account_and_for_good(
    attacked: AppServer, token_of: Callable[[str], str]
):
    for end in (
        lambda: users.set_active(OF_EMEA, False),
        lambda: users.set_active(OF_EMEA, True),
        lambda: users.end_sessions(OF_EMEA),
    ):
        kept = Visitor(attacked.url, {"scorecard": token_of(OF_EMEA)})
        end()
        assert _nobody(kept.open(*VIEW))


def _streamlit_cookie(key: str, **claims: object) -> str:
    """Streamlit's own cookie, as it would be after single sign-on."""
    said = {"is_logged_in": True, "iss": "https://idp", "sub": "1", "nonce": "n", **claims}
    said |= {"iat": int(datetime.now(UTC).timestamp()), "groups": ["admins"]}
    return create_signed_value(key, "_streamlit_user", json.dumps(said)).decode()


def test_where_passwords_are_used_single_sign_on_lets_nobody_in(
    attacked: AppServer, attack_settings: Settings
):
    origin = attacked.url
    for key in (attack_settings["SCORECARD_COOKIE_KEY"], "guessed"):
        cookies = {
            "_streamlit_user": _streamlit_cookie(key, origin=origin, preferred_username=ADMIN)
        }
        assert _nobody(Visitor(attacked.url, cookies).open(*VIEW))


def test_a_token_made_by_hand_is_the_program_s_own_form(attack_settings: Settings):
    """What is forged above differs from the real one in what its name says, and in nothing else."""
    key = attack_settings["SCORECARD_COOKIE_KEY"]
    ours = jwt.decode(make_token(ADMIN, 1, key, now=datetime.now(UTC)), key, algorithms=["HS256"])
    assert ours.keys() == _claims().keys()
