"""Exceptions first: which figures are told, in which order, and in which words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from metrics.exceptions import find_exceptions
from metrics.model import Direction, Kind, Status, Unit
from metrics.report.format import Formats
from metrics.report.stories import count_line, details, finding, signal_words, usual_range
from metrics.report.words import Judgement, change_words
from metrics.scorecard import Bounds, Change, Scorecard, Signal, TargetState, Tile
from metrics.signals import Rule
from pages.view.exceptions import exceptions_html
from tests.pages import fixtures

FORMATS = Formats("en_US", "EUR")
OUT_BELOW = Signal(Rule.OUTSIDE, "below its usual range, 2 weeks running", False, -1, 1.5)
OUT_ABOVE = Signal(Rule.OUTSIDE, "above its usual range", True, 1, 4.0)
RUN_BELOW = Signal(Rule.RUN, "8 weeks below the average", False, -1, 0.4)
USUAL = Bounds(0.93, 0.955, 0.98)


def of(id: str, value: float | None = 0.882, unit: Unit = Unit.SHARE, **fields: object) -> Tile:
    metric = {k: fields.pop(k) for k in ("kind", "direction") if k in fields}
    return fixtures.tile(fixtures.metric(id, id.upper(), unit, **metric), value, **fields)


def card(*tiles: Tile, goals: tuple[Tile, ...] = ()) -> Scorecard:
    return Scorecard("C", datetime(2026, 11, 16), "W46", "vs W45", goals, {"shared": tiles})


def missed(gap: float, value: float) -> TargetState:
    return TargetState(value, gap, False, gap > 0)


def test_what_is_met_and_usual_is_no_exception():
    quiet = of("a", limits=USUAL, target=TargetState(0.8, 0.082, True, False))
    found = find_exceptions(card(quiet, of("b")))
    assert (found.stories, found.found, found.beyond, found.figures) == ((), 0, 0, 2)


def test_worst_first_by_distance_and_gap_the_unfavourable_before_the_favourable():
    tiles = (
        of("good", signal=OUT_ABOVE, limits=USUAL),  # size 4, favourable
        of("run", signal=RUN_BELOW, limits=USUAL),  # 0.4
        of("miss", target=missed(-0.5, 1.0)),  # 0.5
        of("both", signal=RUN_BELOW, limits=USUAL, target=missed(-0.2, 1.0)),  # 0.6
        of("out", signal=OUT_BELOW, limits=USUAL),  # 1.5
    )
    found = find_exceptions(card(*tiles), limit=10)
    assert [story.tile.metric.id for story in found.stories] == [
        "out", "both", "miss", "run", "good",
    ]  # fmt: skip
    assert [round(story.size, 2) for story in found.stories] == [1.5, 0.6, 0.5, 0.4, 4.0]
    assert [story.is_bad for story in found.stories] == [True] * 4 + [False]
    assert (found.beyond, found.figures) == (4, 5)
    assert len(find_exceptions(card(*tiles)).stories) == 3


def test_a_gap_counts_at_most_once_the_target_and_a_running_one_against_its_pace():
    far = of("far", 9, Unit.COUNT, target=missed(8, 1))
    nothing = of("zero", 3, Unit.COUNT, target=missed(3, 0))
    pace = of("pace", 90, Unit.COUNT, target=TargetState(1000, -10, False, False, True, 100))
    unknown = of("bound", None, Unit.HOURS, bound=5.2, target=TargetState(2, None, False, True))
    sizes = {
        story.tile.metric.id: story.size
        for story in find_exceptions(card(far, nothing, pace, unknown), limit=9).stories
    }
    assert sizes == {"far": 1, "zero": 1, "pace": pytest.approx(0.1), "bound": 1}


def test_a_kpi_that_is_a_goal_and_a_tile_is_one_figure():
    tile = of("a", signal=OUT_BELOW, limits=USUAL)
    found = find_exceptions(card(tile, of("b"), goals=(tile,)))
    assert (len(found.stories), found.beyond, found.figures) == (1, 1, 2)


def test_the_cause_is_asked_for_those_told_alone():
    tiles = [of(f"k{n}", target=missed(-0.1 * n, 1.0)) for n in range(1, 6)]
    asked: list[str] = []

    def cause(tile: Tile) -> str | None:
        asked.append(tile.metric.id)
        return "mostly EMEA"

    found = find_exceptions(card(*tiles), cause)
    assert asked == ["k5", "k4", "k3"]
    assert found.stories[0].cause == "mostly EMEA"


def story_of(tile: Tile):
    return find_exceptions(card(tile)).stories[0]


@pytest.mark.parametrize(
    ("tile", "bold", "rest"),
    [
        (of("sla", signal=OUT_BELOW, limits=USUAL, target=missed(-0.068, 0.95)),
         "SLA fell to 88.2%",
         "6.8 pp under target 95%, below its usual 93–98%, 2 weeks running"),
        (of("mqls", 316, Unit.COUNT, signal=OUT_ABOVE, limits=Bounds(50, 65, 81)),
         "MQLS rose to 316", "above its usual 50–81"),
        (of("sal", kind=Kind.COHORT, label="SAL, 14 d", qualifier="cohort W44", limits=USUAL,
            signal=RUN_BELOW),
         "SAL at 88.2%", "cohort W44, 8 weeks below the average, usual 93–98%"),
        (of("x", 612, Unit.COUNT, label="X, Q4 to date", target=missed(-28, 640)),
         "X, Q4 to date, at 612", "28 short of target 640"),
        (of("wait", None, Unit.HOURS, bound=5.2, target=TargetState(2, None, False, True)),
         "WAIT at > 5.2 h", "over limit 2 h"),
        (of("rej", 0.142, direction=Direction.DOWN, target=missed(0.042, 0.1)),
         "REJ at 14.2%", "4.2 pp over limit 10%"),
    ],
)  # fmt: skip
def test_a_story_in_words(tile: Tile, bold: str, rest: str):
    story = story_of(tile)
    assert (finding(story, FORMATS), details(story, FORMATS)) == (bold, rest)


def test_ranges_say_their_unit_once():
    assert usual_range(of("a", 2.0, Unit.HOURS, limits=Bounds(0.9, 1.5, 2.5)), FORMATS) == (
        "0.9–2.5 h"
    )
    assert usual_range(of("a", 2.0, Unit.MONEY, limits=Bounds(0, 15, 25)), FORMATS) == "€0–€25"
    assert usual_range(of("a"), FORMATS) == ""
    assert signal_words(of("a", limits=USUAL), FORMATS) == ""


def test_the_count_in_one_line():
    bad = of("a", signal=OUT_BELOW, limits=USUAL)
    one = card(bad, of("b"))
    assert count_line(find_exceptions(one), one) == "1 of 2 figures is beyond normal variation"
    many = card(*(replace(bad, label=str(n)) for n in range(5)))
    many = replace(many, limits_note="limits not locked")
    assert count_line(find_exceptions(many), many) == (
        "5 of 5 figures are beyond normal variation · the worst 3 of 5 exceptions · "
        "limits not locked"
    )
    none = card(of("a"))
    assert count_line(find_exceptions(none), none) == "no natural limits for this period"


def test_only_beyond_usual_is_judged():
    change = Change(-0.01, None, "W45", False)
    usual = change_words(of("a", limits=USUAL, change=change), FORMATS)
    assert (usual.text, usual.judgement) == ("▼ −1.0 pp vs W45 · usual", Judgement.NONE)
    beyond = change_words(of("a", limits=USUAL, change=change, signal=OUT_BELOW), FORMATS)
    assert (beyond.text, beyond.judgement) == ("▼ −1.0 pp vs W45 · beyond usual", Judgement.BAD)
    neutral = replace(OUT_BELOW, is_better=None)
    assert change_words(of("a", limits=USUAL, signal=neutral), FORMATS).text == "beyond usual"
    assert change_words(of("a", change=change), FORMATS).text == "▼ −1.0 pp vs W45"
    open_tile = of("a", limits=USUAL, change=change, status=Status.MATURING)
    assert "usual" not in change_words(open_tile, FORMATS).text


def test_a_change_that_is_too_long_for_its_line_leaves_the_percentage_out():
    change = Change(-94.95, -0.047, "W45", True)
    cost = of("cost_per_mql", value=1916.0, unit=Unit.MONEY, limits=USUAL, change=change)
    assert change_words(cost, FORMATS).text == "▼ −€94.95 (−4.7%) vs W45 · usual"
    beyond = replace(cost, signal=OUT_BELOW)
    assert change_words(beyond, FORMATS).text == "▼ −€94.95 vs W45 · beyond usual"


def test_the_band_escapes_what_data_hold():
    bad = of("a", signal=OUT_BELOW, limits=USUAL, label="<img src=x onerror=alert(1)>")
    shown = card(bad)
    html = exceptions_html(find_exceptions(shown, lambda _: "<script>x</script>"), shown, FORMATS)
    assert "<img" not in html
    assert "<script" not in html
    assert "story-bad" in html
    # What was said of a KPI stands beside its story alone.
    found = find_exceptions(shown)
    said = exceptions_html(found, shown, FORMATS, {"a": ("Rain <b>", "A & B"), "b": ("x", "y")})
    assert '<q class="story-said">Rain &lt;b&gt;</q> A &amp; B</p>' in said
    assert said.count("story-said") == 1
    quiet = card(of("b"))
    assert "Nothing is beyond" in exceptions_html(find_exceptions(quiet), quiet, FORMATS)
