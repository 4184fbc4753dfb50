"""Addresses that a configuration may hold: each checked, with words for what is wrong."""

from __future__ import annotations

import re
from email.utils import parseaddr
from urllib.parse import urlsplit

LEAD_ID = "{lead_id}"  # in the address of a lead's record


def record_address(pattern: str) -> str:
    """An https address with one ``{lead_id}`` behind the host: data must never choose the host."""
    try:
        parts = urlsplit(pattern)
        host = parts.hostname or ""
    except ValueError as error:
        raise ValueError(f"{pattern!r} is not an address") from error
    if parts.scheme != "https" or not host:
        raise ValueError(f"{pattern!r} does not begin with https:// and a host")
    if "@" in parts.netloc:
        raise ValueError(f"{pattern!r} holds a user name; an address for all has none")
    if pattern.count(LEAD_ID) != 1 or re.search(r"[{}]", pattern.replace(LEAD_ID, "")):
        raise ValueError(f"{pattern!r} must hold {LEAD_ID} once, and no other braces")
    if LEAD_ID in parts.netloc:
        raise ValueError(f"{pattern!r} holds {LEAD_ID} in the host; it belongs behind it")
    if not pattern.isprintable() or " " in pattern:
        raise ValueError(f"{pattern!r} holds a space or an invisible character")
    return pattern


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
