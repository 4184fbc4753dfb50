"""Building: the same tables every time, in proportion to the leads, refused when impossible."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from data.demo.build import DemoError, build_demo
from data.demo.company import LAST_NAMES, REPS
from data.tables import CONTRACT

DAY = date(2026, 11, 20)


def test_the_same_arguments_give_the_same_tables():
    first = build_demo(leads=1_500, seed=3, through=DAY)
    np.random.seed(0)
    second = build_demo(leads=1_500, seed=3, through=DAY)
    for name in CONTRACT:
        assert first[name].equals(second[name]), name


def test_another_seed_is_another_company_of_the_same_people_and_stories():
    one, other = (build_demo(leads=1_500, seed=seed, through=DAY) for seed in (3, 4))
    same = {name for name in CONTRACT if one[name].equals(other[name])}
    assert same == {"campaigns", "reps"}


def test_the_default_company_has_the_size_of_its_description(demo):
    sizes = {name: table.num_rows for name, table in demo.items()}
    assert sizes["leads"] == 20_000
    assert 8 <= sizes["touches"] / sizes["leads"] <= 10
    assert 5_000 <= sizes["handoffs"] <= 8_000
    assert 24 <= sum(rep.role == "account_executive" for rep in REPS) <= 26
    assert sizes["reps"] == len({rep.name for rep in REPS})
    assert len(LAST_NAMES) == len(set(LAST_NAMES))


def test_tables_grow_with_the_leads(demo):
    small = build_demo(leads=4_000, through=DAY)
    for name in ("lead_stages", "touches", "handoffs", "opportunities", "system_records"):
        assert small[name].num_rows * 5 == pytest.approx(demo[name].num_rows, rel=0.08), name


def test_progress_rises_to_one():
    told: list[tuple[str, float]] = []
    build_demo(leads=300, through=DAY, progress=lambda what, share: told.append((what, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] == 1.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"leads": 10}, "100 leads or more"),
        ({"leads": -5}, "100 leads or more"),
        ({"seed": -1}, "0 or a positive number"),
        ({"through": date(1999, 1, 1)}, "from 2000-01-01 to 2095-12-31"),
        ({"through": date(2100, 1, 1)}, "from 2000-01-01 to 2095-12-31"),
    ],
)
def test_impossible_companies_are_refused(arguments, words):
    with pytest.raises(DemoError, match=words):
        build_demo(**{"leads": 300, "through": DAY, **arguments})


@pytest.mark.parametrize(
    ("seed", "day"),
    [(0, DAY), (1, DAY), (2**40, DAY), (1, date(2000, 1, 1)), (1, date(2095, 12, 31))],
)
def test_the_smallest_company_is_whole(seed, day):
    tables = build_demo(leads=100, seed=seed, through=day)
    assert all(tables[name].num_rows for name in CONTRACT)
