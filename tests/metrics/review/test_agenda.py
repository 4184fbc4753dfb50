"""Plans: the built-in ones, what a sound agenda is, who may change it, and two at once."""

from __future__ import annotations

import pytest

from data.audit import read_events
from data.errors import ReviewError
from data.roles import ROLES
from metrics.calendar import Cadence
from metrics.errors import RoleError
from metrics.review.agenda import (
    BUILT_IN,
    MAX_ITEMS,
    AgendaItem,
    Places,
    built_in_agenda,
    checked_agenda,
    checked_people,
    from_rows,
    to_rows,
)
from metrics.review.meetings import read_plan, save_plan
from pages.view.frame import SECTIONS as PAGES
from pages.view.review_sections import SECTIONS

PLACES = Places(tuple(page.path for page in PAGES), tuple(SECTIONS))
EVERYWHERE = Places((*PLACES.paths, "reconciliation"), (*PLACES.sections, "disputes"))
MINUTES = {"weekly": 30, "biweekly": 45, "monthly": 60, "quarterly": 90, "yearly": 51}


@pytest.mark.parametrize("cadence", Cadence)
def test_the_built_in_plans_are_sound_and_as_long_as_the_handbook_says(cadence: Cadence):
    items = checked_agenda(BUILT_IN[cadence], EVERYWHERE)
    assert sum(item.minutes for item in items) == MINUTES[cadence]
    assert items == BUILT_IN[cadence] == from_rows(to_rows(items))
    # Credit is never weekly.
    is_short = cadence in (Cadence.WEEKLY, Cadence.BIWEEKLY)
    assert not (is_short and any(item.path == "attribution" for item in items))


def test_what_this_program_has_no_view_of_is_left_out():
    found = built_in_agenda(Cadence.MONTHLY, Places(("scorecard", "kpi"), ("wins",)))
    assert {item.view.partition("?")[0] for item in found} == {"scorecard", "kpi", "review#wins"}
    there = built_in_agenda(Cadence.MONTHLY, EVERYWHERE)
    assert [item.title for item in there[:2]] == ["Open disputes", "Reconciliation"]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (AgendaItem("", "scorecard"), "needs a title"),
        (AgendaItem("x" * 81, "scorecard"), "81 characters"),
        (AgendaItem("a\u202eb", "scorecard"), "cannot be seen"),
        (AgendaItem("A", "scorcard"), "Nearest: 'scorecard'"),
        (AgendaItem("A", "review#win"), "Nearest: 'wins'"),
        (AgendaItem("A", "review"), "unknown section"),
        (AgendaItem("A", "sla#wins"), "only the page review"),
        (AgendaItem("A", "kpi?metric=mql"), "Nearest: 'mqls'"),
        (AgendaItem("A", "kpi?metrics=mqls"), "Nearest: 'metric'"),
        (AgendaItem("A", "scorecard?cadence=weakly"), "Nearest: 'weekly'"),
        (AgendaItem("A", "scorecard?as_of=2020-01-01"), "unknown setting"),
        (AgendaItem("A", "scorecard", minutes=0), "1 to 180 minutes"),
        (AgendaItem("A", f"scorecard?find={'x' * 400}"), "at most 400"),
    ],
)
def test_an_agenda_that_is_not_sound_says_why(item: AgendaItem, words: str):
    with pytest.raises(ReviewError, match=words):
        checked_agenda([AgendaItem("Goals", "scorecard"), item], PLACES)


def test_an_agenda_has_an_item_and_not_too_many():
    for count in (0, MAX_ITEMS + 1):
        with pytest.raises(ReviewError, match=f"this one {count}"):
            checked_agenda([AgendaItem("A", "scorecard")] * count, PLACES)
    assert checked_people([" Ana  Ruiz ", "", "Bo", "Bo"]) == ("Ana Ruiz", "Bo")
    with pytest.raises(ReviewError, match="at most 40"):
        checked_people([f"p{n}" for n in range(41)])


def test_a_plan_is_changed_by_who_may_and_nothing_is_overwritten(state_url: str, add):
    for role in ROLES:
        add(role, role)
    seen = read_plan(Cadence.WEEKLY, PLACES)
    assert (seen.revision, seen.agenda) == (0, built_in_agenda(Cadence.WEEKLY, PLACES))
    items = (AgendaItem("Only this", "sla?region=EMEA", "Bo", 12),)
    with pytest.raises(RoleError, match="your role is viewer"):
        save_plan("viewer", seen, ["Ana"], items, PLACES)
    saved = save_plan("editor_sales", seen, ["Ana"], items, PLACES)
    assert read_plan(Cadence.WEEKLY, PLACES) == saved
    assert (saved.participants, saved.agenda, saved.revision) == (("Ana",), items, 1)
    # Two had the built-in plan before them; so had the next two the first one's.
    for stale in (seen, saved):
        if stale is saved:
            save_plan("admin", saved, ["Cy"], items, PLACES)
        with pytest.raises(ReviewError, match="in the meantime"):
            save_plan("editor_marketing", stale, ["Bo"], items, PLACES)
    assert read_plan(Cadence.WEEKLY, PLACES).participants == ("Cy",)
    assert read_plan(Cadence.MONTHLY, PLACES).revision == 0
    changes = [(e.actor, e.subject) for e in read_events() if e.event == "review_plan_changed"]
    assert changes == [("editor_sales", "plan weekly"), ("admin", "plan weekly")]
