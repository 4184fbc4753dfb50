"""The settings of single sign-on: where they come from, and which would not be safe."""

from __future__ import annotations

from pathlib import Path

import pytest

from data import config
from data.errors import ConfigError
from data.oidc_settings import is_configured, oidc_client

KEY = "nQ4v-8Zk2r_Lw0Xy7tBcEjM5sHdPfAu1"
GIVEN = {
    "SCORECARD_COOKIE_KEY": KEY,
    "SCORECARD_OIDC_CLIENT_ID": "scorecard",
    "SCORECARD_OIDC_CLIENT_SECRET": "quite secret",
    "SCORECARD_OIDC_METADATA_URL": "https://idp.example.com/.well-known/openid-configuration",
    "SCORECARD_OIDC_REDIRECT_URI": "https://scorecard.example.com/oauth2callback",
}


@pytest.fixture(autouse=True)
def _no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config, "PROJECT_DIR", tmp_path)


def _set(monkeypatch: pytest.MonkeyPatch, **changed: str) -> None:
    for name, value in (GIVEN | changed).items():
        monkeypatch.setenv(name, value)


def test_nothing_given_is_no_single_sign_on() -> None:
    assert not is_configured()
    with pytest.raises(ConfigError, match="SCORECARD_OIDC_CLIENT_ID, SCORECARD_OIDC_CLIENT_SECRET"):
        oidc_client()


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch)
    assert is_configured()
    auth = oidc_client().streamlit_secrets()["auth"]
    assert auth["client_kwargs"] == {"scope": "openid email profile"}
    # Tokens of the provider are not asked for; the key of the other cookie is not given away.
    assert "expose_tokens" not in auth
    assert len(auth["cookie_secret"]) == 64
    assert KEY not in str(auth)


def test_from_the_file_and_the_environment_above_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text(
        f'[auth]\ncookie_key = "{KEY}"\nclient_id = "from the file"\nclient_secret = "s"\n'
        'server_metadata_url = "https://idp.example.com/x"\nexpose_tokens = ["id"]\n'
        'redirect_uri = "https://scorecard.example.com/oauth2callback"\n'
        '[auth.client_kwargs]\nscope = "openid email profile groups"\n'
    )
    assert oidc_client().client_id == "from the file"
    assert oidc_client().scope == "openid email profile groups"
    assert "expose_tokens" not in str(oidc_client().streamlit_secrets())
    monkeypatch.setenv("SCORECARD_OIDC_CLIENT_ID", "from outside")
    assert oidc_client().client_id == "from outside"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SCORECARD_OIDC_METADATA_URL", "http://idp.example.com/x", "no https:// address"),
        ("SCORECARD_OIDC_METADATA_URL", "https://[oops", "no https:// address"),
        ("SCORECARD_OIDC_REDIRECT_URI", "http://scorecard/oauth2callback", "no https:// address"),
        ("SCORECARD_OIDC_REDIRECT_URI", "https://scorecard.example.com/", "/oauth2callback"),
        ("SCORECARD_OIDC_CLIENT_SECRET", "  ", "SCORECARD_OIDC_CLIENT_SECRET"),
        ("SCORECARD_OIDC_SCOPE", "email", "'openid'"),
        ("SCORECARD_COOKIE_KEY", "short", "at least 32"),
        ("SCORECARD_COOKIE_KEY", "", "no key"),
    ],
)
def test_what_would_not_be_safe_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    _set(monkeypatch, **{name: value})
    with pytest.raises(ConfigError) as refused:
        oidc_client()
    assert words in str(refused.value)
    assert "quite secret" not in str(refused.value)


def test_http_will_do_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, SCORECARD_OIDC_REDIRECT_URI="http://127.0.0.1:8501/oauth2callback")
    assert oidc_client().redirect_uri == "http://127.0.0.1:8501/oauth2callback"
