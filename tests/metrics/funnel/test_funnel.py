"""The funnel of a company small enough to count on the fingers, on every engine."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from data.warehouse import Warehouse
from metrics.calendar import Cadence, Calendar
from metrics.funnel import Funnel, build_funnel
from metrics.funnel.model import Leak, StageTime
from metrics.view import View
from tests.build import at, warehouse_of
from tests.metrics.asking import lead, stages

# June 2026, looked at on 1 August at noon.
AS_OF = datetime(2026, 8, 1, 12)

STAGES: list[dict[str, Any]] = [
    # L1 goes all the way within June.
    *stages("L1", lead="06-01 12:00", mql="06-03 12:00", sal="06-04 12:00"),
    *stages("L1", sql="06-08 12:00", opportunity="06-18 12:00", customer="06-28 12:00"),
    # L2 skips MQL and SAL.
    *stages("L2", lead="06-02 12:00", sql="06-12 12:00"),
    # L3 is rejected, recycled, and becomes an MQL again.
    *stages("L3", lead="06-03 12:00", mql=["06-05 12:00", "07-20 12:00"]),
    {**stages("L3", rejected="06-06 12:00")[0], "reason": "no_fit"},
    *stages("L3", recycled="06-10 12:00"),
    # L4 is rejected for good; L5 waits as an MQL since 28 July; L6 is a lead since June.
    *stages("L4", lead="06-04 12:00", mql="06-05 12:00"),
    {**stages("L4", rejected="06-07 12:00")[0], "reason": "no_budget"},
    *stages("L5", lead="06-05 12:00", mql="07-28 12:00"),
    *stages("L6", lead="06-06 12:00"),
    # L7 came in May and is an SQL in June; both systems report its MQL.
    *stages("L7", lead="05-01 12:00", mql=["05-02 12:00", "05-02 12:05"], sql="06-05 12:00"),
]


def opportunity(name: str, created: str, source: str | None, amount: Any, **more: Any) -> dict:
    return {
        "opportunity_id": name,
        "created_at": at(f"2026-{created} 12:00"),
        "status": "open",
        "sourced_by": source,
        "amount": amount,
        **more,
    }


def closed(status: str, day: str, **more: Any) -> dict[str, Any]:
    return {"status": status, "closed_at": at(f"2026-{day} 12:00"), **more}


def move(name: str, day: str, amount: Any, due: date) -> dict[str, Any]:
    return {
        "opportunity_id": name,
        "stage": "proposal",
        "entered_at": at(f"2026-{day} 12:00"),
        "amount": amount,
        "expected_close_on": due,
    }


# June ends with Q2, so the pipeline is what is due by the end of Q3.
SOON, LATE = date(2026, 9, 1), date(2026, 12, 1)
DEALS = [
    opportunity("O1", "05-01", "marketing", 120, expected_close_on=SOON),  # grew from 100
    opportunity("O2", "05-01", "marketing", 70, expected_close_on=SOON, **closed("won", "06-20")),
    opportunity(
        *("O3", "05-01", None, 50),
        expected_close_on=SOON,
        **closed("lost", "06-21", loss_reason="price"),
    ),
    opportunity("O4", "05-01", "sales", 200, expected_close_on=LATE),  # slipped out
    opportunity("O5", "05-01", "sales", 30, expected_close_on=SOON),  # slipped in
    opportunity("O6", "06-10", "sales", 10, expected_close_on=SOON),  # created
    opportunity("O7", "06-11", "sales", None),  # created, unknown amount, no date
    opportunity("O8", "06-12", "sales", 999, expected_close_on=LATE),  # created for later
    opportunity("O9", "07-10", "sales", 999, expected_close_on=SOON),  # after June
]
MOVES_OF_DEALS = [
    *(move("O1", "05-01", 100, SOON), move("O1", "06-15", 120, SOON)),
    *(move("O2", "05-01", 80, SOON), move("O2", "06-20", 70, SOON)),
    *(move("O4", "05-01", 200, SOON), move("O4", "06-16", 200, LATE)),
    *(move("O5", "05-01", 30, LATE), move("O5", "06-17", 30, SOON)),
]


def tables() -> dict[str, list[dict[str, Any]]]:
    segments = {"L1": "smb", "L2": "smb", "L3": None}
    return {
        "leads": [lead(f"L{n}", segment=segments.get(f"L{n}", "mid")) for n in range(1, 8)],
        "lead_stages": STAGES,
        "opportunities": DEALS,
        "opportunity_stages": MOVES_OF_DEALS,
    }


def june(warehouse: Warehouse, **more: Any) -> View:
    calendar = Calendar(warehouse.config)
    return View(calendar.period_of(date(2026, 6, 1), Cadence.MONTHLY), AS_OF, **more)


@pytest.fixture
def warehouse(company, engine_url) -> Warehouse:
    return warehouse_of(company, engine_url, tables())


@pytest.fixture
def funnel(warehouse: Warehouse) -> Funnel:
    return build_funnel(warehouse, june(warehouse))


def test_the_cohort_and_the_period_are_two_things(funnel):
    counts = funnel.counts
    assert counts.stages == ("lead", "mql", "sal", "sql", "opportunity", "customer")
    # Of the six leads of June all but L6 became MQLs, L5 in July, L2 by skipping.
    assert [stage.reached for stage in counts.cohort] == [6, 5, 2, 2, 1, 1]
    # L5 is no MQL of June, L7 is an SQL of June (and so its skipped SAL is June's).
    assert counts.period == (6, 4, 3, 3, 1, 1)
    windows = [stage.window_days for stage in counts.cohort]
    assert windows == [0, 30, 30 + 14, 30 + 30, 30 + 30 + 30, 180]
    # 60 days after 5 and 6 June have not passed on 1 August, those after 3 and 4 June neither
    # (2 August noon is the first end): L3, L4, L5, L6 may still become SQLs.
    assert [stage.maturing for stage in counts.cohort] == [0, 0, 0, 4, 5, 5]


def test_segments_add_up_with_the_missing_one_among_them(funnel):
    rows = {row.member: row for row in funnel.counts.splits["segment"]}
    assert list(rows) == ["mid", "smb", None]
    assert rows["smb"].cohort == (2, 2, 2, 2, 1, 1)
    assert rows[None].cohort == (1, 1, 0, 0, 0, 0)
    assert rows["mid"].period == (3, 1, 1, 1, 0, 0)


def test_every_entry_has_one_fate(funnel):
    leaks = {leak.stage: leak for leak in funnel.leaks}
    # L6 is still a lead, after 56 days.
    assert leaks["lead"] == Leak("lead", "mql", 30, 5, 0, 0, 0, 1, ())
    # L1 and L2 advanced; L4 was rejected; L3 came back 12 days ago and waits again.
    assert leaks["mql"] == Leak("mql", "sal", 14, 2, 1, 0, 1, 0, (("no_budget", 1),))
    assert leaks["sql"] == Leak("sql", "opportunity", 30, 1, 0, 0, 0, 2, ())
    assert [leak.entered for leak in funnel.leaks] == list(funnel.counts.period[:-1])


def test_the_recycled_pool(funnel):
    assert vars(funnel.recycled) == {"in_pool": 0, "re_mql": 1, "sql": 0, "customer": 0}
    assert funnel.recycled_ever == funnel.recycled


def test_median_times_count_what_ended_in_the_period(funnel):
    times = {time.stage: time for time in funnel.times}
    # Ended in June: L1 2 days, L2 10, L3 2, L4 1; L5 and L6 run on.
    assert times["lead"] == StageTime("lead", 2.0, 4, 2)
    # L1 1 day, L3 1, L4 2, L7 34 (the second report of its MQL is no new stage): median 1.5.
    assert times["mql"] == StageTime("mql", 1.5, 4, 0)
    assert times["sql"] == StageTime("sql", 10.0, 1, 2)
    # L3 leaves the pool in July.
    assert times["recycled"] == StageTime("recycled", None, 0, 1)


def test_the_curve_of_june(funnel):
    """MQLs of June: L1 an SQL after 5 days, L2 (skipped) after 0, L3 and L4 never."""
    curve = funnel.conversion.curves[0]
    assert (curve.label, curve.leads, curve.age) == ("Jun", 4, 31)
    assert [curve.at(day).share for day in (0, 4, 5, 30)] == pytest.approx([0.25, 0.25, 0.5, 0.5])
    # The youngest is L2 of 12 June: 50 days old.
    assert curve.at(51).at_risk == 2
    assert funnel.conversion.curves[1].label == "May"
    assert funnel.conversion.curves[1].leads == 1


def test_the_pipeline_moves_from_opening_to_closing(funnel):
    pipeline = funnel.pipeline
    assert pipeline.due_label == "Q3 2026"
    amounts = {name: int(sums.amount) for name, sums in pipeline.total.moves.items()}
    assert amounts == {
        "opening": 100 + 80 + 50 + 200,
        "created": 10,
        "slipped_in": 30,
        "grown": 20,
        "shrunk": 10,
        "slipped_out": 200,
        "lost": 50,
        "won": 70,
    }
    assert pipeline.total.closing.amount == 120 + 30 + 10
    assert (pipeline.total.closing.count, pipeline.total.closing.unknown) == (4, 1)
    # With O4 and O8, which are due later.
    assert pipeline.total.open.amount == 160 + 200 + 999
    sources = {move.source: move.closing.amount for move in pipeline.sources}
    assert sources == {"marketing": 120, "sales": 40, None: 0}


def test_losses_have_reasons(funnel):
    ((reason, sums),) = funnel.pipeline.losses
    assert (reason, sums.count, sums.amount) == ("price", 1, Decimal(50))


def test_a_filter_that_a_part_lacks_is_said_and_leaves_the_others(warehouse):
    found = build_funnel(warehouse, june(warehouse, where=(("sourced_by", (None,)),)))
    assert found.counts is None
    assert found.pipeline is not None
    assert found.reasons["counts"] == (
        "This part cannot be split or filtered by sourced_by: clear that filter to see it."
    )
    assert found.pipeline.total.moves["opening"].amount == 50


def test_a_company_without_sql_and_without_dates(company, engine_url):
    """As Olist's: MQLs and customers alone, deals without amount or stages."""
    rows = [
        *stages("L1", mql="06-01 12:00", customer="06-20 12:00"),
        *stages("L2", mql="06-02 12:00"),
    ]
    deals = [opportunity("O1", "06-01", None, None, **closed("won", "06-20"))]
    warehouse = warehouse_of(company, engine_url, {"lead_stages": rows, "opportunities": deals})
    found = build_funnel(warehouse, june(warehouse), "mql_to_sql")
    assert found.reasons == {}
    assert found.counts is not None
    assert found.conversion is not None
    assert found.pipeline is not None
    assert found.leaks is not None
    assert [(s.stage, s.reached) for s in found.counts.cohort] == [("mql", 2), ("customer", 1)]
    assert found.conversion.metric == "mql_to_customer"
    assert found.pipeline.total.moves["won"].unknown == 1
    assert [leak.stage for leak in found.leaks] == ["mql"]


def test_an_empty_company_says_what_is_empty(company, engine_url):
    warehouse = warehouse_of(company, engine_url, {})
    found = build_funnel(warehouse, june(warehouse))
    assert (found.counts, found.conversion, found.pipeline) == (None, None, None)
    assert found.reasons["counts"] == "The table lead_stages is empty."
    assert found.reasons["pipeline"] == "The table opportunities is empty."


def test_five_statements_and_the_stages_make_the_page(warehouse, monkeypatch):
    asked: list[Any] = []
    rows = Warehouse.rows

    def counted(self: Warehouse, statement: Any) -> list[dict[str, Any]]:
        asked.append(statement)
        return rows(self, statement)

    _ = warehouse.row_counts
    monkeypatch.setattr(Warehouse, "rows", counted)
    build_funnel(warehouse, june(warehouse))
    assert len(asked) == 6
