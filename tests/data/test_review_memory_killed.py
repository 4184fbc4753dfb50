"""The program is killed in the middle of writing: what it confirmed is there, nothing is half."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.pool import NullPool

from data.agreements import Topic, read_agreements
from data.audit import read_events
from data.review_memory.actions import list_actions
from data.review_memory.comments import comment_versions, comments_of_period
from data.review_memory.decisions import list_decisions
from data.review_memory.disputes import dispute_records, read_disputes
from data.set_targets import read_set_targets
from data.state import AgreementSignature, AgreementVersion, close_state, open_state
from tests.data.memory_writer import COMPANY, PERIOD, RECORDS, write_until_killed
from tests.processes import killed_at

PATIENCE_SECONDS = 30
# Other sessions of this database; a server that lost its client ends the session a moment later.
OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def kill_one(url: str, folder: Path, seed: int) -> list[list[str]]:
    """Kill a writer at a random moment after its first note; what was confirmed to it."""
    noted = folder / f"noted-{seed}"
    draw = random.Random(seed)

    def has_begun() -> bool:
        return noted.exists() and noted.stat().st_size > 0

    killed_at(
        has_begun,
        draw.uniform(0, 0.25),
        {"STATE_URL": url},
        write_until_killed,
        str(noted),
        seed,
    )
    if "postgresql" in url:
        _wait_for_the_server(url)
    # The last line may have been cut; a line is what has its end.
    lines = noted.read_text(encoding="utf-8").split("\n")[:-1]
    return [line.split("\t") for line in lines]


def _wait_for_the_server(url: str) -> None:
    close_state()
    engine = create_engine(url, poolclass=NullPool)
    deadline = time.monotonic() + PATIENCE_SECONDS
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while connection.execute(OTHERS).scalar() and time.monotonic() < deadline:
            time.sleep(0.02)


def check(confirmed: list[list[str]]) -> None:
    comments = {one.id: one for one in comments_of_period(COMPANY, PERIOD, ())}
    decisions = {one.id: one for one in list_decisions(COMPANY, None)}
    actions = {one.id: one for one in list_actions(COMPANY)}
    disputes = {one.id: one for one in read_disputes(COMPANY)}
    targets = {(one.key.member, one.number): one for one in read_set_targets(COMPANY)}
    for kind, note_id, version, words in confirmed:
        match kind:
            case "comment":
                note = comments[note_id]
                assert (note.happened, str(note.version)) == (words, version)
                assert len(comment_versions(note_id)) == note.version + 1
            case "decision":
                assert (decisions[note_id].words, str(decisions[note_id].version)) == (
                    words,
                    version,
                )
            case "action":
                assert (actions[note_id].words, actions[note_id].owner) == (words, "ana")
            case "dispute":
                assert disputes[note_id].reason == words
            case "settled":
                settled = disputes[note_id].settled
                assert settled is not None
                assert settled.reason == words
            case "target":
                assert targets[words, int(version)].reason == words
            case "proposed" | "signed":
                (proposed,) = read_agreements(note_id)[Topic.MQL]
                assert proposed.reason == words
                assert len(proposed.signatures) == 1 or kind == "proposed"
    # What nobody confirmed is whole or not there: with all its records and its line in the log.
    assert {len(dispute_records(note_id)) for note_id in disputes} <= {RECORDS}
    logged = Counter(row.event for row in read_events())
    assert logged["decision_changed"] == sum(one.version + 1 for one in decisions.values())
    assert logged["action_changed"] == sum(one.version + 1 for one in actions.values())
    assert logged["target_changed"] == len(targets)
    assert (logged["agreement_proposed"], logged["agreement_signed"]) == _agreed()
    assert logged["dispute_raised"] == len(disputes)
    assert logged["dispute_settled"] == sum(not one.is_open for one in disputes.values())


def _agreed() -> tuple[int, int]:
    """How many proposals and signatures there are, of every company."""
    with open_state().read() as session:
        proposed, signed = (
            session.scalar(select(func.count()).select_from(model)) or 0
            for model in (AgreementVersion, AgreementSignature)
        )
    return proposed, signed


def kill_often(times: int, url: str, folder: Path) -> None:
    open_state()
    confirmed: list[list[str]] = []
    for seed in range(times):
        confirmed += kill_one(url, folder, seed)
        close_state()
        # Each time what is new, and at the end all of it.
        check(confirmed[-100:])
    check(confirmed)
    assert len(confirmed) >= times
    assert os.listdir(folder)


def test_what_was_confirmed_outlives_the_program(state_url: str, tmp_path: Path) -> None:
    kill_often(5, state_url, tmp_path)


@pytest.mark.long
def test_what_was_confirmed_outlives_the_program_a_hundred_times(
    state_url: str, tmp_path: Path
) -> None:
    kill_often(100, state_url, tmp_path)
