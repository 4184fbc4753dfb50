"""The time zones that there are."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones


@cache
def known_zones() -> frozenset[str]:
    """The IANA names that this machine knows, looked up once.

    ``available_timezones`` walks through some six hundred files on every call.
    """
    return frozenset(available_timezones())
