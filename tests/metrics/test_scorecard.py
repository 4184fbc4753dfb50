"""The board: which figure each tile headlines, beside what, and that the command line agrees."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from data.warehouse import Warehouse, open_warehouse
from metrics.__main__ import main
from metrics.calendar import Cadence, Calendar
from metrics.errors import QueryError
from metrics.model import Status
from metrics.scorecard import Scorecard, Tile, build_scorecard
from metrics.view import Compare, View
from tests.build import at, fill

CONFIG = """
[company]
name = "Board & Sons"
timezone = "America/New_York"
[business_hours]
timezone = "America/New_York"
"""
MONDAY = date(2025, 9, 1)
WEEKS = 56


def monday(week: int) -> datetime:
    """09:00 of a week's Monday in New York (13:00 or 14:00 UTC: both within the day)."""
    return datetime.combine(MONDAY + timedelta(weeks=week), datetime.min.time()) + timedelta(
        hours=14
    )


def rows() -> dict[str, list[dict[str, Any]]]:
    """Week w has 40 leads that become MQLs on Monday; 10 of them SQLs three days later.

    Every lead has a handoff answered within an hour; an opportunity a week is won 35 days later.
    """
    leads: list[dict[str, Any]] = []
    stages: list[dict[str, Any]] = []
    handoffs: list[dict[str, Any]] = []
    deals: list[dict[str, Any]] = []
    for week in range(WEEKS):
        for n in range(40):
            lead, when = f"l{week}-{n}", monday(week) + timedelta(minutes=n)
            leads.append(
                {"lead_id": lead, "created_at": when, "region": "EMEA" if n % 2 else "AMER"}
            )
            stages.append({"lead_id": lead, "stage": "lead", "entered_at": when})
            stages.append({"lead_id": lead, "stage": "mql", "entered_at": when})
            handoffs.append(
                {
                    "handoff_id": lead,
                    "lead_id": lead,
                    "handed_at": when,
                    "first_response_at": when + timedelta(minutes=30),
                }
            )
            if n < 10:
                later = when + timedelta(days=3)
                stages.append({"lead_id": lead, "stage": "sql", "entered_at": later})
        deals.append(
            {
                "opportunity_id": f"o{week}",
                "created_at": monday(week),
                "closed_at": monday(week) + timedelta(days=35),
                "status": "won" if week % 2 else "lost",
                "amount": 1000,
            }
        )
    weekly = {"metric": "mqls", "grain": "week", "value": 45}
    targets = [{**weekly, "period_start": MONDAY + timedelta(weeks=w)} for w in range(WEEKS)]
    targets.append(
        {"metric": "bookings", "grain": "quarter", "period_start": date(2026, 7, 1), "value": 9000}
    )
    targets.append(
        {"metric": "sqls", "grain": "quarter", "period_start": date(2026, 7, 1), "value": 660}
    )
    targets.append(
        {
            "metric": "mqls",
            "grain": "week",
            "period_start": MONDAY + timedelta(weeks=50),
            "dimension": "region",
            "member": "EMEA",
            "value": 20,
        }
    )
    return {
        "leads": leads,
        "lead_stages": stages,
        "handoffs": handoffs,
        "opportunities": deals,
        "targets": targets,
    }


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> str:
    """The URL of the company's warehouse, filled once for all tests here; they only read it."""
    url = f"duckdb:///{tmp_path_factory.mktemp('board') / 'board.duckdb'}"
    fill(url, rows(), CONFIG)
    return url


@pytest.fixture
def warehouse(filled, company) -> Warehouse:
    company(filled, CONFIG)
    return open_warehouse()


def view_of(warehouse: Warehouse, week: int, as_of: datetime, **fields: Any) -> View:
    calendar = Calendar(warehouse.config)
    period = calendar.period_of(MONDAY + timedelta(weeks=week), Cadence.WEEKLY)
    return View(period, as_of, **fields)


def tile(scorecard: Scorecard, metric: str) -> Tile:
    return next(t for t in (*scorecard.tiles, *scorecard.goals) if t.metric.id == metric)


def goal(scorecard: Scorecard, metric: str) -> Tile:
    return next(t for t in scorecard.goals if t.metric.id == metric)


