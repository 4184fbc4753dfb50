"""Who clicked last in this process, for the admin page.

Kept in memory alone: writing it down would make every click of everybody wait for the state
database. So other processes behind the same address are not known here, nor what was before the
start.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime

# More people than use one process; the one who clicked longest ago is forgotten first.
MOST = 10_000


def now() -> datetime:
    """As the moments here are kept: UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


STARTED = now()
_clicks: dict[str, datetime] = {}
_lock = threading.Lock()


def note(username: str) -> None:
    """Somebody who is signed in has opened or clicked something."""
    with _lock:
        _clicks.pop(username, None)
        _clicks[username] = now()
        if len(_clicks) > MOST:
            del _clicks[next(iter(_clicks))]


def last_clicks() -> Mapping[str, datetime]:
    """By user name, since this process started; moments are UTC without a zone."""
    with _lock:
        return dict(_clicks)
