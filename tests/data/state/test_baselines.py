"""Locked baselines: the first lock stands, whoever comes second; re-basing keeps the history."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from data.errors import StateError
from data.state import Baseline, open_state
from data.state.baselines import add_revision, count_rebased, lock_baselines, read_baselines
from tests.processes import run_at_once


def row(key: str = "k", **fields: Any) -> dict[str, Any]:
    return {
        "key": key,
        "metric": "mqls",
        "cadence": "weekly",
        "filters": "[]",
        "fingerprint": "f",
        "basis": "per_day",
        "first_period": "2026-W01",
        "last_period": "2026-W26",
        "mean": 10.5,
        "mean_range": 2.25,
        "lowest": 7.0,
        "highest": 14.0,
        "count": 26,
    } | fields


def lock_own(mean: float) -> None:
    """What one of several processes does; it sees one baseline, its own or another's."""
    held = lock_baselines(open_state(), [row(mean=mean), row("other", mean=mean)])
    again = read_baselines(open_state(), ["k", "other"])
    assert {key: one.mean for key, one in held.items()} == {
        key: one.mean for key, one in again.items()
    }


def test_a_lock_is_read_back_and_stands(state_url: str) -> None:
    store = open_state()
    assert read_baselines(store, ["k"]) == {}
    first = lock_baselines(store, [row()])["k"]
    second = lock_baselines(store, [row(mean=99.0), row("l")])
    assert (first.mean, second["k"].mean, second["l"].mean) == (10.5, 10.5, 10.5)
    assert read_baselines(store, ["k", "none"])["k"].locked_at == first.locked_at


def test_processes_that_lock_at_once_agree_on_one(state_url: str) -> None:
    open_state()
    assert run_at_once(4, {"STATE_URL": state_url}, lock_own, 10.0) == [0] * 4
    with open_state().read() as session:
        assert session.scalar(select(func.count()).select_from(Baseline)) == 2


def test_a_rebase_holds_and_the_old_one_stays_on_record(state_url: str) -> None:
    store = open_state()
    lock_baselines(store, [row()])
    assert count_rebased(store) == 0
    add_revision(store, row(mean=20.0), reason=" New threshold ", locked_by="ana")
    held = read_baselines(store, ["k"])["k"]
    assert (held.mean, held.revision, held.reason, held.locked_by) == (
        20.0, 1, "New threshold", "ana",
    )  # fmt: skip
    assert lock_baselines(store, [row(mean=1.0)])["k"].mean == 20.0
    assert count_rebased(store) == 1
    with store.read() as session:
        means = session.scalars(select(Baseline.mean).order_by(Baseline.revision)).all()
    assert means == [10.5, 20.0]


def test_a_rebase_needs_a_reason(state_url: str) -> None:
    with pytest.raises(StateError, match="with a reason"):
        add_revision(open_state(), row(), reason="  ", locked_by=None)
