"""The false-alarm rate of a whole scorecard on flat data, and that the document states it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.bench_false_alarms import FIGURES, simulate
from metrics.signals import Rule

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "signals.md"
ROW = re.compile(r"^\| (\d+) periods \| ([\d.]+) \| ([\d.]+) \| (\d+) % \|$", re.MULTILINE)


@pytest.mark.parametrize(
    ("baseline", "at_least", "at_most"), [(12, 0.03, 0.055), (26, 0.018, 0.033)]
)
def test_false_alarms_are_as_rare_as_the_document_says(baseline, at_least, at_most):
    found = simulate(baseline, scorecards=60)
    assert at_least < found.per_figure < at_most
    assert found.per_scorecard == pytest.approx(found.per_figure * len(FIGURES))
    # A point outside is rarer than three in a thousand only for exact limits of normal values.
    assert 0.003 < found.by_rule[Rule.OUTSIDE] < 0.03
    assert 0.003 < found.by_rule[Rule.RUN] < 0.035
    stated = {int(row[0]): [float(x) for x in row[1:]] for row in ROW.findall(DOCUMENT.read_text())}
    per_figure, per_scorecard, with_any = stated[baseline]
    assert found.per_figure * 100 == pytest.approx(per_figure, rel=0.25)
    assert found.per_scorecard == pytest.approx(per_scorecard, rel=0.25)
    assert found.reviews_with_any * 100 == pytest.approx(with_any, rel=0.2)


def test_the_same_seed_gives_the_same_rate():
    assert simulate(26, scorecards=3) == simulate(26, scorecards=3)
    assert simulate(26, scorecards=3) != simulate(26, scorecards=3, seed=1)
