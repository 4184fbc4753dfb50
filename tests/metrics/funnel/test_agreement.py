"""The funnel of random companies against plain Python, and its sums, on every engine."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings

from data.config import DIMENSIONS, parse_config
from data.warehouse import Warehouse
from metrics.calendar import Cadence, Calendar, Period
from metrics.engine import run_query
from metrics.funnel import Funnel, build_funnel
from metrics.funnel.model import MOVES
from metrics.query import MetricQuery
from metrics.view import View
from tests.matrix import ENGINES, examples
from tests.metrics.funnel.second_way import SecondWay
from tests.metrics.test_properties import SEEDS, SETTINGS
from tests.metrics.worlds import (
    FIRST_DAY,
    MEMBERS,
    ZONES,
    Refillable,
    Tables,
    World,
    config_text,
    refillable,
)
from tests.oracle_facts import Facts

CONFIGS = [parse_config(config_text(zone)) for zone in ZONES]
FATES = ("advanced", "rejected", "recycled", "waiting", "overdue")
LEAD_FILTERS = sorted(set(MEMBERS) - {"priority", "kind", "sourced_by"})


@pytest.fixture(scope="module", params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[Refillable]:
    folder = tmp_path_factory.mktemp("funnels")
    with ENGINES[request.param](folder) as url, refillable(url) as found:
        yield found


def company_of(seed: int) -> Tables:
    """A world whose deals have planned dates that move over the end of a quarter."""
    tables = World(seed).tables()
    random = Random(seed)
    planned = [None, date(2026, 3, 20), date(2026, 5, 1), date(2026, 7, 1), date(2026, 9, 9)]
    for row in (*tables["opportunities"], *tables["opportunity_stages"]):
        row["expected_close_on"] = random.choice(planned)
    for row in tables["opportunities"]:
        row["loss_reason"] = random.choice([None, "price"]) if row["status"] == "lost" else None
    for row in tables["lead_stages"]:
        row["reason"] = random.choice([None, "no fit"]) if row["stage"] == "rejected" else None
    return tables


def view_of(seed: int, calendar: Calendar) -> View:
    random = Random(-seed)
    as_of = FIRST_DAY + timedelta(days=random.randint(1, 60), hours=random.choice([0, 5, 14]))
    cadence = random.choice([Cadence.WEEKLY, Cadence.MONTHLY, Cadence.QUARTERLY])
    day = min(FIRST_DAY + timedelta(days=random.randint(0, 30)), as_of)
    where = tuple(
        (name, tuple(random.sample(MEMBERS[name], random.randint(1, 2))))
        for name in random.sample(LEAD_FILTERS, random.choice([0, 0, 1]))
    )
    return View(calendar.period_of(calendar.day_of(day), cadence), as_of, where=where)


def bounds(calendar: Calendar, period: Period, as_of: datetime) -> tuple[datetime, datetime]:
    start = calendar.starts_at(period.start)
    last = min(calendar.starts_at(period.end), as_of + timedelta(microseconds=1))
    return start, max(start, last)


def check_leads(found: Funnel, other: SecondWay) -> None:
    assert found.counts is not None
    assert found.leaks is not None
    assert list(found.counts.stages) == other.stages
    windows = {stage.stage: stage.window_days for stage in found.counts.cohort}
    for stage, entered in zip(found.counts.cohort, found.counts.period, strict=True):
        expected = other.reached_since(stage.stage, windows)
        assert (stage.reached, stage.maturing) == expected, stage
        assert entered == len(other.entered(stage.stage)), stage
    for leak, entered in zip(found.leaks, found.counts.period, strict=False):
        expected_fates = other.fates(leak.stage, leak.window_days)
        assert {fate: getattr(leak, fate) for fate in FATES} == {
            fate: expected_fates[fate] for fate in FATES
        }, leak
        assert leak.entered == entered, "every lead that entered has exactly one fate"
        assert sum(n for _, n in leak.reasons) == leak.rejected
    for pool, lately in ((found.recycled, True), (found.recycled_ever, False)):
        assert pool is not None
        assert vars(pool) == {
            name: other.pool(lately=lately)[name]
            for name in ("in_pool", "re_mql", "sql", "customer")
        }
    for time in found.times or ():
        days, completed, running = other.times(time.stage)
        assert (time.completed, time.running) == (completed, running), time
        assert (time.days is None) == (days is None)
        assert days is None or math.isclose(days, time.days or 0.0, abs_tol=1e-9)
    for rows in found.counts.splits.values():
        for twofold, whole in (
            ("cohort", tuple(stage.reached for stage in found.counts.cohort)),
            ("period", found.counts.period),
        ):
            parts = [getattr(row, twofold) for row in rows]
            total = tuple(map(sum, zip(*parts, strict=True))) if parts else (0,) * len(whole)
            assert total == whole


def check_pipeline(found: Funnel, other: SecondWay, due: date) -> None:
    assert found.pipeline is not None
    expected = other.movement(due)
    shown = {move.source: move for move in found.pipeline.sources}
    for source, money in expected.items():
        if not any(money.values()):
            continue
        move = shown[source]
        amounts = {name: sums.amount for name, sums in move.moves.items()}
        amounts |= {"closing": move.closing.amount, "open": move.open.amount}
        assert amounts == {name: money[name] for name in amounts}, source
    for move in (*shown.values(), found.pipeline.total):
        total = sum(sign * move.moves[name].amount for name, sign in MOVES.items())
        assert total == move.closing.amount, "the movement adds up to the cent"
        moved = ("opening", "created", "slipped_in")
        left = ("slipped_out", "lost", "won")
        count = sum(move.moves[name].count for name in moved)
        assert count - sum(move.moves[name].count for name in left) == move.closing.count
    for name in MOVES:
        assert found.pipeline.total.moves[name].amount == sum(
            move.moves[name].amount for move in shown.values()
        )


def check_kpis(warehouse: Warehouse, view: View, found: Funnel) -> None:
    """The period's counts are the KPIs of the catalog."""
    assert found.counts is not None
    assert found.pipeline is not None
    metrics = ("mqls", "sqls", "lost_deals")
    query = MetricQuery(metrics, (view.period.span,), view.as_of, where=view.where)
    rows = {row.metric: row.value for row in run_query(warehouse, query)}
    counts = dict(zip(found.counts.stages, found.counts.period, strict=True))
    for metric, stage in (("mqls", "mql"), ("sqls", "sql")):
        if stage in counts:
            assert rows[metric] == counts[stage]
    assert rows["lost_deals"] == sum(sums.count for _, sums in found.pipeline.losses)


