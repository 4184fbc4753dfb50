"""Targets in words, as the card behind a tile has them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from metrics.model import Direction, Unit
from metrics.report.format import Formats
from metrics.report.target_facts import run_rate_words, target_facts
from metrics.scorecard import RunRate, TargetState
from tests.pages import fixtures

FORMATS = Formats("en_US", "USD")
RATE = RunRate(3_000_000, 24, 125_000, 55_000)
RUNNING = TargetState(5_200_000, -350_000, False, False, True, 2_550_000, False, "Q4", False, RATE)


def facts(target: TargetState | None, unit: Unit = Unit.MONEY) -> dict[str, str]:
    metric = fixtures.metric("bookings", "Bookings", unit, direction=Direction.UP)
    return dict(target_facts(fixtures.tile(metric, 2_200_000, target=target), FORMATS))


def test_a_running_quarter_says_what_is_left_and_what_each_day_needs() -> None:
    assert facts(RUNNING) == {
        "Target": "$5.2M for Q4",
        "Pace": "$2.55M due by now, as in earlier periods by the same working day",
        "To go": "$3M left: needs $125k a working day, so far $55k; 24 working days to go",
    }


def test_a_straight_line_is_labelled_and_a_part_names_its_whole() -> None:
    part = replace(RUNNING, is_linear=True, is_part=True, run_rate=None)
    told = facts(part)
    assert told["Target"] == "$5.2M, this period's part of the target of Q4"
    assert told["Pace"].startswith("$2.55M due by now, linear: fewer than 4 earlier periods")


def test_a_period_that_is_over_has_its_target_alone() -> None:
    assert facts(TargetState(0.1, 0, True, True, period="W33"), Unit.SHARE) == {
        "Limit": "10% for W33"
    }
    assert facts(None) == {}


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (replace(RATE, left=0, needed_per_day=0), "nothing: the target is reached"),
        (replace(RATE, needed_per_day=None), "$3M left and no working day to go"),
        (replace(RATE, days_left=1, needed_per_day=3e6, so_far_per_day=None),
         "$3M left: needs $3M a working day; 1 working day to go"),
        # A year's rest is told by the week: five working days.
        (replace(RATE, days_left=200, needed_per_day=15_000),
         "$3M left: needs $75k a week, so far $275k; 200 working days to go"),
    ],
)  # fmt: skip
def test_the_run_rate(rate: RunRate, words: str) -> None:
    assert run_rate_words(rate, Unit.MONEY, FORMATS) == words
