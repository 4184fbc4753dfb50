"""Credit of random odd companies against plain Python, and its sums, on every engine."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given, settings

from data.config import parse_config
from data.tables import CONTRACT
from data.warehouse import Warehouse
from metrics.attribution import (
    Attribution,
    AttributionQuery,
    Path,
    TeamFacts,
    attribute,
    attribute_all,
    team_facts,
    top_paths,
)
from metrics.attribution.model import MODELS
from metrics.calendar import Calendar
from tests.matrix import ENGINES, examples
from tests.metrics.attribution.odd_companies import OddCompany
from tests.metrics.attribution.second_way import COLUMN, SecondWay
from tests.metrics.attribution.small_journeys import CLOSED, WEEK, ask, deal, touches
from tests.metrics.test_properties import SEEDS, SETTINGS
from tests.metrics.worlds import ZONES, Refillable, Tables, config_text, refillable
from tests.oracle_facts import Facts

CENT = Decimal("0.01")
TICK = timedelta(microseconds=1)
CUSTOMS: tuple[dict[str, float], ...] = (
    {},
    {"first": 3.0, "close": 1.0},
    {"lead": 1.0},  # where there is no touch before the lead, no position is left
    {"first": 0.0, "lead": 2.5, "opportunity": 0.5, "middle": 4.0},
)
CONFIGS = [
    parse_config(
        config_text(zone)
        + "".join(
            ["[attribution.custom]\n", *(f"{name} = {w}\n" for name, w in custom.items())]
            if custom
            else []
        )
    )
    for zone, custom in zip(ZONES, CUSTOMS, strict=True)
]


@pytest.fixture(scope="module", params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[Refillable]:
    folder = tmp_path_factory.mktemp("credit")
    with ENGINES[request.param](folder) as url, refillable(url) as found:
        yield found


def check_sums(answer: Attribution) -> None:
    rows = sum((row.credit for row in answer.rows), Decimal(0))
    assert rows + answer.unattributed == answer.total, "money adds up to the cent"
    assert all(row.credit == row.credit.quantize(CENT) for row in answer.rows)
    conversions = sum(row.conversions for row in answer.rows) + answer.unattributed_opportunities
    assert math.isclose(conversions, answer.opportunities, abs_tol=1e-9)
    assert len({row.member for row in answer.rows}) == len(answer.rows)


def check_credit(answer: Attribution, other: SecondWay) -> None:
    money, conversions = other.credit(answer.model, answer.by)
    assert {row.member for row in answer.rows} == set(money), answer.model
    for row in answer.rows:
        context = (answer.model, answer.by, row)
        assert abs(float(row.credit) - float(money[row.member])) < 0.0100001, context
        expected = float(conversions[row.member])
        assert math.isclose(row.conversions, expected, abs_tol=1e-9), context


@settings(SETTINGS, max_examples=examples(6))
@given(SEEDS)
def test_random_companies_agree_with_plain_python(database: Refillable, seed: int) -> None:
    check_company(database, seed)


@pytest.mark.long
@settings(SETTINGS, max_examples=150)
@given(SEEDS)
def test_many_random_companies_agree_with_plain_python(database: Refillable, seed: int) -> None:
    check_company(database, seed)


def check_company(database: Refillable, seed: int) -> None:
    """Every model, the teams and the paths of one company, for one question."""
    company = OddCompany(seed)
    query = company.credit_question()
    warehouse, other = both_ways(database, company.tables(), query, seed)
    answers = attribute_all(warehouse, query)
    assert list(answers) == list(MODELS)
    for model, answer in answers.items():
        check_sums(answer)
        assert (answer.total, answer.unattributed) == (other.total, other.unattributed)
        assert answer.opportunities == len(other.credited)
        assert answer.unknown_amounts == sum(told.amount is None for told in other.credited)
        check_credit(answer, other)
        assert answer.model == model
    check_alone(attribute(warehouse, query), answers[query.model])
    check_teams(team_facts(warehouse, query), other)
    check_paths(top_paths(warehouse, query, 100), other, query.by)


def test_wherever_the_milestones_stand(database: Refillable) -> None:
    """Journeys of up to four touches with every pair of last touches before the lead and before
    the opportunity, 0 for none; each touch is a member of its own."""
    leads, deals, rows = [], [], []
    for count in range(1, 5):
        moments = [CLOSED - WEEK * (count - 1 - place) for place in range(count)]
        edges = [moments[0] - TICK, *moments]
        for lead_place, opportunity_place in product(range(count + 1), repeat=2):
            name = f"{count}{lead_place}{opportunity_place}"
            leads.append({"lead_id": f"L-{name}", "created_at": edges[lead_place]})
            deals.append(deal(name, 1000, created_at=edges[opportunity_place]))
            rows += touches(name, *(f"{name}-{place}" for place in range(count)))
    known = {"leads": leads, "opportunities": deals, "touches": rows}
    tables: Tables = {
        name: [{c.name: row.get(c.name) for c in table.c} for row in known.get(name, [])]
        for name, table in CONTRACT.items()
    }
    query = ask(lookback_days=365, half_life_days=7)
    for seed in (0, 3):
        warehouse, other = both_ways(database, tables, query, seed)
        # The chain of so many members takes the second way minutes.
        for model in MODELS.keys() - {"markov"}:
            check_credit(attribute(warehouse, replace(query, model=model)), other)


def both_ways(
    database: Refillable, tables: Tables, query: AttributionQuery, seed: int
) -> tuple[Warehouse, SecondWay]:
    config, custom = CONFIGS[seed % len(CONFIGS)], CUSTOMS[seed % len(CONFIGS)]
    warehouse = database.fill(tables, config)
    calendar = Calendar(config)
    start, end = (calendar.starts_at(day) for day in (query.span.start, query.span.end))
    return warehouse, SecondWay(Facts(tables, config), query, start, end, custom)


def check_alone(alone: Attribution, among_all: Attribution) -> None:
    assert [(row.member, row.credit) for row in alone.rows] == [
        (row.member, row.credit) for row in among_all.rows
    ]
    assert alone.unattributed == among_all.unattributed


def check_teams(facts: TeamFacts, other: SecondWay) -> None:
    counts: Counter[str] = Counter()
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    for told in other.credited:
        teams = {touch["team"] for touch in told.touches}
        if {"marketing", "sales"} <= teams:
            name = "both"
        elif teams & {"marketing", "sales"}:
            (name,) = teams & {"marketing", "sales"}
        else:
            name = "others" if teams else "nobody"
        counts[name] += 1
        amounts[name] += told.amount or 0
    for name in ("both", "marketing", "sales", "others", "nobody"):
        found = getattr(facts, name)
        assert (found.opportunities, found.amount) == (counts[name], amounts[name]), name
    assert (facts.total.opportunities, facts.total.amount) == (len(other.credited), other.total)


def check_paths(paths: tuple[Path, ...], other: SecondWay, by: str) -> None:
    counts: Counter[tuple] = Counter()
    amounts: defaultdict[tuple, Decimal] = defaultdict(Decimal)
    for told in other.credited:
        steps: list[str | None] = []
        for touch in told.touches:
            if not steps or steps[-1] != touch[COLUMN[by]]:
                steps.append(touch[COLUMN[by]])
        if steps:
            counts[tuple(steps)] += 1
            amounts[tuple(steps)] += told.amount or 0
    assert {path.steps: path.opportunities for path in paths} == counts
    assert {path.steps: path.amount for path in paths} == amounts
    shown = [path.opportunities for path in paths]
    assert shown == sorted(shown, reverse=True)
