"""Every model on journeys worked by hand, and the exact ones against brute force."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, pairwise
from math import factorial
from random import Random

import pytest

from data.config import CUSTOM_POSITIONS
from data.config import MODELS as CONFIGURED
from metrics.attribution import (
    MODELS,
    attribute,
    attribute_all,
    journey,
    team_facts,
    team_split,
)
from metrics.attribution.markov import CREDITED, NOTHING, START, Transition, solve_chain
from metrics.attribution.model import Position
from metrics.attribution.rounding import to_cents, without_noise
from metrics.attribution.teams import GROUPS
from metrics.errors import QueryError
from tests.build import warehouse_of
from tests.metrics.attribution.second_way import removal_effects
from tests.metrics.attribution.small_journeys import CLOSED, Fill, ask, deal, paths, touches

# Three won journeys X, X > Y and X > Y > Z of one opportunity each. First, last, linear and Markov
# as ChannelAttribution 2.2.5 has them, position and decay as MAM 2.1.1, position, linear and
# Shapley as eeghor's mta 0.0.9.
PUBLISHED = {
    "first_touch": (3, 0, 0),
    "last_touch": (1, 1, 1),
    "linear": (11 / 6, 5 / 6, 1 / 3),
    "position_40_20_40": (1.9, 0.7, 0.4),
    "time_decay": (1.476190476190476, 0.9523809523809523, 0.5714285714285714),
    "markov": (1.5, 1.0, 0.5),
    "shapley": (11 / 6, 5 / 6, 1 / 3),
}


def test_published_journeys_have_their_published_credit(fill: Fill):
    answers = attribute_all(fill(paths("X", "XY", "XYZ")), ask())
    for model, expected in PUBLISHED.items():
        rows = {row.member: row for row in answers[model].rows}
        for member, conversions in zip("XYZ", expected, strict=True):
            assert math.isclose(rows[member].conversions, conversions, abs_tol=1e-12), model
        assert sum(row.credit for row in answers[model].rows) == Decimal(3)
    # 11/6, 5/6 and 1/3 rounded down leave a cent; of equal remainders the first row gets it.
    assert [str(row.credit) for row in answers["linear"].rows] == ["1.84", "0.83", "0.33"]


def test_markov_removal_effects_of_the_published_journeys():
    steps = _transitions([("X", True), ("XY", True), ("XYZ", True)])
    chain = solve_chain(steps)
    assert chain.base == pytest.approx(1)
    assert chain.removal_effects == pytest.approx({"X": 1, "Y": 2 / 3, "Z": 1 / 3})


# A journey a (lead created before it) b (opportunity created before it) c d, closing at d.
MILESTONES: dict[str, tuple[float, ...]] = {
    "first_touch": (1, 0, 0, 0, 0),
    "last_touch": (0, 0, 0, 0, 1),
    "linear": (0.2, 0.2, 0.2, 0.2, 0.2),
    "position_40_20_40": (0.4, 0.2 / 3, 0.2 / 3, 0.2 / 3, 0.4),
    "u_50_50": (0.5, 0.5, 0, 0, 0),
    "w_30_30_30_10": (0.3, 0.3, 0.05, 0.3, 0.05),
    "full_path_22_5": (0.225, 0.225, 0.1, 0.225, 0.225),
    "custom": (0.2, 0.2, 0.2, 0.2, 0.2),
    "shapley": (0.2, 0.2, 0.2, 0.2, 0.2),
}


def test_milestones_are_the_last_touches_at_or_before_them(fill: Fill):
    rows = touches("O1", *"abcde")
    tables = {
        "leads": [{"lead_id": "L-O1", "created_at": rows[1]["occurred_at"]}],
        "opportunities": [
            deal("O1", 100, created_at=rows[3]["occurred_at"] + timedelta(seconds=1))
        ],
        "touches": rows,
    }
    told = journey(fill(tables), "O1", ask())
    assert [touch.channel for touch in told.touches] == list("abcde")
    for model, expected in MILESTONES.items():
        assert [touch.shares[model] for touch in told.touches] == pytest.approx(expected), model
    assert "markov" not in told.touches[0].shares


def test_milestones_stack_and_an_empty_position_goes_to_the_others(fill: Fill):
    """Two touches after the lead was created; the opportunity was created at the second."""
    rows = touches("O1", "a", "b")
    tables = {
        "leads": [{"lead_id": "L-O1", "created_at": datetime(2026, 1, 1)}],
        "opportunities": [deal("O1", 100, created_at=CLOSED)],
        "touches": rows,
    }
    shares = [touch.shares for touch in journey(fill(tables), "O1", ask()).touches]
    # No touch before the lead: all of u to the first. Nothing over for the rest of w: 30 to 30.
    assert [s["u_50_50"] for s in shares] == pytest.approx([1, 0])
    assert [s["w_30_30_30_10"] for s in shares] == pytest.approx([0.5, 0.5])
    assert [s["full_path_22_5"] for s in shares] == pytest.approx([1 / 3, 2 / 3])
    assert [s["position_40_20_40"] for s in shares] == pytest.approx([0.5, 0.5])


def test_a_custom_model_without_any_of_its_positions_is_linear(company, duckdb_url: str):
    tables = paths("ab")  # nobody knows when the lead was created
    config = "[attribution.custom]\nlead = 1\n"
    told = journey(warehouse_of(company, duckdb_url, tables, config), "O0", ask())
    assert [touch.shares["custom"] for touch in told.touches] == [0.5, 0.5]


def test_decay_where_every_touch_is_thousands_of_half_lives_old(fill: Fill):
    """What counts is how far the touches are from each other: 20 half-lives."""
    tables = paths("XY")
    tables["opportunities"][0]["closed_at"] = CLOSED + timedelta(days=100)
    tables["touches"][0]["occurred_at"] = CLOSED - timedelta(days=1)
    told = journey(fill(tables), "O0", ask(half_life_days=0.05))
    shares = [touch.shares["time_decay"] for touch in told.touches]
    assert shares == pytest.approx([2**-20 / (1 + 2**-20), 1 / (1 + 2**-20)], rel=1e-9)


# -- Shapley ------------------------------------------------------------------------------------


def _brute_shapley(paths_: list[tuple[str, int]]) -> dict[str, Fraction]:
    """Over all coalitions: v(S) = value of the journeys whose channels all lie in S."""
    players = sorted({channel for path, _ in paths_ for channel in path})

    def value(coalition: frozenset[str]) -> int:
        return sum(worth for path, worth in paths_ if set(path) <= coalition)

    credit = dict.fromkeys(players, Fraction(0))
    for player in players:
        others = [other for other in players if other != player]
        for size in range(len(others) + 1):
            share = Fraction(factorial(size) * factorial(len(players) - size - 1))
            share /= factorial(len(players))
            for coalition in map(frozenset, combinations(others, size)):
                credit[player] += share * (value(coalition | {player}) - value(coalition))
    return credit


@pytest.mark.parametrize("channels", range(1, 9))
def test_shapley_is_what_all_coalitions_say(company, duckdb_url: str, channels: int):
    random = Random(channels)
    drawn = [
        (
            "".join(random.choices("ABCDEFGH"[:channels], k=random.randint(1, 9))),
            random.randint(0, 99),
        )
        for _ in range(25)
    ]
    tables = paths(*(path for path, _ in drawn))
    for row, (_, worth) in zip(tables["opportunities"], drawn, strict=True):
        row["amount"] = Decimal(worth)
    answer = attribute(warehouse_of(company, duckdb_url, tables), ask("shapley"))
    expected = _brute_shapley(drawn)
    found = {row_of.member: float(row_of.credit) for row_of in answer.rows}
    assert found == pytest.approx({name: float(v) for name, v in expected.items()}, abs=0.01)


# -- Markov -------------------------------------------------------------------------------------


def _transitions(journeys: list[tuple[str, bool]]) -> list[Transition]:
    steps: list[Transition] = []
    for path, won in journeys:
        states = [START, *path, CREDITED if won else NOTHING]
        steps += [(a, b, 1.0) for a, b in pairwise(states)]
    return steps


def _random_journeys(seed: int) -> list[tuple[str, bool]]:
    random = Random(seed)
    return [
        ("".join(random.choices("ABCDEF", k=random.randint(1, 7))), random.random() < 0.4)
        for _ in range(40)
    ]


@pytest.mark.parametrize("seed", range(12))
def test_markov_is_what_deleting_each_channel_says(seed: int):
    journeys = _random_journeys(seed)
    chain = solve_chain(_transitions(journeys))
    expected = removal_effects(journeys)
    assert chain.removal_effects == pytest.approx({k: float(v) for k, v in expected.items()})
    won = sum(is_won for _, is_won in journeys)
    assert chain.base == pytest.approx(won / len(journeys)), "conversions ÷ journeys"
    assert sum(chain.shares.values()) == pytest.approx(1)


@pytest.mark.parametrize("seed", range(6))
def test_self_loops_do_not_change_removal_effects(seed: int):
    journeys = _random_journeys(seed)
    longer = [("".join(channel * (1 + i % 3) for i, channel in enumerate(path)), won)
              for path, won in journeys]  # fmt: skip
    plain, looped = (solve_chain(_transitions(found)) for found in (journeys, longer))
    assert looped.removal_effects == pytest.approx(plain.removal_effects)


def test_a_chain_in_which_nothing_is_won_credits_nobody():
    chain = solve_chain(_transitions([("AB", False)]))
    assert (chain.base, chain.shares) == (0.0, {})
    assert solve_chain([]).shares == {}


def test_a_chain_too_large_to_solve_is_refused_in_words():
    steps = [(START, number, 1.0) for number in range(3_001)]
    with pytest.raises(QueryError, match="chain of 3001 members is too large"):
        solve_chain(steps)


# -- money --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amounts", "total", "expected"),
    [
        ((10 / 3, 10 / 3, 10 / 3), "10.00", ("3.34", "3.33", "3.33")),
        ((0.005, 0.005), "0.01", ("0.01", "0.00")),
        ((-0.005, -0.005), "-0.01", ("0.00", "-0.01")),
        ((-10 / 3, 20 / 3, -10 / 3), "0.00", ("-3.33", "6.67", "-3.34")),
        ((4.999999999999, 5.000000000001), "10.00", ("5.00", "5.00")),
        ((-0.0,), "0.00", ("0.00",)),
        ((), "0.00", ()),
    ],
)
def test_cents_go_to_the_largest_remainders(amounts, total, expected):
    cents = to_cents([without_noise(amount) for amount in amounts], Decimal(total))
    assert tuple(map(str, cents)) == expected


def test_questions_that_cannot_be_asked():
    for options, words in (
        ({"model": "shaply"}, "Nearest: 'shapley'"),
        ({"by": "chanel"}, "unknown dimension of credit 'chanel'. Nearest: 'channel'"),
        ({"basis": "lost"}, "unknown basis 'lost'"),
        ({"lookback_days": 0}, "lookback of 0 days is impossible"),
        ({"half_life_days": float("nan")}, "half-life of nan days is impossible"),
        ({"where": (("regio", ("EMEA",)),)}, "Nearest: 'region'"),
    ):
        with pytest.raises(QueryError, match=words.replace("'", ".")):
            ask(**options)


def test_the_models_are_the_configuration_s():
    assert tuple(MODELS) == CONFIGURED
    assert set(CUSTOM_POSITIONS) == set(Position) - {Position.LAST}


# -- teams ------------------------------------------------------------------------------------


def test_the_teams_split_adds_up_and_knows_its_range(fill: Fill):
    """Marketing began what sales closed; a partner alone brought 50, nobody touched 25."""
    shared = touches("O1", "ads", "phone")
    shared[1]["team"] = "sales"
    tables = {
        "opportunities": [deal("O1", 100), deal("O2", 50), deal("O3", 25), deal("O4", None)],
        "touches": [*shared, *touches("O2", "referral", team="partner")],
    }
    warehouse = fill(tables)
    facts = team_facts(warehouse, ask())
    amounts = [getattr(facts, name).amount for name in GROUPS]
    assert amounts == [100, 0, 0, 50, 25]
    assert (facts.nobody.opportunities, facts.nobody.unknown_amounts) == (2, 1)
    assert facts.total.amount == 175
    split = team_split(warehouse, ask("first_touch"))
    assert split.answers["linear"].credit_of("partner") == 50
    assert split.marketing == pytest.approx(100 / 150)
    assert split.low == 0
    assert split.high == pytest.approx(100 / 150)
    assert split.shares["linear"] == pytest.approx(50 / 150)


def test_no_share_of_money_that_is_not_there(fill: Fill):
    warehouse = fill({"opportunities": [deal("O1", -5)], "touches": touches("O1", "ads")})
    split = team_split(warehouse, ask())
    assert (split.marketing, split.low, split.high) == (None, None, None)
    assert split.answers["linear"].credit_of("marketing") == -5
