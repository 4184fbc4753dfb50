"""The signed text inside the sign-in cookie: which session of which account, until when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import jwt

COOKIE_DAYS = 7
COOKIE_TIME = timedelta(days=COOKIE_DAYS)
_ALGORITHM = "HS256"
_CLAIMS = ["exp", "iat", "username", "epoch"]


def make_token(username: str, epoch: int, key: str, *, now: datetime) -> str:
    """A signed token for one session, good for ``COOKIE_DAYS``; ``now`` is aware."""
    claims = {
        "username": username,
        "epoch": epoch,
        "iat": now,
        "exp": now + COOKIE_TIME,
    }
    return jwt.encode(claims, key, algorithm=_ALGORITHM)


def read_token(token: str | None, key: str) -> dict[str, Any] | None:
    """The claims of a token of ours that has not expired; None for anything else."""
    if not token:
        return None
    try:
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=[_ALGORITHM], options={"require": _CLAIMS}
        )
    # ValueError: text that is no UTF-8 never becomes a token.
    except (jwt.PyJWTError, ValueError):
        return None
    if not isinstance(claims["username"], str) or type(claims["epoch"]) is not int:
        return None
    return claims
