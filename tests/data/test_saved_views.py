"""Saved views: names, sharing, who may change them, and two people at once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from data import saved_views
from data.audit import person, read_events
from data.errors import LinkError
from data.saved_views import (
    MAX_NAME,
    View,
    change_view,
    delete_view,
    list_views,
    save_view,
    set_start_view,
    start_view,
)
from data.state import SavedView, StartView, open_state
from data.view_address import ViewAddress
from tests.processes import run_at_once

ANA, BEN, ADA = person("ana"), person("ben"), person("ada")
MQLS, SQLS = ViewAddress("kpi", "metric=mqls"), ViewAddress("kpi", "metric=sqls")


def save(name: str = "Weekly", *, by: Any = ANA, shared: bool = False) -> View:
    return save_view(name, MQLS, shared=shared, by=by)


def names(username: str) -> list[tuple[str, str]]:
    return [(view.owner, view.name) for view in list_views(username)]


def events() -> list[tuple[str | None, str]]:
    return [(row.actor, row.event) for row in read_events()]


def test_own_views_come_first_and_others_only_when_shared(state_url: str) -> None:
    save("B")
    save("a")
    save("Private", by=BEN)
    save("Open", by=BEN, shared=True)
    assert names("ana") == [("ana", "a"), ("ana", "B"), ("ben", "Open")]
    assert names("nobody") == [("ben", "Open")]


@pytest.mark.parametrize("same", ["Weekly", " weekly ", "WEEKLY", "Ｗeekly", "Wee\u212aly"])
def test_one_owner_has_no_two_names_that_look_alike(state_url: str, same: str) -> None:
    save("Weekly")
    with pytest.raises(LinkError, match="of the same owner already"):
        save(same)
    save(same, by=BEN)
    other = save("Other")
    with pytest.raises(LinkError, match="of the same owner already"):
        change_view(other, by=ANA, name=same)
    assert names("ana") == [("ana", "Other"), ("ana", "Weekly")]


def test_names(state_url: str) -> None:
    assert save("  <b>🦄</b>\t und =1+1 ").name == "<b>🦄</b> und =1+1"
    assert save("ß" * MAX_NAME).name == "ß" * MAX_NAME  # its key is twice as long
    for bad in ("", "  ", "x" * (MAX_NAME + 1), "a\0b", "a\u202eb", "a\u200bb"):
        with pytest.raises(LinkError):
            save(bad)


def test_the_number_is_limited(state_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_views, "MAX_VIEWS", 1)
    save("one")
    with pytest.raises(LinkError, match="1 saved views already"):
        save("two")
    save("two", by=BEN)


def test_changes_by_its_owner(state_url: str) -> None:
    view = save()
    view = change_view(view, by=ANA, name="Renamed")
    view = change_view(view, by=ANA, address=SQLS)
    view = change_view(view, by=ANA, shared=True)
    assert (view.name, view.address, view.is_shared, view.revision) == ("Renamed", SQLS, True, 4)
    assert list_views("ben") == [view]
    view = change_view(view, by=ANA, shared=False)
    assert list_views("ben") == []
    delete_view(view, by=ANA)
    assert list_views("ana") == []


def test_foreign_views(state_url: str) -> None:
    private, shared = save("private"), save("shared", shared=True)
    words = set()
    gone = View(99, "ana", "gone", MQLS, True, 1, shared.updated_at, "ana")
    for view in (private, shared, gone):
        for attempt in (
            lambda view=view: change_view(view, by=BEN, name="mine"),
            lambda view=view: delete_view(view, by=BEN),
        ):
            with pytest.raises(LinkError) as refused:
                attempt()
            words.add(str(refused.value))
    assert len(words) == 1
    # An administrator: what is shared, and not what is private.
    assert change_view(shared, by=ADA, is_admin=True, name="By Ada").updated_by == "ada"
    with pytest.raises(LinkError, match="no such view"):
        delete_view(private, by=ADA, is_admin=True)
    assert names("ana") == [("ana", "By Ada"), ("ana", "private")]


def test_nobody_overwrites_what_they_have_not_seen(state_url: str) -> None:
    seen = save("Weekly", shared=True)
    change_view(seen, by=ADA, is_admin=True, address=SQLS)
    for late in (
        lambda: change_view(seen, by=ANA, name="Mine"),
        lambda: change_view(seen, by=ANA, address=MQLS),
        lambda: delete_view(seen, by=ANA),
    ):
        with pytest.raises(LinkError, match="ada has changed “Weekly” in the meantime"):
            late()
    (now,) = list_views("ana")
    assert (now.name, now.address, now.updated_by) == ("Weekly", SQLS, "ada")
    change_view(now, by=ANA, name="Mine")


def _rename_once(number: int, seen: View) -> None:
    try:
        change_view(seen, by=ANA, name=f"by {number}")
    except LinkError:
        raise SystemExit(3) from None


def _rename(seen: View) -> None:
    import os

    _rename_once(os.getpid(), seen)


def _save_same() -> None:
    try:
        save("Weekly")
    except LinkError:
        raise SystemExit(3) from None


def test_of_several_processes_one_wins_and_the_others_are_told(state_url: str) -> None:
    settings = {"STATE_URL": state_url}
    open_state()
    assert sorted(run_at_once(4, settings, _save_same)) == [0, 3, 3, 3]  # type: ignore[type-var]
    (seen,) = list_views("ana")
    assert sorted(run_at_once(4, settings, _rename, seen)) == [0, 3, 3, 3]  # type: ignore[type-var]
    with open_state().read() as session:
        assert session.scalar(select(func.count()).select_from(SavedView)) == 1
        assert session.scalar(select(SavedView.revision)) == 2


def test_what_is_shared_is_in_the_audit_log(state_url: str) -> None:
    private = save("private")
    delete_view(change_view(private, by=ANA, name="still private"), by=ANA)
    assert events() == []
    view = save("Names <b>of people</b>", shared=True)
    view = change_view(view, by=ANA, address=SQLS)
    view = change_view(view, by=ANA, shared=False)
    view = change_view(view, by=ANA, shared=True)
    delete_view(view, by=ANA)
    assert events() == [
        ("ana", "view_shared"),
        ("ana", "view_changed"),
        ("ana", "view_unshared"),
        ("ana", "view_shared"),
        ("ana", "view_deleted"),
    ]
    assert "people" not in repr(list(read_events()))


# -- the start page -------------------------------------------------------------------------------


def test_the_start_page(state_url: str) -> None:
    assert start_view("ana") is None
    own, shared = save("own"), save("shared", by=BEN, shared=True)
    set_start_view("ana", own.id)
    assert start_view("ana") == own
    set_start_view("ana", shared.id)
    assert start_view("ana") == shared
    set_start_view("ana", None)
    assert start_view("ana") is None


def test_a_start_page_ends_with_its_view(state_url: str) -> None:
    shared = save("shared", by=BEN, shared=True)
    set_start_view("ana", shared.id)
    set_start_view("ben", shared.id)
    shared = change_view(shared, by=BEN, shared=False)
    assert (start_view("ana"), start_view("ben")) == (None, shared)
    delete_view(shared, by=BEN)
    assert start_view("ben") is None
    with open_state().read() as session:
        assert session.scalar(select(func.count()).select_from(StartView)) == 0


def test_nobody_begins_with_what_they_may_not_open(state_url: str) -> None:
    private = save("private", by=BEN)
    for view_id in (private.id, 99):
        with pytest.raises(LinkError, match="no such view"):
            set_start_view("ana", view_id)
    assert start_view("ana") is None


def _begin(view_id: int) -> None:
    for _ in range(5):
        set_start_view("ana", view_id)


def test_two_settings_at_once(state_url: str) -> None:
    view = save()
    assert run_at_once(4, {"STATE_URL": state_url}, _begin, view.id) == [0] * 4
    assert start_view("ana") == view
