"""The credit page's charts: where things stand in them, and that their specs hold no data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from metrics.attribution.deals import Deal, Story
from metrics.attribution.model import MODELS, Attribution, Credit
from metrics.attribution.paths import Journey, JourneyTouch
from metrics.model import Unit
from metrics.report import credit_charts as charts
from metrics.report import journey_chart, rank_chart
from metrics.report.format import Formats

FORMATS = Formats("en_US", "USD")
WON = datetime(2026, 6, 30, 12)


def answer(model: str, credit: Mapping[str | None, int]) -> Attribution:
    rows = sorted(credit.items(), key=lambda row: (-row[1], row[0] or ""))
    total = Decimal(sum(credit.values()))
    credits = tuple(Credit(member, Decimal(amount), 1.0) for member, amount in rows)
    return Attribution(model, "channel", "won", WON, total, Decimal(0), 9, 0, 0, credits)


def answers(**credit: Mapping[str | None, int]) -> dict[str, Attribution]:
    return {model: answer(model, amounts) for model, amounts in credit.items()}


THREE = answers(
    first_touch={"ads": 80, "web": 20, "call": 0},
    last_touch={"ads": 0, "web": 30, "call": 70},
    linear={"ads": 40, "web": 25, "call": 35},
)


def test_a_row_stands_at_its_figures() -> None:
    lines = charts.member_lines(THREE, "linear", {"web": "The web"}, FORMATS)
    assert [(line.name, line.value) for line in lines] == [
        ("ads", "$40.00"),
        ("call", "$35.00"),
        ("The web", "$25.00"),
    ]
    data = charts.range_data(lines, "linear", Unit.MONEY, FORMATS)
    ads = data[data["who"] == "ads"].set_index("mark")
    # 80 is the furthest figure: the right end.
    assert (ads.loc["first", "x"], ads.loc["last", "x"], ads.loc["chosen", "x"]) == (1.0, 0.0, 0.5)
    assert (ads.loc["range", "x"], ads.loc["range", "x2"]) == (0.0, 1.0)
    assert set(data.loc[data["mark"] == "chosen", "row"]) == {0.5, 1.5, 2.5}


def test_those_with_little_credit_are_one_row_that_keeps_the_sum() -> None:
    lines = charts.member_lines(THREE, "linear", {}, FORMATS, limit=2)
    # Under some model ads have 80, the call 70, the web no more than 30.
    assert [line.name for line in lines] == ["ads", "2 others"]
    assert lines[1].figures == {"first_touch": 20, "last_touch": 100, "linear": 60}


def test_negative_credit_lies_left_of_nothing() -> None:
    lines = charts.member_lines(answers(linear={"ads": 100, "web": -50}), "linear", {}, FORMATS)
    data = charts.range_data(lines, "linear", Unit.MONEY, FORMATS)
    chosen = data[data["mark"] == "chosen"].set_index("who")
    zero = data[(data["mark"] == "grid") & (data["text"] == "$0")]["x"].item()
    assert chosen.loc["web", "x"] < zero < chosen.loc["ads", "x"]


def test_teams_without_money_have_no_share() -> None:
    lines = charts.team_lines(answers(linear={"marketing": 0, "sales": 0}), "linear")
    assert [(line.name, line.value, line.note) for line in lines] == [
        ("Marketing", "–", "no share"),
        ("Sales", "–", "no share"),
    ]
    assert not charts.range_data(lines, "linear", Unit.SHARE, FORMATS, whole=1.0).empty


def test_ranks_change_between_models() -> None:
    data = rank_chart.rank_data(THREE, "linear", {})
    ranks = data[data["mark"] == "line"].pivot_table(
        index="who", columns="column", values="text", aggfunc="first"
    )
    # Whoever has no credit has no rank.
    assert list(ranks.loc["ads"]) == ["1", "1", "–"]
    assert list(ranks.loc["call"]) == ["–", "2", "1"]
    assert list(ranks.loc["web"]) == ["2", "3", "2"]
    assert rank_chart.ranked_models("last_touch") == ("first_touch", "last_touch")


def test_equal_credit_has_an_equal_rank() -> None:
    ranks = rank_chart.ranks_of(answer("linear", {"a": 10, "b": 10, "c": 5, "d": 0}))
    assert ranks == {"a": 1, "b": 1, "c": 3}


def story(*shares: float, team: str = "sales") -> Story:
    """A touch every ten days, the last one ten days before the deal; the first is marketing's."""
    touches = tuple(
        JourneyTouch(
            f"T{n}",
            WON - timedelta(days=10 * (len(shares) - n)),
            "L1",
            team if n else "marketing",
            "web",
            *(None, None, None, None),
            shares={"linear": share},
        )
        for n, share in enumerate(shares)
    )
    begun = WON - timedelta(days=20)
    journey = Journey("O1", WON, begun, WON - timedelta(days=900), Decimal(9), touches)
    return Story(Deal("O1", "Acme", Decimal(9), WON, len(touches)), journey, "linear", {}, {}, {})


def test_a_touch_stands_in_its_lane_at_its_time() -> None:
    data = journey_chart.journey_data(story(0.5, 0.25, 0.25, 0.0), "won")
    dots = data[data["mark"] == "dot"].sort_values("x")
    assert dots["x"].tolist() == pytest.approx([0.0, 0.25, 0.5])
    assert dots["y"].tolist() == [0, 1, 1]
    assert dots["share"].tolist() == [0.5, 0.25, 0.25]
    assert len(data[data["mark"] == "ring"]) == 1, "a touch without weight is hollow"
    assert data.loc[data["mark"] == "lane-share", "text"].tolist() == ["50%", "50%"]
    # The lead was created long before the first touch: not in the picture.
    stones = data[data["mark"].str.startswith("milestone")]
    assert (stones["text"].tolist(), stones["x"].tolist()) == (["opportunity"], [0.5])


def test_other_teams_have_a_lane_of_their_own() -> None:
    assert journey_chart.lanes_of(story(0.5, 0.5, team="partner"))[-1] == "others"


@pytest.mark.parametrize(
    "spec",
    [
        charts.range_spec(4, 30, 13, 12, True),
        rank_chart.rank_spec(4, 26, 13),
        journey_chart.journey_spec(3, 104, 13),
    ],
)
def test_specs_hold_no_data(spec: dict) -> None:
    text = json.dumps(spec)
    assert '"data"' not in text
    assert "datasets" not in text
    assert spec["config"]["background"] == "transparent"


def test_every_model_has_words() -> None:
    assert all(model.label and model.words for model in MODELS.values())
