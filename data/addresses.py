"""Addresses that a configuration may hold: each checked, with words for what is wrong."""

from __future__ import annotations

import re
from email.utils import parseaddr
from urllib.parse import urlsplit

LEAD_ID = "{lead_id}"  # in the address of a lead's record
RECORD_ID = "{record_id}"  # in the address of a system's record


def _address(pattern: str, place: str) -> str:
    """An https address with one ``place`` behind the host: data must never choose the host."""
    try:
        parts = urlsplit(pattern)
        host = parts.hostname or ""
    except ValueError as error:
        raise ValueError(f"{pattern!r} is not an address") from error
    if parts.scheme != "https" or not host:
        raise ValueError(f"{pattern!r} does not begin with https:// and a host")
    if "@" in parts.netloc:
        raise ValueError(f"{pattern!r} holds a user name; an address for all has none")
    if pattern.count(place) != 1 or re.search(r"[{}]", pattern.replace(place, "")):
        raise ValueError(f"{pattern!r} must hold {place} once, and no other braces")
    if place in parts.netloc:
        raise ValueError(f"{pattern!r} holds {place} in the host; it belongs behind it")
    if not pattern.isprintable() or " " in pattern:
        raise ValueError(f"{pattern!r} holds a space or an invisible character")
    return pattern


def record_address(pattern: str) -> str:
    """The address of a lead's record."""
    return _address(pattern, LEAD_ID)


def product_address(pattern: str) -> str:
    """The address of a record in its own system."""
    return _address(pattern, RECORD_ID)


def app_address(address: str) -> str:
    """The address under which people open the app."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError as error:
        raise ValueError(f"{address!r} is not an address") from error
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        raise ValueError(f"{address!r} does not begin with https:// and a host")
    if parts.query or parts.fragment or not address.isprintable() or " " in address:
        raise ValueError(f"{address!r} is more than an address: leave out ? and #")
    return address


def mail_sender(address: str) -> str:
    """One address, with or without a name: "Scorecard <scorecard@firm.com>"."""
    plain = parseaddr(address)[1]
    if address and (not address.isprintable() or "@" not in plain):
        raise ValueError(f"{address!r} is not a sender such as 'Scorecard <scorecard@firm.com>'")
    return address
