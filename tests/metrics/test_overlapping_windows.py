"""False alarms of figures whose windows overlap are as rare as the document says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.bench_overlapping_windows import FIGURES, simulate
from metrics.signals import BASELINE_TO, needed_ranges

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "signals.md"
ROW = re.compile(
    r"^\| ([\w, ]+), (\d+) ranges \| ([\d.]+) \| ([\d.]+) % \| ([\d.]+) \|$", re.MULTILINE
)
STATED = {
    (name, int(ranges)): [float(figure) for figure in figures]
    for name, ranges, *figures in ROW.findall(DOCUMENT.read_text())
}


@pytest.mark.parametrize("name", FIGURES)
def test_false_alarms_are_as_rare_as_the_document_says(name: str):
    draw, weeks = FIGURES[name]
    ranges = needed_ranges(weeks)
    found = simulate(draw, weeks, ranges, figures=1000)
    # No more than ordinary figures with a baseline of 12 have, and far fewer than by neighbours.
    assert 0.015 < found.per_review < 0.05
    assert found.of_neighbours > 3 * found.per_review
    figures = (100 * found.per_review, 100 * found.with_any, 100 * found.of_neighbours)
    assert STATED[name, ranges] == pytest.approx(figures, abs=0.5)


def test_the_document_states_what_too_few_ranges_would_do():
    for name, (_, weeks) in FIGURES.items():
        few, enough = STATED[name, 12], STATED[name, needed_ranges(weeks)]
        assert few[0] > enough[0]
    assert STATED["a rate over 52 weeks", BASELINE_TO][0] > 8
