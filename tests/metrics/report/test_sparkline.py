"""The shared chart of a column's sparklines."""

from __future__ import annotations

import json
from dataclasses import replace

from metrics.model import Status, Unit
from metrics.report.format import Formats
from metrics.report.sparkline import (
    BAND_BOTTOM,
    BAND_TOP,
    COLUMNS,
    describe,
    sparkline_data,
    sparkline_spec,
)
from metrics.scorecard import Bounds, Signal
from metrics.signals import Rule
from tests.pages import fixtures

FORMATS = Formats("en_US", "EUR")


def of(values: list[float | None], last: Status = Status.FINAL, **more: object):
    return fixtures.tile(
        fixtures.metric("k", "K", Unit.COUNT), 1, points=fixtures.points(values, last), **more
    )


def test_every_tile_keeps_to_its_own_band() -> None:
    data = sparkline_data(fixtures.marketing(), FORMATS)
    rows = data["y"] // 1
    assert set(rows) == {0, 1, 2, 3, 4}
    assert (data["y"] % 1).between(BAND_TOP - 1e-9, BAND_BOTTOM + 1e-9).all()


def test_higher_values_stand_higher() -> None:
    data = sparkline_data([of([1, 5, 3])], FORMATS)
    line = data[data["mark"] == "line"].sort_values("x")
    assert list(line["y"].rank()) == [3, 1, 2]
    assert list(line["x"]) == [10, 11, 12]


def test_a_gap_in_the_data_is_a_gap_in_the_line() -> None:
    data = sparkline_data([of([1, 2, None, 4, 5])], FORMATS)
    line = data[data["mark"] == "line"]
    assert line.groupby("line").size().tolist() == [2, 2]


def test_an_unfinished_period_is_hollow_with_a_dashed_approach() -> None:
    data = sparkline_data([of([4, 5, 2], Status.PARTIAL)], FORMATS)
    counts = data.groupby("mark").size()
    assert (counts["open"], counts["approach"], counts["line"]) == (1, 2, 2)
    assert "end" not in counts


def test_a_flat_or_single_line_is_drawn_in_the_middle() -> None:
    middle = (BAND_TOP + BAND_BOTTOM) / 2
    assert sparkline_data([of([3, 3])], FORMATS)["y"].round(9).unique().tolist() == [middle]
    assert len(sparkline_data([of([3])], FORMATS)) > 0


def test_nothing_to_draw_is_an_empty_frame() -> None:
    data = sparkline_data([of([None, None]), of([])], FORMATS)
    assert data.empty
    assert list(data.columns) == list(COLUMNS)


def test_the_spec_holds_no_data_and_no_fixed_colour() -> None:
    text = json.dumps(sparkline_spec(5))
    assert '"data"' not in text
    assert "#" not in text
    assert sparkline_spec(5) is sparkline_spec(5)


def test_the_chart_is_told_in_words() -> None:
    words = describe([of([1, 2, 3])], FORMATS)
    assert "K: 1 in W34, 3 in W36" in words
    assert describe([of([None])], FORMATS) == "No trends to show."


def charted(values: list[float | None], **more: object):
    """A tile whose every point has the limits 10 to 20; points beyond them are outside."""
    found = tuple(
        replace(
            point,
            limits=Bounds(10, 15, 20),
            is_outside=point.value is not None and not 10 <= point.value <= 20,
            is_better=False,
        )
        for point in fixtures.points(values)
    )
    return fixtures.tile(fixtures.metric("k", "K", Unit.COUNT), 1, points=found, **more)


def test_the_band_of_limits_fits_into_its_row() -> None:
    data = sparkline_data([of([1, 2]), charted([14, 15, 16])], FORMATS)
    band = data[data["mark"] == "band"]
    assert len(band) == 3
    # Wider than the line, it takes the row's whole height.
    assert band["y"].unique().tolist() == [1 + BAND_BOTTOM]
    assert band["y2"].round(9).unique().tolist() == [1 + BAND_TOP]
    assert data[(data["mark"] == "line") & (data["y"] > 1)]["y"].between(1.5, 1.8).all()


def test_a_signal_is_a_diamond_in_place_of_the_dot() -> None:
    signal = Signal(Rule.RUN, "8 weeks below the average", None, -1, 0.4)
    marks = sparkline_data([charted([15, 30, 16])], FORMATS).groupby("mark").size()
    assert (marks["signal-bad"], marks["end"]) == (1, 1)
    last = sparkline_data([charted([15, 15, 30], signal=signal)], FORMATS)
    assert set(last["mark"]) == {"line", "band", "hit", "signal"}
    assert last[last["mark"] == "signal"]["x"].tolist() == [12]


def test_the_tooltip_says_what_is_usual() -> None:
    data = sparkline_data([charted([15])], FORMATS)
    assert data[data["mark"] == "hit"]["shown"].tolist() == ["15 (usual 10–20)"]
