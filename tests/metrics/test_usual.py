"""Limits on tiles: per working day, locked once, and what never triggers a signal."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from math import pi, sin
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from data.errors import StateError
from data.state import Baseline, close_state, open_state
from data.warehouse import Warehouse, open_warehouse
from metrics.baselines import rebase
from metrics.cache import RESULTS
from metrics.calendar import Cadence, Calendar
from metrics.catalog import CATALOG
from metrics.charting import lag_of
from metrics.errors import QueryError
from metrics.headline import headline
from metrics.model import Status
from metrics.scorecard import Scorecard, Tile, build_scorecard
from metrics.signals import Rule
from metrics.usual import NOT_LOCKED, TOO_LONG
from metrics.view import View
from tests.build import fill

CONFIG = """
[company]
timezone = "UTC"
[business_hours]
timezone = "UTC"
holidays = "US"
[scorecard]
goals = ["bookings"]
marketing = ["leads"]
shared = ["mql_to_sql"]
sales = ["win_rate"]
"""
MONDAY = date(2025, 1, 6)
WEEKS = 54  # 2025-W02 to 2026-W03: the first is never part of a baseline
PATTERN = (48, 52, 50, 55, 45, 51, 49)


def leads_in(week: int) -> int:
    """A wave without a trend, and in the last week three times as many."""
    return 150 if week == WEEKS - 1 else PATTERN[week % len(PATTERN)]


def rows(counts: list[int]) -> dict[str, list[dict[str, Any]]]:
    leads, stages, deals = [], [], []
    for week, count in enumerate(counts):
        monday = datetime.combine(MONDAY + timedelta(weeks=week), datetime.min.time())
        for n in range(count):
            lead = {"lead_id": f"l{week}-{n}", "created_at": monday + timedelta(hours=10)}
            leads.append(lead)
            stages += [
                {"lead_id": lead["lead_id"], "stage": "mql", "entered_at": lead["created_at"]}
            ]
            if n < 10 + week % 3:
                later = monday + timedelta(days=3)
                stages.append({"lead_id": lead["lead_id"], "stage": "sql", "entered_at": later})
        deals.append(
            {
                "opportunity_id": f"o{week}",
                "created_at": monday,
                "closed_at": monday + timedelta(hours=3),
                "status": "won" if week % 2 else "lost",
                "amount": 1000 + 100 * (week % 3),
            }
        )
    return {"leads": leads, "lead_stages": stages, "opportunities": deals}


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> str:
    url = f"duckdb:///{tmp_path_factory.mktemp('usual') / 'usual.duckdb'}"
    # One lead of the Monday after, so that the last week is over.
    fill(url, rows([*(leads_in(week) for week in range(WEEKS)), 1]), CONFIG)
    return url


@pytest.fixture
def warehouse(filled, company) -> Warehouse:
    company(filled, CONFIG)
    RESULTS.clear()
    return open_warehouse()


def card_of(warehouse: Warehouse, week: int = WEEKS - 1, **fields: Any) -> Scorecard:
    calendar = Calendar(warehouse.config)
    period = calendar.period_of(MONDAY + timedelta(weeks=week), Cadence.WEEKLY)
    return build_scorecard(warehouse, View(period, **{"as_of": warehouse.default_as_of} | fields))


def tile(card: Scorecard, metric: str = "leads") -> Tile:
    return next(t for t in (*card.tiles, *card.goals) if t.metric.id == metric)


def stored() -> list[Baseline]:
    with open_state().read() as session:
        return list(session.scalars(select(Baseline).order_by(Baseline.metric)))


def test_limits_by_hand_per_working_day(warehouse):
    leads = tile(card_of(warehouse))
    # 13 weeks are shown, the 26 before them are weeks 15 to 40 of the data.
    days = [5] * 26
    first = MONDAY + timedelta(weeks=15)  # 2025-04-21
    # Of US holidays 26 May, 19 June, 4 July, 1 September and 13 October lie within.
    for holiday in (date(2025, 5, 26), date(2025, 6, 19), date(2025, 7, 4), date(2025, 9, 1),
                    date(2025, 10, 13)):  # fmt: skip
        days[(holiday - first).days // 7] -= 1
    daily = [leads_in(15 + n) / days[n] for n in range(26)]
    mean = sum(daily) / 26
    ranges = [abs(b - a) for a, b in pairwise(daily)]
    half = 2.66 * sum(ranges) / 25
    assert leads.limits is not None
    assert leads.limits.low == pytest.approx(max(0, mean - half) * 5)
    assert leads.limits.high == pytest.approx((mean + half) * 5)
    assert leads.baseline.startswith("26 weeks, 2025-W17 to 2025-W42, per working day, locked")
    # New Year's Day shortens its week: the limits are four fifths as high.
    new_year = leads.points[-3]
    assert new_year.label == "W1"
    assert new_year.limits is not None
    assert new_year.limits.high == pytest.approx((mean + half) * 4)


def test_one_point_outside_is_a_signal_and_the_others_are_usual(warehouse):
    leads = tile(card_of(warehouse))
    assert leads.signal is not None
    assert (leads.signal.rule, leads.signal.is_better, leads.signal.side) == (Rule.OUTSIDE, True, 1)
    assert leads.signal.words == "above its usual range"
    assert [point.is_outside for point in leads.points] == [False] * 12 + [True]
    assert tile(card_of(warehouse, WEEKS - 2)).signal is None


def test_a_baseline_is_locked_once_and_reading_it_writes_nothing(warehouse):
    card_of(warehouse)
    locked = stored()
    assert [(b.metric, b.revision, b.count) for b in locked] == [
        ("leads", 0, 26),
        ("mql_to_sql", 0, 26),
        ("win_rate", 0, 39),
    ]
    RESULTS.clear()
    writes = []
    store = open_state()
    original = store.write
    store.write = lambda: writes.append(1) or original()  # type: ignore[method-assign, func-returns-value]
    card_of(warehouse)
    assert writes == []
    assert [b.locked_at for b in stored()] == [b.locked_at for b in locked]


def test_limits_stay_when_the_data_move_on(filled, company, tmp_path):
    company(filled, CONFIG)
    before = tile(card_of(open_warehouse())).limits
    url = f"duckdb:///{tmp_path / 'grown.duckdb'}"
    fill(url, rows([*(leads_in(week) for week in range(WEEKS)), *[400] * 20]), CONFIG)
    company(url, CONFIG)
    RESULTS.clear()
    leads = tile(card_of(open_warehouse(), WEEKS + 17))
    assert before is not None
    assert leads.limits is not None
    assert leads.limits.high == pytest.approx(before.high)
    assert leads.signal is not None
    # As many as are on screen.
    assert leads.signal.words == "above its usual range, 13 weeks running"


def test_another_definition_or_filter_has_a_baseline_of_its_own(filled, company):
    company(filled, CONFIG)
    card_of(open_warehouse())
    card_of(open_warehouse(), where=(("region", (None,)),))
    company(filled, CONFIG + "[conversion_days]\nmql_to_sql = 14\n")
    card_of(open_warehouse())
    metrics = [b.metric for b in stored()]
    assert metrics == ["leads"] * 2 + ["mql_to_sql"] * 3 + ["win_rate"] * 2
    assert len({b.key for b in stored()}) == 7


def test_a_look_back_locks_nothing(warehouse):
    moment = datetime(2025, 12, 1)
    card = card_of(warehouse, 46, as_of=moment)
    assert tile(card).limits is not None
    assert tile(card).baseline.endswith("not locked")
    assert stored() == []


def test_without_the_state_database_limits_are_there_and_it_is_said(
    filled, company, monkeypatch, tmp_path: Path
):
    company(filled, CONFIG)
    expected = tile(card_of(open_warehouse())).limits
    close_state()
    (tmp_path / "broken.sqlite").write_text("this is no database, and long enough to be read" * 9)
    monkeypatch.setenv("STATE_URL", f"sqlite:///{tmp_path / 'broken.sqlite'}")
    card = card_of(open_warehouse())
    assert card.limits_note == NOT_LOCKED
    assert tile(card).limits == expected
    assert tile(card).baseline.endswith("not locked")


def test_a_partial_period_and_a_maturing_cohort_never_trigger(warehouse):
    running = card_of(warehouse, WEEKS)  # one lead on its Monday
    assert tile(running).status is Status.PARTIAL
    assert (tile(running).limits, tile(running).signal) == (None, None)
    cohorts = tile(card_of(warehouse), "mql_to_sql")
    assert cohorts.qualifier is not None  # an older cohort than the view's own week
    assert cohorts.status is Status.FINAL
    assert all(point.status is Status.FINAL for point in cohorts.points if point.limits)


def test_trailing_weeks_are_compared_with_those_that_share_no_day(warehouse):
    """One deal a week, lost and won in turn: of 13 weeks 6 or 7 are won, in turn as well."""
    rate = tile(card_of(warehouse), "win_rate")
    # The first 13 windows reach into the first week. Of the 41 others there are not 39 before the
    # 13 on screen, so the first 39 make the baseline: those that end with weeks 13 to 51.
    # A window that ends with an even week has 6 of 13 won, 13 weeks on 7 of 13.
    values = [(6 if week % 2 == 0 else 7) / 13 for week in range(13, 52)]
    mean, half = sum(values) / 39, 2.66 * (1 / 13)
    assert rate.qualifier == "13 weeks"
    assert rate.limits is not None
    assert rate.limits.low == pytest.approx(mean - half)
    assert rate.limits.high == pytest.approx(mean + half)
    assert rate.baseline.startswith(
        "39 weeks, 2025-W15 to 2026-W01, compared with those 13 weeks on, which share no day, lock"
    )
    assert rate.signal is None


def test_windows_that_overlap_are_judged_by_the_first_rule_alone(company, tmp_path):
    """Twelve won in a row: a run above the mean that is no news, as each holds the others."""
    tables = rows([*([50] * WEEKS), 1])
    for week in range(42, 54):
        tables["opportunities"][week]["status"] = "won"
    url = f"duckdb:///{tmp_path / 'won.duckdb'}"
    fill(url, tables, CONFIG)
    company(url, CONFIG)
    RESULTS.clear()
    rate = tile(card_of(open_warehouse()), "win_rate")
    assert rate.limits is not None
    assert all((point.value or 0) > rate.limits.mean for point in rate.points[-8:])
    assert rate.value is not None
    assert rate.value > rate.limits.high
    assert rate.signal is not None
    assert (rate.signal.rule, rate.signal.words) == (Rule.OUTSIDE, "above its usual range")
    inside = [point for point in rate.points[-9:] if not point.is_outside]
    before = tile(card_of(open_warehouse(), WEEKS - 1 - (9 - len(inside))), "win_rate")
    assert (before.signal, before.hint) == (None, None)


@pytest.mark.parametrize(
    ("metric", "cadence", "lag"),
    [
        ("lead_velocity_rate", Cadence.WEEKLY, 8),
        ("lead_velocity_rate", Cadence.BIWEEKLY, 4),
        ("lead_velocity_rate", Cadence.MONTHLY, 2),
        ("lead_velocity_rate", Cadence.QUARTERLY, 1),
        ("sales_velocity", Cadence.WEEKLY, None),
        ("sales_velocity", Cadence.MONTHLY, None),
        ("bookings", Cadence.WEEKLY, 1),
    ],
)
def test_after_how_many_periods_a_figure_shares_no_day(warehouse, metric, cadence, lag):
    calendar = Calendar(warehouse.config)
    period = calendar.period_of(MONDAY, cadence)
    assert lag_of(CATALOG[metric], period, calendar) == lag


def test_a_figure_that_looks_back_for_ever_says_why_it_has_no_limits(warehouse):
    calendar, as_of = Calendar(warehouse.config), warehouse.default_as_of
    view = View(calendar.default_period(Cadence.WEEKLY, as_of), as_of)
    far = headline(warehouse, view, CATALOG["sales_velocity"])
    assert (far.limits, far.baseline) == (None, TOO_LONG)
    near = headline(warehouse, view, CATALOG["lead_velocity_rate"])
    assert near.limits is not None
    assert "those 8 weeks on, which share no day" in near.baseline


def test_twelve_complete_periods_are_needed(warehouse):
    calendar = Calendar(warehouse.config)
    as_of = warehouse.default_as_of
    quarter = calendar.default_period(Cadence.QUARTERLY, as_of)
    leads = tile(build_scorecard(warehouse, View(quarter, as_of)))
    assert leads.limits is None
    assert "12 complete periods" in leads.baseline


def test_rebase_with_a_reason(warehouse):
    old = tile(card_of(warehouse)).limits
    calendar = Calendar(warehouse.config)
    since = calendar.period_of(MONDAY + timedelta(weeks=41), Cadence.WEEKLY)
    reference = rebase(warehouse, "leads", since, reason="New form", locked_by="ana")
    assert (reference.first, reference.last) == ("2025-W43", "2026-W03")
    # No other call is needed: the scorecard sees it.
    new = tile(card_of(warehouse)).limits
    assert old is not None
    assert new is not None
    assert new.mean > old.mean
    assert [(b.revision, b.reason) for b in stored() if b.metric == "leads"] == [
        (0, None),
        (1, "New form"),
    ]


def test_a_rebase_needs_twelve_periods_and_a_reason(warehouse):
    calendar = Calendar(warehouse.config)
    late = calendar.period_of(MONDAY + timedelta(weeks=WEEKS - 5), Cadence.WEEKLY)
    with pytest.raises(QueryError, match=r"5 complete periods.*needs 12"):
        rebase(warehouse, "leads", late, reason="New form")
    early = calendar.period_of(MONDAY + timedelta(weeks=20), Cadence.WEEKLY)
    with pytest.raises(StateError, match="with a reason"):
        rebase(warehouse, "leads", early, reason=" ")
    with open_state().read() as session:
        assert session.scalar(select(func.count()).select_from(Baseline)) == 0


def test_a_seasonal_count_is_charted_against_last_year(company, tmp_path):
    """A swing over the year that comes again: only what differs from last year is a signal."""
    wave = [60 + 40 * sin(week % 52 / 52 * 2 * pi) for week in range(104)]
    noise = [(7 * week) % 5 - 2 for week in range(104)]
    counts = [max(5, round(w) + n) for w, n in zip(wave, noise, strict=True)]
    url = f"duckdb:///{tmp_path / 'season.duckdb'}"
    fill(url, rows([*counts, 1]), CONFIG)
    company(url, CONFIG)
    RESULTS.clear()
    leads = tile(card_of(open_warehouse(), 103))
    assert "against the same period a year earlier" in leads.baseline
    assert leads.limits is not None
    assert leads.limits.low < counts[103] < leads.limits.high
