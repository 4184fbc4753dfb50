"""A part of a page draws itself anew alone, without the frame around it: it asks who is there too.

Whoever is signed out, has lost the account, or has another role or other rights since the page was
drawn gets the page as it is for them now, and not a part of the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from data import users
from tests.attack.company import AMER, MARKS, PERSON
from tests.attack.conftest import PASSWORD, no_failure
from tests.attack.visitor import Answer, Visitor
from tests.e2e.server import AppServer

NAME = "zolparts"
KPI = ("kpi", "metric=mqls&cadence=yearly&period=2026")
# Pages with a part that shows what not everybody may see.
PAGES = [KPI, ("sla", "cadence=yearly&period=2026&names=1"), ("lead", "lead=AMER-L2")]
Change = Callable[[], object]


@pytest.fixture
def somebody() -> Iterator[str]:
    """An admin who sees everything, until something is done about it."""
    if not any(account.username == NAME for account in users.list_accounts()):
        users.add_account(NAME, PASSWORD, role="admin")
    users.set_active(NAME, True)
    users.set_role(NAME, "admin")
    users.set_scope(NAME, [])
    yield NAME
    users.set_active(NAME, False)


@pytest.fixture
def visitor(attacked: AppServer, token_of: Callable[[str], str], somebody: str) -> Visitor:
    return Visitor(attacked.url, {"scorecard": token_of(somebody)})


def parts_of(answer: Answer) -> list[str]:
    found = (m.delta.fragment_id for m in answer.messages)
    return list(dict.fromkeys(part for part in found if part))


def again(visitor: Visitor, page: tuple[str, str], change: Change) -> list[Answer]:
    """The page as it was, and what each of its parts answers after the change, in a tab of its
    own: when one has the whole page drawn, the others are no more."""
    with ExitStack() as tabs:
        first = visitor.open(*page)
        presses = [
            partial(tabs.enter_context(visitor.staying(*page))[1], part) for part in parts_of(first)
        ]
        change()
        return [first, *(press() for press in presses)]


def is_whole(answer: Answer) -> bool:
    return any('class="company"' in html for html in answer.markup)


@pytest.mark.parametrize("page", PAGES)
def test_a_part_is_drawn_alone_for_whoever_it_was_drawn_for(
    attacked: AppServer, visitor: Visitor, page: tuple[str, str]
):
    first, *answers = again(visitor, page, lambda: None)
    assert is_whole(first)
    assert len(answers) >= 2
    assert not any(is_whole(answer) or answer.is_sign_in for answer in answers)
    assert all(no_failure(answer) for answer in answers)
    # What is not to be seen below would be seen here.
    assert any(answer.holds(AMER) for answer in answers)
    assert f'"page": "{page[0]}"' in next(
        line for line in reversed(attacked.log.splitlines()) if '"part": ' in line
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda: users.set_active(NAME, False),
        lambda: users.set_password(NAME, PASSWORD[::-1]),
        lambda: users.end_sessions(NAME),
    ],
    ids=["disabled", "password changed", "signed out everywhere"],
)
def test_whoever_is_signed_out_gets_no_part(attacked: AppServer, visitor: Visitor, change: Change):
    first, *answers = again(visitor, KPI, change)
    assert first.holds(AMER)
    assert answers
    for answer in answers:
        assert not any(answer.holds(secret) for secret in (*MARKS, "EMEA", "AMER", NAME))
    assert answers[0].is_sign_in
    assert '"outcome": "signed_out"' in attacked.log


@pytest.mark.parametrize("page", PAGES)
def test_who_may_see_less_gets_what_they_may_see(visitor: Visitor, page: tuple[str, str]):
    first, *answers = again(visitor, page, lambda: users.set_scope(NAME, ["region=EMEA"]))
    assert first.holds(AMER)
    assert answers
    assert not any(answer.holds(AMER) for answer in answers)
    assert all(no_failure(answer) for answer in answers)
    # Not the part alone: the rest would still show what it showed before.
    assert is_whole(answers[0]) or answers[0].is_sign_in


def test_who_is_no_admin_any_more_gets_no_part_of_the_admin_page(visitor: Visitor):
    first, *answers = again(visitor, ("admin", ""), lambda: users.set_role(NAME, "viewer"))
    assert first.holds("zolviewer")
    assert answers
    assert not any(answer.holds("zolviewer") for answer in answers)


def test_a_part_of_somebody_elses_session_is_not_to_be_had(
    attacked: AppServer, token_of: Callable[[str], str], visitor: Visitor
):
    for cookies in ({}, {"scorecard": "x.y.z"}, {"scorecard": token_of("zolemea")}):
        first = visitor.open(*KPI)
        (session_id,) = {m.new_session.initialize.session_id for m in first.messages} - {""}
        taken = Visitor(attacked.url, cookies, resume=session_id)
        # The last is the list of records.
        answer = taken.press(*KPI, parts_of(first)[-1])
        assert not answer.holds(AMER)
        assert not answer.holds(PERSON)
        assert not answer.holds(NAME)