def test_a_complete_week(warehouse):
    card = build_scorecard(warehouse, view_of(warehouse, 50, monday(51)))
    mqls = tile(card, "mqls")
    assert (mqls.value, mqls.status, mqls.marks) == (40, Status.FINAL, ())
    assert len(mqls.points) == 13
    assert [p.value for p in mqls.points] == [40] * 13
    assert mqls.points[-1].label == "W34"
    assert mqls.change is not None
    assert (mqls.change.absolute, mqls.change.versus) == (0, "W33")
    assert mqls.target is not None
    assert (mqls.target.value, mqls.target.gap, mqls.target.is_met) == (45, -5, False)
    assert card.company == "Board & Sons"
    assert set(card.columns) == {"marketing", "shared", "sales"}


def test_a_cohort_headlines_the_newest_full_one_and_an_early_read(warehouse):
    as_of = monday(51) + timedelta(hours=1)
    card = build_scorecard(warehouse, view_of(warehouse, 50, as_of))
    conversion = tile(card, "mql_to_sql")
    # 30 days before as_of lies in week 46; week 46's Monday 10:39 is 35 days and more ago.
    assert conversion.qualifier == "cohort W30"
    assert conversion.value == 0.25
    assert conversion.status is Status.FINAL
    # Of the view's own week 30 have not converted, and their window is open.
    assert [m.text for m in conversion.marks] == ["30 maturing"]
    assert conversion.early is not None
    # The view's own week is 7 days old only for those of its Monday, all of them here.
    assert (conversion.early.days, conversion.early.label) == (7, "W34")
    assert conversion.early.value == 0.25


def test_a_running_week_is_partial_and_compared_with_equal_days(warehouse):
    wednesday = monday(51) + timedelta(days=2, hours=10)
    card = build_scorecard(warehouse, view_of(warehouse, 51, wednesday))
    mqls = tile(card, "mqls")
    assert mqls.status is Status.PARTIAL
    assert [m.text for m in mqls.marks] == ["3 of 5 days"]
    assert mqls.change is not None
    assert mqls.change.versus == "the same 3 days of W34"
    # All of a week's MQLs come on Monday: by Wednesday the pace is the whole target.
    assert mqls.target is not None
    assert mqls.target.is_pace
    assert mqls.target.pace == pytest.approx(45)
    assert mqls.target.is_met is False


def test_slow_kpis_stand_over_thirteen_weeks_and_say_so(warehouse):
    card = build_scorecard(warehouse, view_of(warehouse, 50, monday(51)))
    rate = tile(card, "win_rate")
    assert rate.qualifier == "13 weeks"
    assert rate.denominator == 13
    assert rate.change is not None
    assert (rate.qualifier, rate.change.versus) == ("13 weeks", "W33")


def test_bookings_stand_quarter_to_date(warehouse):
    card = build_scorecard(warehouse, view_of(warehouse, 50, monday(51)))
    bookings = goal(card, "bookings")
    assert bookings.label == "Bookings, Q3 to date"
    # Deals close 35 days after a Monday: those of weeks 39 to 45 by the end of week 50's Sunday.
    closings = [
        monday(week) + timedelta(days=35)
        for week in range(WEEKS)
        if week % 2 and date(2026, 7, 1) <= (monday(week) + timedelta(days=35)).date()
    ]
    until = MONDAY + timedelta(weeks=51)
    assert bookings.value == 1000 * sum(1 for c in closings if c.date() < until)
    assert bookings.target is not None
    assert bookings.target.value == 9000
    assert bookings.target.is_pace


def test_a_goal_says_what_is_left_and_what_each_day_needs(warehouse):
    bookings = goal(build_scorecard(warehouse, view_of(warehouse, 50, monday(51))), "bookings")
    assert bookings.target is not None
    assert bookings.value is not None
    rate = bookings.target.run_rate
    assert rate is not None
    # By Sunday 23 August 38 of the quarter's 66 working days are over: 23 in July, 15 in August.
    assert (rate.left, rate.days_left) == (9000 - bookings.value, 28)
    assert rate.needed_per_day == pytest.approx((9000 - bookings.value) / 28)
    assert rate.so_far_per_day == pytest.approx(bookings.value / 38)
    assert bookings.target.period == "Q3"


