"""Short links: unguessable, only views, theirs who made them, over when they are over."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from data import short_links
from data.audit import NOBODY, person, read_events
from data.errors import LinkError
from data.short_links import is_link_id, list_links, make_link, open_link, revoke_link
from data.view_address import MAX_QUERY_BYTES, ViewAddress, address_text

ANA, BEN, ADA = person("ana"), person("ben"), person("ada")
VIEW = ViewAddress("kpi", "metric=mqls&region=EMEA")
NOW = datetime(2026, 11, 2, 9, 0)
DAY = timedelta(days=1)


def events() -> list[tuple[str | None, str, str | None]]:
    return [(row.actor, row.event, row.subject) for row in read_events()]


def test_a_link_keeps_the_view_and_who_made_it(state_url: str) -> None:
    link = make_link(VIEW, by=ANA, frozen_at="v7", expires_at=NOW + DAY, now=NOW)
    found = open_link(link.id, now=NOW)
    assert found == link
    assert (found.address, found.owner, found.data_version) == (VIEW, "ana", "v7")
    assert found.address.settings == {"metric": ["mqls"], "region": ["EMEA"]}
    (row,) = read_events()
    assert (row.actor, row.event, row.subject) == ("ana", "link_made", link.id)
    assert row.detail == {"page": "kpi", "frozen": True, "expires": "2026-11-03T09:00:00"}


def test_ids_are_96_random_bits(state_url: str) -> None:
    ids = {make_link(VIEW, by=ANA).id for _ in range(20)}
    assert len(ids) == 20
    assert all(is_link_id(one) and len(one) == 16 for one in ids)
    assert 8 * short_links.ID_BYTES == 96


@pytest.mark.parametrize(
    "text",
    ["", "a" * 15, "a" * 17, "a" * 15 + "/", "a" * 15 + "\n", "../../etc/passwd", "é" * 16,
     "' OR 1=1 --12345", "\0" * 16, "a" * 100_000],
)  # fmt: skip
def test_what_is_no_id_opens_nothing(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without a look at the database.
    monkeypatch.setattr(short_links, "open_state", lambda: pytest.fail("looked"))
    assert not is_link_id(text)
    assert open_link(text) is None


def test_an_unknown_an_expired_and_a_revoked_link_are_alike(state_url: str) -> None:
    expired = make_link(VIEW, by=ANA, expires_at=NOW + DAY, now=NOW)
    revoked = make_link(VIEW, by=ANA, now=NOW)
    revoke_link(revoked.id, by=ANA, now=NOW)
    assert open_link(expired.id, now=NOW + DAY - timedelta(seconds=1)) == expired
    assert open_link(expired.id, now=NOW + DAY) is None
    assert open_link(revoked.id, now=NOW) is None
    assert open_link("A" * 16, now=NOW) is None
    assert list_links("ana", now=NOW + DAY) == []


def test_only_its_owner_or_an_admin_revokes(state_url: str) -> None:
    link, other = make_link(VIEW, by=ANA), make_link(VIEW, by=ANA)
    words = set()
    for link_id in (link.id, "A" * 16, "no id"):
        with pytest.raises(LinkError) as refused:
            revoke_link(link_id, by=BEN)
        words.add(str(refused.value))
    assert len(words) == 1
    assert open_link(link.id) is not None
    revoke_link(link.id, by=ANA)
    revoke_link(link.id, by=ANA)  # a second click
    revoke_link(other.id, by=ADA, is_admin=True)
    assert events()[2:] == [("ana", "link_revoked", link.id), ("ada", "link_revoked", other.id)]
    assert list_links("ana") == []


def test_the_list_is_ones_own_newest_first(state_url: str) -> None:
    first = make_link(VIEW, by=ANA, now=NOW)
    second = make_link(VIEW, by=ANA, now=NOW + DAY)
    make_link(VIEW, by=BEN, now=NOW)
    assert list_links("ana", now=NOW + DAY) == [second, first]


def test_limits(state_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(short_links, "MAX_LIVE_LINKS", 2)
    first = make_link(VIEW, by=ANA)
    make_link(VIEW, by=ANA)
    with pytest.raises(LinkError, match="2 short links already"):
        make_link(VIEW, by=ANA)
    make_link(VIEW, by=BEN)
    revoke_link(first.id, by=ANA)
    make_link(VIEW, by=ANA)
    with pytest.raises(LinkError, match="expired already"):
        make_link(VIEW, by=BEN, expires_at=NOW, now=NOW)
    with pytest.raises(LinkError, match="sign in"):
        make_link(VIEW, by=NOBODY)


HOSTILE = [
    "<script>alert(1)</script>", "a&b=c", "ü %41+ #?/", "\ud83d\ude00 emoji 🦄", "'; DROP TABLE x",
    "", "~", "\u202eright to left",
]  # fmt: skip


def test_any_text_comes_back_as_it_went_in(state_url: str) -> None:
    settings = {"region": [text.encode("utf-16", "surrogatepass").decode("utf-16")
                           for text in HOSTILE]}  # fmt: skip
    link = make_link(ViewAddress.of("scorecard", settings), by=ANA)
    found = open_link(link.id)
    assert found is not None
    assert found.address.settings == settings
    assert found.address.query.isascii()


def test_an_address_may_be_shown_that_is_too_long_to_be_kept() -> None:
    settings = {"rep": [f"R{n:04}" for n in range(1_000)]}
    text = address_text("kpi", settings)
    assert text.startswith("kpi?rep=R0000&rep=R0001&")
    with pytest.raises(LinkError, match="Filter by fewer"):
        ViewAddress.of("kpi", settings)
    assert address_text("kpi", {}) == str(ViewAddress.of("kpi", {})) == "kpi"
    assert address_text("kpi", {"a": ["ü &"]}) == str(ViewAddress.of("kpi", {"a": ["ü &"]}))


def test_addresses_that_cannot_be_kept() -> None:
    ViewAddress("kpi", "a" * MAX_QUERY_BYTES)
    with pytest.raises(LinkError, match="4,097 bytes"):
        ViewAddress("kpi", "a" * (MAX_QUERY_BYTES + 1))
    for path in ("", "//evil.example", "../x", "Kpi", "kpi/x", "kpi?x", "http://x", "k\n"):
        with pytest.raises(LinkError, match="not the path of a page"):
            ViewAddress(path, "")
