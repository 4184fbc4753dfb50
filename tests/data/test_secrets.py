from __future__ import annotations

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from data import config, secrets, warehouse
from data.errors import ConfigError

KEY = "nQ4v-8Zk2r_Lw0Xy7tBcEjM5sHdPfAu1"


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(config, "PROJECT_DIR", tmp_path)
    monkeypatch.setattr(warehouse, "LOCAL_DIR", tmp_path / "home")
    return tmp_path


def _write_secrets(home: Path, text: str) -> None:
    (home / ".streamlit").mkdir()
    (home / ".streamlit" / "secrets.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("demo", [True, False])
def test_environment_first_then_the_secrets_file(
    home: Path, monkeypatch: pytest.MonkeyPatch, demo: bool
) -> None:
    _write_secrets(home, f'[auth]\ncookie_key = "{KEY}-file"\n')
    assert secrets.cookie_key(demo=demo) == f"{KEY}-file"
    monkeypatch.setenv("SCORECARD_COOKIE_KEY", KEY)
    assert secrets.cookie_key(demo=demo) == KEY


def test_none_outside_the_demo(home: Path) -> None:
    with pytest.raises(ConfigError, match=r"no key.*token_urlsafe"):
        secrets.cookie_key(demo=False)
    assert not (home / "home").exists()


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("short", "at least 32"),
        (KEY[:31], "31 bytes"),
        ("some_signature_key", "at least 32"),
        ("some_signature_key_some_signature_key", "published"),
        ("x" * 64, "different characters"),
        ("abcabcabc" * 8, "different characters"),
    ],
)
def test_guessable_keys_are_refused(monkeypatch: pytest.MonkeyPatch, key: str, words: str) -> None:
    monkeypatch.setenv("SCORECARD_COOKIE_KEY", key)
    with pytest.raises(ConfigError, match=words) as caught:
        secrets.cookie_key(demo=True)
    assert key not in str(caught.value).replace("SCORECARD_COOKIE_KEY", "")


def test_thirty_two_bytes_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORECARD_COOKIE_KEY", KEY[:32])
    assert secrets.cookie_key(demo=False) == KEY[:32]


def test_the_remedy_prints_a_key_that_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError) as caught:
        secrets.cookie_key(demo=False)
    code = str(caught.value).split("python -c '")[1].split("'")[0]
    made = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    monkeypatch.setenv("SCORECARD_COOKIE_KEY", made)
    assert secrets.cookie_key(demo=False) == made


@pytest.mark.parametrize("text", ['auth = "x', "[auth]\ncookie_key = 5\n"])
def test_broken_secrets_file(home: Path, text: str) -> None:
    _write_secrets(home, text)
    with pytest.raises(ConfigError, match=r"secrets\.toml"):
        secrets.cookie_key(demo=True)


def test_the_demo_makes_one_private_key_and_keeps_it(home: Path) -> None:
    key = secrets.cookie_key(demo=True)
    path = home / "home" / "cookie.key"
    assert len(key) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert secrets.cookie_key(demo=True) == key
    assert [file.name for file in path.parent.iterdir()] == ["cookie.key"]


def test_all_who_start_at_once_get_the_same_key() -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: secrets.cookie_key(demo=True), range(16)))
    assert len(keys) == 1


def test_a_key_cut_short_is_told(home: Path) -> None:
    (home / "home").mkdir()
    (home / "home" / "cookie.key").write_text("abc\n")
    with pytest.raises(ConfigError, match=r"cut short.*Remove"):
        secrets.cookie_key(demo=True)