def test_a_week_without_a_target_takes_its_part_of_the_quarter_s(warehouse):
    sqls = tile(build_scorecard(warehouse, view_of(warehouse, 50, monday(51))), "sqls")
    # 660 × 5 ÷ 66 working days: three earlier quarters are too few to learn a pace from.
    assert sqls.target is not None
    assert sqls.target.value == pytest.approx(50)
    assert (sqls.target.is_part, sqls.target.is_linear, sqls.target.period) == (True, True, "Q3")
    assert (sqls.value, sqls.target.is_met) == (10, False)
    wednesday = monday(51) + timedelta(days=2, hours=10)
    running = tile(build_scorecard(warehouse, view_of(warehouse, 51, wednesday)), "sqls")
    assert running.target is not None
    assert running.target.value == pytest.approx(50)
    assert running.target.pace == pytest.approx(30)


def test_a_filter_has_its_own_target_and_two_members_have_none(warehouse):
    as_of = monday(51)
    emea = view_of(warehouse, 50, as_of, where=(("region", ("EMEA",)),))
    mqls = tile(build_scorecard(warehouse, emea), "mqls")
    assert mqls.value == 20
    assert mqls.target is not None
    assert (mqls.target.value, mqls.target.is_met) == (20, True)
    both = view_of(warehouse, 50, as_of, where=(("region", ("EMEA", "AMER")),))
    assert tile(build_scorecard(warehouse, both), "mqls").target is None


def test_year_and_target_comparisons(warehouse):
    year = view_of(warehouse, 53, monday(54), compare=Compare.YEAR)
    mqls = tile(build_scorecard(warehouse, year), "mqls")
    assert mqls.change is not None
    assert mqls.change.versus == "W37 2025"
    target = view_of(warehouse, 50, monday(51), compare=Compare.TARGET)
    card = build_scorecard(warehouse, target)
    assert tile(card, "mqls").change is None
    assert card.compare_label == "vs target"


def test_what_a_company_lacks_says_so_and_breaks_nothing(filled, company):
    company(filled, CONFIG + '[scorecard]\nshared = ["mql_to_customer"]\n')
    warehouse = open_warehouse()
    card = build_scorecard(warehouse, view_of(warehouse, 50, monday(51)))
    cost = tile(card, "cost_per_opportunity")
    assert cost.value is None
    assert cost.status is Status.NO_DATA
    assert cost.reason == "the table spend is empty"
    unused = tile(card, "mql_to_customer")
    assert unused.reason == "no stage customer in lead_stages"


def test_a_company_chooses_its_selection(filled, company):
    company(filled, CONFIG + '[scorecard]\ngoals = ["sqls"]\nmarketing = ["leads"]\n')
    warehouse = open_warehouse()
    card = build_scorecard(warehouse, view_of(warehouse, 50, monday(51)))
    assert [t.metric.id for t in card.goals] == ["sqls"]
    assert [t.metric.id for t in card.columns["marketing"]] == ["leads"]
    assert len(card.columns["sales"]) == 5


def test_an_unknown_kpi_in_the_selection_names_the_nearest(filled, company):
    company(filled, CONFIG + '[scorecard]\nsales = ["sqlz"]\n')
    warehouse = open_warehouse()
    with pytest.raises(QueryError, match="Nearest: 'sqls'"):
        build_scorecard(warehouse, view_of(warehouse, 50, monday(51)))


def test_the_command_line_says_the_same(warehouse, capsys):
    as_of = monday(51)
    card = build_scorecard(warehouse, view_of(warehouse, 50, as_of))
    start = MONDAY + timedelta(weeks=50)
    for shown in card.tiles:
        if shown.status is Status.NO_DATA or shown.qualifier:
            continue
        arguments = ["query", shown.metric.id, "--grain", "week", "--format", "json"]
        arguments += ["--from", str(start), "--to", str(start + timedelta(weeks=1))]
        assert main([*arguments, "--as-of", as_of.isoformat() + "Z"]) == 0
        (answer,) = json.loads(capsys.readouterr().out)["rows"]
        assert answer["value"] == shown.value, shown.metric.id
        assert answer["status"] == shown.status


def test_at_helper_is_utc():
    assert at("2026-01-01T00:00:00-05:00") == datetime(2026, 1, 1, 5)
