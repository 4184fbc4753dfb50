"""Tiles and goals in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from metrics.model import Status, Unit
from metrics.report.format import Formats
from metrics.report.words import (
    Judgement,
    change_line,
    early_line,
    goal_line,
    goal_of,
    headline,
    tally,
    target_words,
)
from metrics.scorecard import Change, EarlyRead, TargetState
from tests.pages import fixtures

FORMATS = Formats("en_US", "EUR")


def of(unit: Unit, value: float | None, target: TargetState | None = None, **more: object):
    return fixtures.tile(fixtures.metric("k", "K", unit), value, target=target, **more)


@pytest.mark.parametrize(
    ("unit", "value", "target", "goal", "state", "judgement"),
    [
        (Unit.COUNT, 612, TargetState(640, -28, False, False), "target 640", "✕ 28 short", "bad"),
        (Unit.COUNT, 650, TargetState(640, 10, True, False), "target 640", "✓ met", "none"),
        (Unit.SHARE, 0.142, TargetState(0.1, 0.042, False, True), "limit 10%", "✕ 4.2 pp over",
         "bad"),
        (Unit.MULTIPLE, 2.9, TargetState(3, -0.1, False, False), "target 3×", "✕ 0.1× under",
         "bad"),
        (Unit.COUNT, 371, TargetState(640, -13, False, False, True, 384), "pace 384",
         "✕ 13 behind", "bad"),
        (Unit.COUNT, 390, TargetState(640, 6, True, False, True, 384, True), "linear pace 384",
         "✓ on pace", "none"),
        (Unit.COUNT, None, TargetState(640, None, None, False), "target 640", "", "none"),
    ],
)  # fmt: skip
def test_targets(unit, value, target, goal, state, judgement) -> None:
    shown = target_words(of(unit, value, target), FORMATS)
    assert (shown[0], shown[1].text, shown[1].judgement) == (goal, state, judgement)


def test_a_tile_without_target_says_so() -> None:
    assert target_words(of(Unit.COUNT, 3), FORMATS)[0] == "no target set"


@pytest.mark.parametrize(
    ("unit", "value", "target", "beside", "line", "judgement"),
    [
        (Unit.MONEY, 2.31e6, TargetState(5.2e6, 0, False, False, True, 2.55e6), "of €5.2M",
         "▼ €240k behind pace", Judgement.BAD),
        (Unit.MONEY, 9.84e6, TargetState(18e6, 0, True, False, True, 8.82e6), "of €18M",
         "▲ €1.02M ahead of pace", Judgement.GOOD),
        (Unit.SHARE, 0.214, TargetState(0.24, -0.026, False, False), "target 24%",
         "✕ 2.6 pp under", Judgement.BAD),
        (Unit.SHARE, 0.25, TargetState(0.24, 0.01, True, False), "target 24%",
         "✓ 1.0 pp above", Judgement.GOOD),
        (Unit.HOURS, 3.1, TargetState(2, 1.1, False, True), "limit 2 h",
         "✕ 1.1 h over", Judgement.BAD),
        (Unit.SHARE, 0.24, TargetState(0.24, 0, True, False), "target 24%", "✓ met",
         Judgement.NONE),
    ],
)  # fmt: skip
def test_goals(unit, value, target, beside, line, judgement) -> None:
    tile = of(unit, value, target)
    assert goal_of(tile, FORMATS) == beside
    shown = goal_line(tile, FORMATS)
    assert (shown.text, shown.judgement) == (line, judgement)


def test_nothing_to_show_is_a_dash_with_its_reason() -> None:
    tile = of(Unit.SHARE, None, reason="no MQLs in this period", status=Status.NO_DATA)
    assert headline(tile, FORMATS) == "–"
    assert change_line(tile, FORMATS) == "no MQLs in this period"


def test_a_bounded_percentile_over_its_limit_is_a_miss() -> None:
    tile = of(Unit.HOURS, None, TargetState(2, None, False, True), bound=5.2)
    assert headline(tile, FORMATS) == "> 5.2 h"
    assert target_words(tile, FORMATS)[1].judgement is Judgement.BAD


def test_against_nothing_a_figure_is_new() -> None:
    tile = of(Unit.COUNT, 3, change=Change(None, None, "W45", None))
    assert change_line(tile, FORMATS) == "new, nothing in W45"


def test_an_early_read_names_its_cohort_and_age() -> None:
    early = EarlyRead(7, "W45", 0.061, Change(0.007, None, "W44", True))
    assert early_line(early, Unit.SHARE, FORMATS) == "W45 at 7 d: 6.1%, +0.7 pp"


def test_the_tally_is_one_for_both_teams() -> None:
    card = fixtures.scorecard()
    assert tally(card) == "6 of 14 targets met"
    assert tally(replace(card, goals=(), columns={})) == "No target to judge in this period"
