"""The SLA page of random companies against plain Python, and its sums, on every engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings

from data.config import DIMENSIONS, parse_config
from data.warehouse import Warehouse
from metrics.calendar import Cadence, Calendar, Span
from metrics.engine import run_query
from metrics.errors import QueryError
from metrics.query import MetricQuery
from metrics.sla import Queue
from metrics.sla.cost import cost
from metrics.sla.model import Rate, States
from metrics.sla.question import COST_WEEKS, WINDOW_WEEKS, Question
from metrics.sla.rejections import rejections
from metrics.sla.responses import answerers, heat_map, responses
from metrics.view import View
from tests.matrix import DATABASES, ENGINES, examples
from tests.metrics.sla.second_way import SecondWay
from tests.metrics.test_properties import SEEDS, SETTINGS
from tests.metrics.worlds import (
    FIRST_DAY,
    MEMBERS,
    ZONES,
    Refillable,
    World,
    config_text,
    refillable,
)

CONFIGS = [parse_config(config_text(zone)) for zone in ZONES]
NOT_OF_HANDOFFS = {"kind", "sourced_by", "pipeline"}
FILTERS = sorted(set(MEMBERS) - NOT_OF_HANDOFFS)


@pytest.fixture(scope="module", params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[Refillable]:
    folder = tmp_path_factory.mktemp("sla-worlds")
    with ENGINES[request.param](folder) as url, refillable(url) as found:
        yield found


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[Warehouse]:
    with (
        DATABASES["duckdb"](tmp_path_factory.mktemp("filters")) as url,
        refillable(url) as database,
    ):
        yield database.fill(World(11).tables(), CONFIGS[0])


def filtered_by(warehouse: Warehouse, name: str) -> View:
    period = Calendar(warehouse.config).period_of(FIRST_DAY.date(), Cadence.QUARTERLY)
    return View(period, FIRST_DAY + timedelta(days=60), where=((name, ("nobody",)),))


def view_of(seed: int, calendar: Calendar) -> View:
    random = Random(-seed)
    as_of = FIRST_DAY + timedelta(days=random.randint(1, 75), hours=random.choice([0, 5, 14]))
    cadence = random.choice([Cadence.WEEKLY, Cadence.MONTHLY, Cadence.QUARTERLY])
    day = min(FIRST_DAY + timedelta(days=random.randint(0, 36)), as_of)
    where = tuple(
        (name, tuple(random.sample(MEMBERS[name], random.randint(1, 2))))
        for name in random.sample(FILTERS, random.choice([0, 0, 1]))
    )
    return View(calendar.period_of(calendar.day_of(day), cadence), as_of, where=where)


def window(view: View, weeks: int) -> Span:
    period = view.period
    return Span(min(period.start, period.end - timedelta(weeks=weeks)), period.end)


def states_of(counts: Counter[str]) -> States:
    return States(*(counts[name] for name in ("met", "late", "unanswered", "pending")))


def rate_of(counts: Counter, member: object) -> Rate:
    """Met of due."""
    met = counts[member, "met"]
    return Rate(met, met + counts[member, "late"] + counts[member, "unanswered"])


def check_responses(question: Question, other: SecondWay, span: Span) -> None:
    states, found = responses(question)
    assert states == states_of(other.states(question.view.period.span))
    by_priority = other.by(span, lambda one: one.row.get("priority"))
    assert sum((r.window for r in found), States()) == states_of(other.states(span))
    for r in found:
        counts = Counter({s: n for (p, s), n in by_priority.items() if p == r.priority})
        assert r.window == states_of(counts)
        assert sum(r.slots) == r.window.met + r.window.late
    slots = Counter(one.slot for one in other.handed(span) if one.state in ("met", "late"))
    together = [sum(r.slots[n] for r in found) for n in range(25)]
    assert together == [slots[n] for n in range(25)]


def check_members(question: Question, other: SecondWay, span: Span) -> None:
    heat = heat_map(question)
    hourly = other.by(span, other.local_hour)
    expected: Counter[tuple[int, int, str]] = Counter()
    for ((weekday, hour), state), n in hourly.items():
        side = "met" if state == "met" else "late"
        expected[weekday, hour // heat.width * heat.width, side] += n * (state != "pending")
    for cell in heat.cells:
        late, met = (expected[cell.weekday, cell.hour, side] for side in ("late", "met"))
        assert cell.late == Rate(late, late + met)
    assert heat.overall.total == sum(expected.values())
    found = answerers(question)
    reps = other.by(span, lambda one: one.row.get("assigned_to"))
    assert {rep.name: rep.met for rep in found.reps} == {
        member: rate_of(reps, member) for member, _ in reps
    }
    for rows in (found.reps, found.teams):
        assert sum((row.met for row in rows), Rate(0, 0)) == found.overall
        pending = sum(n for (_, state), n in reps.items() if state == "pending")
        assert sum(row.pending for row in rows) == pending


def check_rejections(question: Question, other: SecondWay, span: Span) -> None:
    found = rejections(question)
    expected = other.dispositions(span)
    rejected = Counter({key: n for key, n in expected.items() if key[2] == "rejected"})
    assert found.total.rejected == Rate(rejected.total(), expected.total())
    for at, rows in ((0, found.channels), (1, found.campaigns)):
        for row in rows:
            assert row.rejected.count == sum(n for k, n in rejected.items() if k[at] == row.member)
            assert row.rejected.total == sum(n for k, n in expected.items() if k[at] == row.member)
            assert sum(row.counts) == row.rejected.count
        assert sum((row.rejected for row in rows), Rate(0, 0)) == found.total.rejected
    for index, reason in enumerate(found.reasons):
        assert found.total.counts[index] == sum(n for k, n in rejected.items() if k[3] == reason)


def check_cost(question: Question, other: SecondWay) -> None:
    found = cost(question)
    fates = other.fates(window(question.view, COST_WEEKS), found.window_days)

    def rate(met: bool, *priority: str | None) -> Rate:
        counts = Counter[str]()
        for (of, in_time, fate), n in fates.items():
            if in_time is met and (not priority or of == priority[0]):
                counts[fate] += n
        return Rate(counts["converted"], counts["converted"] + counts["not"])

    assert (found.total.in_time, found.total.late) == (rate(True), rate(False))
    for row in found.rows:
        assert row.in_time == rate(True, row.priority)
        assert row.late == rate(False, row.priority)
    assert sum((row.late for row in found.rows), Rate(0, 0)) == found.total.late
    assert found.maturing == sum(n for (*_, fate), n in fates.items() if fate == "maturing")
    assert found.already == sum(n for (*_, fate), n in fates.items() if fate == "already")


def check_queue(question: Question, other: SecondWay) -> None:
    queue = Queue(question.warehouse, question.view)
    rows = queue.page(0, 100)
    expected = other.queue()
    assert [row.handoff_id for row in rows] == [handoff_id for handoff_id, _ in expected]
    for row, (_, over) in zip(rows, expected, strict=True):
        assert row.over_seconds == pytest.approx(float(over), abs=1)
        assert row.is_overdue == (row.due_at <= question.as_of)
    summary = queue.summary()
    assert summary.total == len(rows)
    assert summary.overdue == sum(row.is_overdue for row in rows)
    assert summary.due_soon == sum(row.is_due_soon for row in rows)


def check_kpis(question: Question, states: States) -> None:
    """The page's states are the KPIs' own numerators and denominators."""
    view = question.view
    query = MetricQuery(
        ("sla_response", "overdue_handoffs"), (view.period.span,), view.as_of, where=view.where
    )
    rows = {row.metric: row for row in run_query(question.warehouse, query)}
    adherence = rows["sla_response"]
    assert (adherence.numerator or 0, adherence.denominator or 0) == (states.met, states.due)
    assert adherence.maturing == states.pending
    assert (rows["overdue_handoffs"].value or 0) == states.unanswered


@settings(SETTINGS, max_examples=examples(4))
@given(SEEDS)
def test_random_companies_agree_with_plain_python(database: Refillable, seed: int) -> None:
    check(database, seed)


@pytest.mark.long
@settings(SETTINGS, max_examples=60)
@given(SEEDS.map(lambda seed: seed + 1))
def test_many_random_companies_agree_with_plain_python(database: Refillable, seed: int) -> None:
    check(database, seed)


def check(database: Refillable, seed: int) -> None:
    """One company, every part of its page."""
    config = CONFIGS[seed % len(CONFIGS)]
    tables = World(seed).tables()
    random = Random(seed)
    for row in tables["handoffs"]:
        row["reason"] = random.choice([None, "no fit", "no budget"])
    question = Question(database.fill(tables, config), view_of(seed, Calendar(config)))
    if not tables["handoffs"]:
        with pytest.raises(QueryError, match="handoffs is empty"):
            Queue(question.warehouse, question.view)
        return
    other = SecondWay(tables, config)
    other.ask(question.as_of, question.view.where)
    span = window(question.view, WINDOW_WEEKS)
    check_responses(question, other, span)
    check_members(question, other, span)
    check_rejections(question, other, span)
    check_cost(question, other)
    check_queue(question, other)
    check_kpis(question, responses(question)[0])


@pytest.mark.parametrize("name", sorted(set(DIMENSIONS) - NOT_OF_HANDOFFS))
def test_a_filter_of_handoffs_is_honoured(world: Warehouse, name: str) -> None:
    question = Question(world, filtered_by(world, name))
    assert responses(question) == (States(), ())
    assert heat_map(question).cells == ()
    assert answerers(question).reps == ()
    assert rejections(question).total.rejected == Rate(0, 0)
    assert cost(question).total.in_time == Rate(0, 0)


@pytest.mark.parametrize("name", sorted(NOT_OF_HANDOFFS))
def test_a_filter_that_handoffs_do_not_know_is_refused_in_words(
    world: Warehouse, name: str
) -> None:
    question = Question(world, filtered_by(world, name))
    for part in (responses, heat_map, answerers, rejections, cost):
        with pytest.raises(QueryError, match=f"cannot be split or filtered by {name}"):
            part(question)
