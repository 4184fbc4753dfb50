"""Comments, decisions, actions and disputes: versions, two people at once, and the audit log."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.audit import NOBODY, person, read_events
from data.errors import NoteError
from data.review_memory.actions import (
    ActionStatus,
    change_action,
    end_action,
    find_action,
    list_actions,
    write_action,
)
from data.review_memory.comments import (
    About,
    change_comment,
    comment_versions,
    comments_of_period,
    write_comment,
)
from data.review_memory.decisions import (
    change_decision,
    list_decisions,
    withdraw_decision,
    write_decision,
)
from data.review_memory.disputes import (
    MAX_RECORDS,
    RecordId,
    Shown,
    dispute_records,
    find_dispute,
    keep_dispute,
    read_disputes,
    settle_dispute,
)
from data.review_memory.filters import as_text, from_text, lies_within
from data.review_memory.versions import NoteConflict
from tests.processes import run_at_once

ANA, BEN = person("ana"), person("ben")
MQLS = About("Acme", "mqls", "2026-W46", (("region", ("EMEA", None)),))
DUE = date(2026, 12, 1)
NOON = datetime(2026, 11, 21, 12)
SHOWN = Shown("Acme", "mqls", "2026-W46", (), NOON, NOON, 95.0, "95", "3574a17e24ce", 0)


def events() -> list[tuple[str | None, str, str | None, dict[str, Any]]]:
    return [(row.actor, row.event, row.subject, row.detail) for row in read_events()]


# -- comments -----------------------------------------------------------------------------------


def test_comments_stand_beside_each_other_with_every_version(state_url: str) -> None:
    first = write_comment(MQLS, happened=" Two webinars\r\nat once ", doing="", by=ANA)
    write_comment(MQLS, happened="", doing="Spread them", by=BEN, review_id="R1")
    write_comment(About("Acme", "sqls", "2026-W46"), happened="else", doing="", by=BEN)
    changed = change_comment(first, happened="Three webinars", doing="Ask", by=BEN)
    same = About("Acme", "mqls", "2026-W46", (("region", (None, "EMEA")),))
    found = comments_of_period(same.company, same.period, same.where)
    assert [(c.happened, c.doing, c.begun_by, c.written_by, c.version) for c in found] == [
        ("Three webinars", "Ask", "ana", "ben", 1),
        ("", "Spread them", "ben", "ben", 0),
    ]
    assert found[0] == changed
    assert found[1].review_id == "R1"
    assert [c.happened for c in comment_versions(first.id)] == [
        "Two webinars\nat once",
        "Three webinars",
    ]
    # Another period, another filter, another company: other numbers.
    assert comments_of_period("Acme", "2026-W45", same.where) == []
    assert [c.metric for c in comments_of_period("Acme", "2026-W46", ())] == ["sqls"]
    assert comments_of_period("Other", "2026-W46", same.where) == []


def test_who_comes_second_is_shown_the_other_text_and_loses_none(state_url: str) -> None:
    seen = write_comment(MQLS, happened="One", doing="", by=ANA)
    change_comment(seen, happened="Hers", doing="and this", by=ANA)
    with pytest.raises(NoteConflict, match=r"ana has changed it.*“Hers – and this”") as error:
        change_comment(seen, happened="His", doing="", by=BEN)
    assert error.value.theirs == "Hers – and this"
    (newest,) = comments_of_period("Acme", "2026-W46", MQLS.where)
    assert (newest.happened, newest.version) == ("Hers", 1)
    assert change_comment(newest, happened="Both", doing="", by=BEN).version == 2


@pytest.mark.parametrize("happened", ["", "  \n", "x" * 2001, "a\x00b", "a\u202eb"])
def test_what_is_no_comment_is_refused_in_words(state_url: str, happened: str) -> None:
    with pytest.raises(NoteError):
        write_comment(MQLS, happened=happened, doing="", by=ANA)
    with pytest.raises(NoteError, match="sign in first"):
        write_comment(MQLS, happened="x", doing="", by=NOBODY)
    assert comments_of_period("Acme", "2026-W46", MQLS.where) == []


# -- decisions and actions ----------------------------------------------------------------------


def test_decisions_are_corrected_and_withdrawn_on_record(state_url: str) -> None:
    first = write_decision("Acme", "More webinars", by=ANA, review_id="R1")
    write_decision("Acme", "Fewer mails", by=BEN)
    better = change_decision(first, "Two webinars", by=BEN)
    with pytest.raises(NoteConflict):
        withdraw_decision(first, reason="Too late", by=ANA)
    with pytest.raises(NoteError, match="empty"):
        withdraw_decision(better, reason=" ", by=ANA)
    withdraw_decision(better, reason="No money", by=ANA)
    (told,) = list_decisions("Acme", "R1")
    assert (told.words, told.is_withdrawn, told.reason) == ("Two webinars", True, "No money")
    assert [one.words for one in list_decisions("Acme", None)] == ["Fewer mails"]
    name = f"decision {first.id}"
    assert [row for row in events() if row[2] == name] == [
        ("ana", "decision_changed", name, {"version": 0, "review": "R1", "withdrawn": False}),
        ("ben", "decision_changed", name, {"version": 1, "review": "R1", "withdrawn": False}),
        ("ana", "decision_changed", name, {"version": 2, "review": "R1", "withdrawn": True}),
    ]
    # Words are no part of the log.
    assert "webinars" not in str(events())


def test_actions_are_carried_until_they_are_done_or_dropped(state_url: str) -> None:
    late = write_action("Acme", "Call", owner=" ana ", due_on=date(2026, 11, 20), by=ANA)
    soon = write_action("Acme", "Write", owner="Bo from IT", due_on=DUE, by=ANA, review_id="R1")
    other = write_action("Acme", "Ask", owner="ben", due_on=date(2026, 11, 30), by=BEN)
    assert [a.words for a in list_actions("Acme")] == ["Call", "Ask", "Write"]
    assert (late.owner, late.is_overdue(date(2026, 11, 21))) == ("ana", True)
    assert not late.is_overdue(date(2026, 11, 20))
    done = end_action(late, ActionStatus.DONE, by=ANA)
    assert not done.is_overdue(date(2027, 1, 1))
    with pytest.raises(NoteError, match="dropped with a reason"):
        end_action(other, ActionStatus.DROPPED, by=ANA, reason=" ")
    assert find_action(other.id).is_open
    end_action(other, ActionStatus.DROPPED, by=ANA, reason="No longer needed")
    assert [a.words for a in list_actions("Acme")] == ["Write"]
    told = list_actions("Acme", closed_since=late.written_at)
    assert [(a.words, a.status, a.reason) for a in told] == [
        ("Write", "open", None),
        ("Call", "done", None),
        ("Ask", "dropped", "No longer needed"),
    ]
    end_action(soon, ActionStatus.DONE, by=BEN)
    assert [a.words for a in list_actions("Acme", review_id="R1")] == ["Write"]
    with pytest.raises(NoteConflict, match=r"ben has changed it.*done"):
        change_action(soon, words="Write twice", owner="ana", due_on=DUE, by=ANA)
    assert [row[3]["status"] for row in events() if row[2] == f"action {soon.id}"] == [
        "open",
        "done",
    ]
    with pytest.raises(NoteError, match="no such action"):
        find_action("f" * 16)


# -- disputes -----------------------------------------------------------------------------------


def test_a_dispute_keeps_what_was_shown_and_is_settled_once(state_url: str) -> None:
    where = (("region", ("EMEA",)), ("channel", (None,)))
    shown = Shown("Acme", "mqls", "2026-W46", where, NOON, NOON, None, "–", "3574a17e24ce", 2)
    records = [RecordId("leads", f"L{n}") for n in range(MAX_RECORDS + 5)]
    raised = keep_dispute(
        shown, reason="Twice", by=BEN, records=records, record_total=900, record_id="L3"
    )
    found = find_dispute(raised.id)
    assert found.shown.where == (("channel", (None,)), ("region", ("EMEA",)))
    assert (found.shown.value, found.shown.words, found.shown.definition_version) == (None, "–", 2)
    assert (found.record_total, found.record_id, found.is_open) == (900, "L3", True)
    assert dispute_records(raised.id) == records[:MAX_RECORDS]
    with pytest.raises(NoteError, match="empty"):
        settle_dispute(raised.id, reason=" ", data_through=NOON, by=ANA)
    # Data of an older version do not end it before it began.
    end = settle_dispute(raised.id, reason="Was so", data_through=datetime(2026, 1, 1), by=ANA)
    assert end.settled is not None
    assert (end.settled.settled_by, end.settled.settled_as_of) == ("ana", NOON)
    with pytest.raises(NoteError, match="ana has settled it in the meantime: “Was so”"):
        settle_dispute(raised.id, reason="Me too", data_through=NOON, by=BEN)
    with pytest.raises(NoteError, match="no such dispute"):
        settle_dispute("f" * 16, reason="x", data_through=NOON, by=BEN)
    assert read_disputes("Acme", open_only=True) == []
    assert [(row[0], row[1]) for row in events()] == [
        ("ben", "dispute_raised"),
        ("ana", "dispute_settled"),
    ]
    assert "Twice" not in str(events())


MEMBERS = st.lists(st.sampled_from(["EMEA", "AMER", "~", None]), min_size=1, max_size=3)
FILTERS = st.dictionaries(st.sampled_from(["region", "channel"]), MEMBERS).map(
    lambda named: tuple((name, tuple(members)) for name, members in named.items())
)


@given(FILTERS, FILTERS)
def test_filters_have_one_spelling_and_lie_within_each_other(one: Any, other: Any) -> None:
    def plain(where: Any) -> dict[str, set[str | None]]:
        return {name: set(members) for name, members in where}

    assert plain(from_text(as_text(one))) == plain(one)
    assert as_text(from_text(as_text(one))) == as_text(tuple(reversed(one)))
    expected = all(
        name in plain(one) and plain(one)[name] <= members for name, members in plain(other).items()
    )
    assert lies_within(one, other) == expected


# -- several at once ----------------------------------------------------------------------------

ROUNDS = 3


def write_much(name: str, action_id: str) -> None:
    """Comments of one's own, and a word to an action that others write to at the same time."""
    by = person(name)
    for n in range(ROUNDS):
        write_comment(MQLS, happened=f"{name} {n}", doing="", by=by)
        while True:
            seen = find_action(action_id)
            words = f"{seen.words} {name}{n}"
            try:
                change_action(seen, words=words, owner=seen.owner, due_on=DUE, by=by)
                break
            except NoteConflict:
                continue


def write_both(action_id: str) -> None:
    """Two threads of one process."""
    from os import getpid
    from threading import Thread

    threads = [Thread(target=write_much, args=(f"p{getpid()}t{n}", action_id)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_processes_and_threads_at_once_lose_nothing(state_url: str) -> None:
    begun = write_action("Acme", "Words:", owner="ana", due_on=DUE, by=ANA)
    assert run_at_once(2, {"STATE_URL": state_url}, write_both, begun.id) == [0, 0]
    said = [c.happened for c in comments_of_period("Acme", "2026-W46", MQLS.where)]
    assert len(said) == len(set(said)) == 4 * ROUNDS
    ended = find_action(begun.id)
    assert ended.version == 4 * ROUNDS
    assert sorted(ended.words.split()[1:]) == sorted(text.replace(" ", "") for text in said)