@settings(SETTINGS, max_examples=examples(5))
@given(SEEDS)
def test_random_companies_agree_with_plain_python(database: Refillable, seed: int) -> None:
    config = CONFIGS[seed % len(CONFIGS)]
    calendar = Calendar(config)
    tables = company_of(seed)
    if len({row["stage"] for row in tables["lead_stages"]} & {"mql", "sql", "lead"}) < 2:
        return
    warehouse = database.fill(tables, config)
    view = view_of(seed, calendar)
    found = build_funnel(warehouse, view)
    start, end = bounds(calendar, view.period, view.as_of)
    other = SecondWay(Facts(tables, config), view.as_of, start, end, view.where)
    check_leads(found, other)
    if tables["opportunities"]:
        due = calendar.period_of(view.period.end, Cadence.QUARTERLY).end
        check_pipeline(found, other, due)
        check_kpis(warehouse, view, found)
    conversion = found.conversion
    if conversion is not None:
        step_from, _, step_to = conversion.metric.partition("_to_")
        seen = other.observations(step_from, step_to, conversion.horizon_days)
        assert conversion.curves[0].leads == len(seen)
        assert sum(p.converted for p in conversion.curves[0].points) == sum(c for _, c in seen)
        for point in conversion.curves[0].points:
            assert point.at_risk == sum(day >= point.day for day, _ in seen)


def test_every_filter_is_honoured_or_refused_in_words(database: Refillable) -> None:
    config = CONFIGS[0]
    warehouse = database.fill(company_of(7), config)
    calendar = Calendar(config)
    period = calendar.period_of(date(2026, 3, 9), Cadence.QUARTERLY)
    for name in DIMENSIONS:
        view = View(period, datetime(2026, 5, 1), where=((name, ("nobody",)),))
        found = build_funnel(warehouse, view)
        if found.counts is None:
            assert f"cannot be split or filtered by {name}" in found.reasons["counts"]
        else:
            assert set(found.counts.period) == {0}
        if found.pipeline is None:
            assert f"cannot be split or filtered by {name}" in found.reasons["pipeline"]
        else:
            assert found.pipeline.sources == ()
