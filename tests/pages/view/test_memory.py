"""Notes as HTML, and a form that never puts its words on a version that nobody has read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from data.errors import NoteError
from data.review_memory.actions import Action, ActionStatus
from data.review_memory.comments import Comment
from data.review_memory.decisions import Decision
from data.review_memory.disputes import Dispute, Shown
from data.review_memory.versions import NoteConflict
from metrics.report.format import Formats
from metrics.scorecard import Mark
from pages.view.cards import column_html
from pages.view.memory import forms
from pages.view.memory.actions import action_html
from pages.view.memory.comments import comments_html, line_of
from pages.view.memory.decisions import decision_html
from pages.view.memory.disputes import flag_html
from pages.view.memory.forms import begin_edit, keep
from pages.view.memory.on_scorecard import commented, disputed, with_marks
from pages.view.memory.wording import Wording, filter_words
from tests.pages.fixtures import metric, tile

NOON = datetime(2026, 11, 21, 12)
WROTE: dict[str, Any] = {
    "begun_by": "ana",
    "begun_at": NOON,
    "written_by": "ben",
    "written_at": datetime(2026, 11, 22, 12),
}
COMMENT = Comment(
    "c1", 0, "mqls", "2026-W46", (), "Rain <b>", "Umbrellas", None, "ana", NOON, "ana", NOON
)
DUE = date(2026, 11, 20)
ACTION = Action("a1", 1, None, "Call <i>", "kim", DUE, ActionStatus.OPEN, None, **WROTE)


class Words(Wording):
    """Without a request: user names and dates as they are."""

    shows_people = True

    def __init__(self) -> None:
        self._names = {"ana": "Ana & Co"}

    def date(self, day: date) -> str:
        return day.isoformat()

    def day(self, moment: datetime) -> str:
        return moment.date().isoformat()

    def period(self, period_id: str) -> str:
        return period_id


def test_everything_that_somebody_typed_is_escaped() -> None:
    shown = Shown(
        "Acme", "<x>", "2026-W46", (("region", ("<y>", None)),), NOON, NOON, 1, "1", "", 0
    )
    dispute = Dispute("d1", shown, "<script>", "L<1>", 3, None, "ana", NOON, None)
    decision = Decision("e1", 1, None, "Do <u>", True, "<why>", **WROTE)
    texts = [
        comments_html([COMMENT], Words(), with_history=False),
        action_html(ACTION, Words(), date(2026, 11, 21)),
        decision_html(decision, Words()),
        flag_html(dispute, Words(), "", link="kpi?metric=<x>"),
    ]
    for text in texts:
        for sign in ("<b>U", "<i>", "<u>", "<why>", "<script>", "<x>", "<y>", "L<1>", "Ana & Co"):
            assert sign not in text, text
    assert "<b>What happened</b> Rain &lt;b&gt; <b>What we do</b> Umbrellas" in texts[0]
    assert "Ana &amp; Co, 2026-11-21, changed by ben, 2026-11-22" in texts[2]
    assert "region &lt;y&gt;, (none), 2026-W46: 1." in texts[3]


@pytest.mark.parametrize(
    ("today", "words"),
    [
        (date(2026, 11, 20), '"by">due 2026-11-20'),
        (date(2026, 11, 21), "✕ 1 day overdue</b>, due 2026-11-20"),
        (date(2026, 11, 23), "✕ 3 days overdue"),
    ],
)
def test_an_action_past_its_day_is_overdue(today: date, words: str) -> None:
    assert words in action_html(ACTION, Words(), today)
    done = replace(ACTION, status=ActionStatus.DONE)
    assert "overdue" not in action_html(done, Words(), today)


def test_marks_and_lines() -> None:
    def of(period: str) -> Any:
        return SimpleNamespace(shown=SimpleNamespace(period=period))

    assert disputed([], "2026-W46") == ()
    assert [m.text for m in disputed([of("2026-W45"), of("2026-W46")], "2026-W46")] == ["disputed"]
    assert [m.text for m in disputed([of("2026-W44"), of("2026-W45")], "2026-W46")] == [
        "2026-W45 disputed"
    ]
    assert commented([]) == ()
    assert [m.text for m in commented([COMMENT])] == ["1 comment"]
    small = tile(metric("mqls", "MQLs"), 5, marks=(Mark("small", "n 5"),))
    flag, comment = (Mark("disputed", "disputed"),), (Mark("comment", "1 comment"),)
    # Two marks have words; of three the new ones are signs, told to a screen reader alone.
    assert [m.is_sign for m in with_marks(small, flag, (), 2).marks] == [False, False]
    crowded = with_marks(small, flag, comment, 2)
    assert [(m.kind, m.is_sign) for m in crowded.marks] == [
        ("disputed", True),
        ("small", False),
        ("comment", True),
    ]
    text = column_html("Marketing", [crowded], Formats("en_US", "USD"))
    assert '<span aria-hidden="true">⚑</span> <span class="unseen">disputed</span>' in text
    assert "○</span> n 5" in text
    assert line_of(replace(COMMENT, happened="Two\nlines")) == "Two lines – Umbrellas"
    assert filter_words(()) == "the whole company"
    reps = (("rep", ("R1", "R2")), ("manager", ("Ann",)))
    assert filter_words(reps) == "rep R1, R2; manager Ann"
    assert filter_words(reps, shows_people=False) == "2 reps; one manager"


# -- the version that a form is made from ---------------------------------------------------------

FIELD = "key-happened"


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A visitor's session."""
    session: dict[str, Any] = {}
    monkeypatch.setattr(forms, "st", SimpleNamespace(session_state=session))
    monkeypatch.setattr(forms, "say", lambda place, text: session.update({place: text}))
    return session


def begin(seen: Comment) -> int:
    return begin_edit("key", seen, {FIELD: seen.happened}).version


def test_an_untouched_form_follows_what_others_write(state: dict[str, Any]) -> None:
    assert begin(COMMENT) == 0
    assert state[FIELD] == "Rain <b>"
    assert begin(replace(COMMENT, version=1, happened="Snow")) == 1
    assert state[FIELD] == "Snow"


def test_what_was_typed_stays_with_the_version_that_it_was_typed_on(state: dict[str, Any]) -> None:
    begin(COMMENT)
    state[FIELD] = "Hail"
    newer = replace(COMMENT, version=1, happened="Snow")
    assert begin(newer) == 0
    assert state[FIELD] == "Hail"

    def refused() -> None:
        raise NoteConflict("ben", "Snow")

    keep("key", refused, [FIELD], "Kept.")
    assert "“Snow”" in state["key"]
    # Now that theirs was told, the next one goes on top of it.
    assert begin(newer) == 1
    assert state[FIELD] == "Hail"
    keep("key", lambda: None, [FIELD], "Kept.")
    assert FIELD not in state
    # The form is in another popover now, which is closed.
    assert (state["key-turn"], state["key-done"]) == (1, "Kept.")


def test_a_refused_form_keeps_its_words(state: dict[str, Any]) -> None:
    state[FIELD] = " "

    def refused() -> None:
        raise NoteError("It is empty.")

    keep("key", refused, [FIELD], "Kept.")
    assert (state[FIELD], state["key"]) == (" ", "It is empty.")
    assert "key-turn" not in state
