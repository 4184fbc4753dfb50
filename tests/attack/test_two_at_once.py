"""Two people change one thing in the same instant: nothing is lost without a word.

Saved views and start pages: tests/data/test_saved_views.py. Guesses at one password:
tests/data/test_users.py. Definitions and baselines that two processes write first:
tests/data/state.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from data import users
from data.audit import person, read_events
from data.errors import ScorecardError
from data.saved_views import change_view, list_views, save_view
from data.short_links import make_link, open_link, revoke_link
from data.view_address import ViewAddress
from tests.attack.conftest import ADMIN, VIEWER

VIEW = ViewAddress("kpi", "metric=mqls")
Action = Callable[[], object]


def _at_once(*actions: Action) -> list[object]:
    """Run all of them at once; what each gave, or the error that told it why not."""
    start = threading.Barrier(len(actions))
    results: list[object] = [None] * len(actions)

    def run(place: int, action: Action) -> None:
        start.wait()
        try:
            results[place] = action()
        except ScorecardError as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=job) for job in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture(autouse=True)
def _own_state(state_url: str) -> None:
    for name, role in ((ADMIN, "admin"), (VIEWER, "viewer")):
        users.add_account(name, "correct zebra 12", role=role)


def test_of_two_changes_of_a_view_one_holds_and_the_other_is_told():
    seen = save_view("ours", VIEW, shared=True, by=person(VIEWER))
    results = _at_once(
        lambda: change_view(seen, name="first", by=person(VIEWER)),
        lambda: change_view(seen, name="second", by=person(ADMIN), is_admin=True),
    )
    told = [result for result in results if isinstance(result, ScorecardError)]
    assert len(told) == 1
    assert "in the meantime; nothing was overwritten" in str(told[0])
    assert [view.name for view in list_views(VIEWER)] in (["first"], ["second"])


def test_a_link_that_two_revoke_is_revoked_once():
    link = make_link(VIEW, by=person(VIEWER))
    results = _at_once(
        lambda: revoke_link(link.id, by=person(VIEWER)),
        lambda: revoke_link(link.id, by=person(ADMIN), is_admin=True),
    )
    assert not [result for result in results if isinstance(result, ScorecardError)]
    assert open_link(link.id) is None


def test_two_changes_of_an_account_both_hold_and_both_end_its_sessions():
    before = users.find_account(VIEWER).session_epoch
    results = _at_once(
        lambda: users.set_role(VIEWER, "editor_sales"),
        lambda: users.set_scope(VIEWER, ["region=EMEA"]),
        lambda: users.end_sessions(VIEWER),
    )
    assert not [result for result in results if isinstance(result, ScorecardError)]
    after = users.find_account(VIEWER)
    assert (after.role, after.scope.pairs()) == ("editor_sales", ("region=EMEA",))
    assert after.session_epoch == before + 2
    events = [row.event for row in read_events()]
    assert {"role_changed", "scope_changed", "sessions_ended"} <= set(events)


def test_two_of_one_name_make_one_account():
    results = _at_once(
        *(lambda: users.add_account("twin", "correct zebra 12") for _ in range(2)),
    )
    assert sum(isinstance(result, ScorecardError) for result in results) == 1
