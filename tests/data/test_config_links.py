"""``[links]``: which addresses are taken, and that data cannot choose where they lead."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.config import parse_config
from data.errors import ConfigError

PATTERN = "https://crm.example.com/lead/{lead_id}?view=all"


def config(pattern: str):
    return parse_config(f"[links]\nlead = '{pattern}'\n")


def test_without_a_pattern_there_is_no_link():
    assert parse_config("").links.lead_record("L1") is None


def test_the_id_is_percent_encoded():
    found = config(PATTERN).links.lead_record("a/b?c#d é&{lead_id}")
    assert found == ("https://crm.example.com/lead/a%2Fb%3Fc%23d%20%C3%A9%26%7Blead_id%7D?view=all")


@given(st.text())
def test_no_id_leaves_the_host_or_the_path(lead_id: str):
    found = config(PATTERN).links.lead_record(lead_id.encode("utf-8", "ignore").decode())
    parts = urlsplit(str(found))
    assert (parts.scheme, parts.netloc, parts.query) == ("https", "crm.example.com", "view=all")
    assert parts.path.count("/") == 2


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("http://crm.example.com/{lead_id}", "does not begin with https://"),
        ("javascript:alert({lead_id})", "does not begin with https://"),
        ("/lead/{lead_id}", "does not begin with https://"),
        ("https:///lead/{lead_id}", "does not begin with https://"),
        ("https://crm.example.com/lead", "must hold {lead_id} once"),
        ("https://crm.example.com/{lead_id}/{lead_id}", "must hold {lead_id} once"),
        ("https://crm.example.com/{lead_id}/{name}", "no other braces"),
        ("https://{lead_id}.example.com/", "in the host"),
        ("https://me:secret@crm.example.com/{lead_id}", "user name"),
        ("https://crm.example.com/a b/{lead_id}", "space"),
        ("https://[crm/{lead_id}", "not an address"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused_in_words(pattern: str, why: str):
    with pytest.raises(ConfigError, match=r"links\.lead") as error:
        config(pattern)
    assert why in str(error.value)


def test_an_unknown_key_names_the_nearest():
    with pytest.raises(ConfigError, match="lead"):
        parse_config("[links]\nleads = 'https://crm.example.com/{lead_id}'\n")


def test_a_record_is_found_by_its_product():
    text = "[links.records]\nhubspot = 'https://hub.example.com/r/{record_id}'\n"
    links = parse_config(text).links
    assert links.system_record("hubspot", "a/b") == "https://hub.example.com/r/a%2Fb"
    assert links.system_record("marketo", "1") is None
    assert links.system_record(None, "1") is None
    with pytest.raises(ConfigError, match="record_id"):
        parse_config("[links.records]\nhubspot = 'https://hub.example.com/r/{lead_id}'\n")
