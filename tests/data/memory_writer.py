"""Somebody who writes comments, decisions, actions and disputes until they are killed.

Each line of the file that they note in is something the program has confirmed: its kind, its id,
its version and its words.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import date, datetime

from data.agreements import Side, Topic, add_version, sign
from data.audit import person
from data.review_memory.actions import change_action, write_action
from data.review_memory.comments import About, change_comment, write_comment
from data.review_memory.decisions import change_decision, write_decision
from data.review_memory.disputes import RecordId, Shown, keep_dispute, settle_dispute
from data.set_targets import SetVersion, TargetKey, write_target

COMPANY = "Acme"
PERIOD = "2026-W46"
RECORDS = 40
NOON = datetime(2026, 11, 21, 12)
BY = person("ana")
Note = tuple[str, str, int, str]


def _comment(words: str) -> list[Note]:
    about = About(COMPANY, "mqls", PERIOD)
    first = write_comment(about, happened=words, doing="", by=BY)
    return [("comment", first.id, first.version, words)]


def _changed_comment(words: str) -> list[Note]:
    about = About(COMPANY, "mqls", PERIOD)
    first = write_comment(about, happened=words, doing="", by=BY)
    second = change_comment(first, happened=words, doing="again", by=BY)
    return [("comment", first.id, second.version, words)]


def _decision(words: str) -> list[Note]:
    first = write_decision(COMPANY, words, by=BY)
    second = change_decision(first, words, by=BY)
    return [("decision", first.id, second.version, words)]


def _action(words: str) -> list[Note]:
    first = write_action(COMPANY, words, owner="ben", due_on=date(2026, 12, 1), by=BY)
    second = change_action(first, words=words, owner="ana", due_on=first.due_on, by=BY)
    return [("action", first.id, second.version, words)]


def _dispute(words: str) -> list[Note]:
    shown = Shown(COMPANY, "mqls", PERIOD, (), NOON, NOON, 95.0, "95", "3574a17e24ce", 0)
    records = [RecordId("leads", f"L{n}") for n in range(RECORDS)]
    raised = keep_dispute(shown, reason=words, by=BY, records=records, record_total=RECORDS)
    return [("dispute", raised.id, 0, words)]


def _settled(words: str) -> list[Note]:
    ((_, dispute_id, _, _),) = notes = _dispute(words)
    settle_dispute(dispute_id, reason=words, data_through=NOON, by=BY)
    return [*notes, ("settled", dispute_id, 0, words)]


def _agreement(words: str) -> list[Note]:
    """A proposal, signed for one side; each in a company of its own, where it is the first."""
    company, content = f"{COMPANY} {words}", {"words": words}
    add_version(company, Topic.MQL, content, seen=-1, holds_from=None, reason=words, by=BY)
    proposed: Note = ("proposed", company, 0, words)
    sign(company, Topic.MQL, 0, Side.SALES, seen=0, by=BY)
    return [proposed, ("signed", company, 0, words)]


def _target(words: str) -> list[Note]:
    key = TargetKey("mqls", "month", date(2026, 6, 1), "region", words)

    def write(value: float, seen: int) -> SetVersion:
        return write_target(COMPANY, key, value, seen=seen, reason=words, data_through=NOON, by=BY)

    write(1.0, seen=-1)
    second = write(2.0, seen=0)
    return [("target", words, second.number, words)]


WRITE: tuple[Callable[[str], list[Note]], ...] = (
    _comment,
    _changed_comment,
    _decision,
    _action,
    _dispute,
    _settled,
    _agreement,
    _target,
)


def write_until_killed(noted_in: str, seed: int) -> None:
    """Write and note, without end."""
    draw = random.Random(seed)
    noted = os.open(noted_in, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    n = 0
    while True:
        n += 1
        for note in draw.choice(WRITE)(f"{seed}-{n} {'word ' * draw.randint(1, 60)}".strip()):
            os.write(noted, ("\t".join(map(str, note)) + "\n").encode())
