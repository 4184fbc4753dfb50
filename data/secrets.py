"""Secrets: from the environment or ``.streamlit/secrets.toml``, never from ``scorecard.toml``."""

from __future__ import annotations

import os
import secrets
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from data import config, warehouse
from data.errors import ConfigError

COOKIE_KEY_VARIABLE = "SCORECARD_COOKIE_KEY"
MIN_KEY_BYTES = 32
MIN_DIFFERENT = 10
# Found in documentation and examples, and therefore in everybody's hands.
PUBLISHED = (
    "some_signature_key",
    "some_cookie_key",
    "some_key",
    "random_signature_key",
    "changeme",
    "change_me",
    "secret_key",
    "your_secret",
    "your-secret",
    "cookie_key",
)
_REMEDY = (
    "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))' and set it as "
    f"{COOKIE_KEY_VARIABLE}, or as cookie_key under [auth] in .streamlit/secrets.toml."
)


def cookie_key(*, demo: bool) -> str:
    """The key that signs the sign-in cookie, at least 32 bytes.

    ``demo``: the warehouse holds the demo company, for which a random key is made once and kept
    in the program's own folder. Raises ``ConfigError`` when there is no key, or a guessable one.
    """
    given = os.environ.get(COOKIE_KEY_VARIABLE)
    if given:
        return checked_key(given, COOKIE_KEY_VARIABLE)
    given = _from_secrets_file(config.PROJECT_DIR / ".streamlit" / "secrets.toml")
    if given is not None:
        return checked_key(given, ".streamlit/secrets.toml: [auth] cookie_key")
    if demo:
        return _demo_key(_demo_key_path())
    raise ConfigError("There is no key to sign the sign-in cookie with.", remedy=_REMEDY)


def has_demo_key() -> bool:
    """Whether a key was made for the demo: what to go by while the warehouse cannot be asked."""
    return _demo_key_path().exists()


def _demo_key_path() -> Path:
    return warehouse.LOCAL_DIR / "cookie.key"


def auth_section() -> dict[str, Any]:
    """``[auth]`` of ``.streamlit/secrets.toml``; empty without the file.

    Raises ``ConfigError`` when the file cannot be read.
    """
    return _section(config.PROJECT_DIR / ".streamlit" / "secrets.toml")


def _section(path: Path) -> dict[str, Any]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or not TOML
        # The error's own text may quote the file, which holds secrets.
        raise ConfigError(
            f"{path.name} cannot be read ({type(error).__name__}).", remedy="Mend or remove it."
        ) from None
    section = data.get("auth", {})
    return section if isinstance(section, dict) else {}


def _from_secrets_file(path: Path) -> str | None:
    key = _section(path).get("cookie_key")
    if key is not None and not isinstance(key, str):
        raise ConfigError(f"{path.name}: [auth] cookie_key is no text.", remedy=_REMEDY)
    return key


def checked_key(key: str, where: str, *, remedy: str = _REMEDY) -> str:
    """The key itself. Raises ``ConfigError`` for one that can be guessed."""
    size = len(key.encode("utf-8", "surrogateescape"))
    if size < MIN_KEY_BYTES:
        raise ConfigError(
            f"{where} has {size} bytes, a key that nobody can guess has at least {MIN_KEY_BYTES}.",
            remedy=remedy,
        )
    if any(name in key.lower() for name in PUBLISHED):
        raise ConfigError(f"{where} contains a published example key.", remedy=remedy)
    if len(set(key)) < MIN_DIFFERENT:
        raise ConfigError(
            f"{where} has only {len(set(key))} different characters, which can be guessed.",
            remedy=remedy,
        )
    return key


def _demo_key(path: Path) -> str:
    try:
        if not path.exists():
            _create_once(path, secrets.token_urlsafe(48))
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The demo's cookie key {path} cannot be read or made: {error}.",
            remedy=f"Remove the file, make its folder writable, or set {COOKIE_KEY_VARIABLE}.",
        ) from error
    if len(key) < MIN_KEY_BYTES:
        raise ConfigError(
            f"The demo's cookie key {path} is cut short.",
            remedy="Remove the file; a new one is made at the next start and all sign in again.",
        )
    return key


def _create_once(path: Path, text: str) -> None:
    """Create a private file whole or not at all; of several processes one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)
