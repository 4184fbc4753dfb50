"""The credit page of a company small enough to count on the fingers, on every engine.

June 2026 in UTC. Won: O1 of 1,000 (webinar, then a call), O2 of 300 (a sales e-mail), O3 of 200
(nobody's). Open: O4 of 500, after a webinar.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from data.config import MODELS as CONFIGURED
from data.warehouse import Warehouse
from metrics.attribution import AttributionQuery, attribute, attribute_all, team_split
from metrics.attribution.board import Asked, CreditBoard, build_credit, build_returns
from metrics.attribution.model import MODELS
from metrics.attribution.span import credit_span
from metrics.calendar import Cadence, Calendar
from metrics.errors import QueryError
from metrics.report import credit_words as words
from metrics.report.format import Formats
from metrics.view import View
from tests.build import at, warehouse_of
from tests.metrics.asking import lead

AS_OF = at("2026-08-01 12:00")
FORMATS = Formats("en_US", "USD")


def deal(name: str, created: str, won: str | None, amount: int, lead_id: str) -> dict[str, Any]:
    return {
        "opportunity_id": name,
        "account_id": "A1",
        "lead_id": lead_id,
        "created_at": at(f"2026-{created} 12:00"),
        "closed_at": at(f"2026-{won} 12:00") if won else None,
        "status": "won" if won else "open",
        "amount": amount,
    }


def touch(name: str, lead_id: str, day: str, team: str, channel: str, **more: Any) -> dict:
    moment = at(f"2026-{day} 12:00")
    given = {"touch_id": name, "lead_id": lead_id, "occurred_at": moment}
    return {**given, "team": team, "channel": channel, "responded": True, **more}


TABLES: dict[str, list[dict[str, Any]]] = {
    "accounts": [{"account_id": "A1", "name": "Acme <b>"}],
    "reps": [{"rep_id": "R1", "name": "Kim Lee"}, {"rep_id": "R2", "name": "Kim Lee"}],
    "campaigns": [{"campaign_id": "C1", "name": "Summer"}],
    "leads": [
        lead("L1", "2026-06-01 12:00", full_name="Ida Buyer"),
        lead("L2", "2026-06-14 12:00", full_name="Bo Buyer"),
        lead("L3", "2026-06-14 12:00"),
        lead("L4", "2026-06-09 12:00"),
    ],
    "opportunities": [
        deal("O1", "06-05", "06-20", 1000, "L1"),
        deal("O2", "06-16", "06-25", 300, "L2"),
        deal("O3", "06-16", "06-26", 200, "L3"),
        deal("O4", "06-10", None, 500, "L4"),
    ],
    "touches": [
        touch("T1", "L1", "06-01", "marketing", "webinar", campaign_id="C1"),
        touch("T2", "L1", "06-10", "sales", "phone", rep_id="R1"),
        touch("T3", "L2", "06-15", "sales", "email", rep_id="R2"),
        touch("T4", "L4", "06-09", "marketing", "webinar"),
        touch("T5", "L4", "06-09", "marketing", "ad", responded=False),
    ],
    "spend": [{"day": date(2026, 6, 2), "channel": "webinar", "amount": 250}],
}


def view_of(warehouse: Warehouse, cadence: Cadence, day: date = date(2026, 6, 24)) -> View:
    period = Calendar(warehouse.config).period_of(day, cadence)
    return View(period, AS_OF)


@pytest.fixture
def warehouse(engine_url: str, company: Any) -> Warehouse:
    return warehouse_of(company, engine_url, TABLES)


def june(warehouse: Warehouse, model: str = "linear", **asked: Any) -> CreditBoard:
    return build_credit(warehouse, view_of(warehouse, Cadence.MONTHLY), Asked(model, **asked))


def test_the_page_by_hand(warehouse: Warehouse) -> None:
    board = june(warehouse)
    assert board.facts is not None
    assert board.split is not None
    facts = {name: int(part.amount) for name, part in words.facts_parts(board)}
    assert facts == {"both": 1000, "sales": 300, "nobody": 200}
    credit = {row.member: row.credit for row in board.chosen.rows}
    assert credit == {"webinar": 500, "phone": 500, "email": 300}
    assert words.sum_words(board, FORMATS) == (
        "$1,300.00 credited + $200.00 unattributed = $1,500.00 won in June 2026"
    )
    # Linear 500 of 1,300; last touch nothing; first touch the webinar's whole 1,000.
    assert words.split_words(board.split) == (
        "Marketing 38%, sales 62%.",
        "Marketing's share is 0–77% over eleven models: least by last touch, most by first touch.",
    )
    # O4 is in the journeys of nothing that was won.
    paths = [(" → ".join(map(str, p.steps)), p.opportunities, int(p.amount)) for p in board.paths]
    assert paths == [("webinar → phone", 1, 1000), ("email", 1, 300)]
    deals = [(d.opportunity_id, str(d.account), int(d.amount or 0), d.touches) for d in board.deals]
    assert deals == [("O1", "Acme <b>", 1000, 2), ("O2", "Acme <b>", 300, 1)]
    assert board.still_open == 0
    beside = {metric.id: row.value for metric, row in board.beside}
    # All pipeline of June whose first touch was marketing's: O1 and O4.
    assert beside == {"marketing_sourced_pipeline": 1500, "marketing_influenced_bookings": 1000}


def test_pipeline_says_what_is_still_open(warehouse: Warehouse) -> None:
    board = june(warehouse, basis="pipeline")
    assert board.chosen.total == 2000
    # Up to O1's creation there is the webinar alone.
    credit = {row.member: row.credit for row in board.chosen.rows}
    assert credit == {"webinar": 1500, "email": 300}
    assert board.still_open == 1
    assert "1 of the 4 are still open" in " ".join(words.cautions(board, FORMATS))


def test_the_page_s_numbers_are_the_engine_s(warehouse: Warehouse) -> None:
    view = view_of(warehouse, Cadence.MONTHLY)
    for by in ("channel", "campaign", "team", "rep"):
        query = AttributionQuery("shapley", by, view.period.span, view.as_of)
        board = june(warehouse, "shapley", by=by)
        assert board.answers == attribute_all(warehouse, query)
        assert board.chosen == attribute(warehouse, query)
        assert board.split == team_split(warehouse, query)
    assert june(warehouse, by="campaign").called == {"C1": "Summer"}
    # Two of one name are told apart.
    assert june(warehouse, by="rep").called == {"R1": "Kim Lee (R1)", "R2": "Kim Lee (R2)"}


def test_one_deal_s_journey(warehouse: Warehouse) -> None:
    story = june(warehouse, "first_touch").story
    assert story is not None
    assert story.deal.opportunity_id == "O1"
    assert [touch.shares[story.model] for touch in story.journey.touches] == [1, 0]
    assert story.leads == {}, "no names for whoever may not see people"
    story = june(warehouse, "markov", deal="O2", shows_people=True).story
    assert story is not None
    assert (story.deal.opportunity_id, story.leads) == ("O2", {"L2": "Bo Buyer"})
    assert story.model == "linear", "Markov has no weights for one deal"
    story = june(warehouse, deal="O3").story
    assert story is not None
    assert story.deal.opportunity_id == "O1", "a deal without a journey gives way to the largest"


def test_channels_cost_and_earn_under_the_chosen_model(warehouse: Warehouse) -> None:
    # The configuration's fingerprint is known, as it is in a running app.
    assert warehouse.config.fingerprint
    earned = {}
    for model in ("first_touch", "last_touch", "linear"):
        returns = build_returns(warehouse, june(warehouse, model).query)
        webinar = returns.economics.rows["webinar"]
        earned[model] = (webinar.spend, webinar.credit, webinar.return_on_spend)
    assert earned == {
        "first_touch": (250, 1000, 4.0),
        "last_touch": (250, 0, 0.0),
        "linear": (250, 500, 2.0),
    }
    returns = build_returns(warehouse, june(warehouse).query)
    # The journey took 19 days: all of it in the first month.
    assert returns.payback.rows["webinar"].shares == (1.0, *([0.0] * 12))
    assert returns.channels == ("webinar", "phone", "email")


def test_credit_is_never_weekly(warehouse: Warehouse) -> None:
    calendar = Calendar(warehouse.config)
    week = view_of(warehouse, Cadence.WEEKLY)  # 22–28 June
    span = credit_span(calendar, week)
    assert (span.span.start, span.span.end) == (date(2026, 4, 1), date(2026, 6, 29))
    assert span.label == "Q2 2026 up to W26"
    assert span.note.startswith("Credit is never weekly")
    whole = credit_span(calendar, view_of(warehouse, Cadence.BIWEEKLY, date(2026, 9, 28)))
    assert whole.span.start == date(2026, 10, 1), "the quarter of the last day"
    board = build_credit(warehouse, week, Asked("linear"))
    assert board.chosen.total == 1500
    assert board.span.note in words.cautions(board, FORMATS)
    month = credit_span(
        calendar, replace(view_of(warehouse, Cadence.MONTHLY), as_of=at("2026-06-20 00:00"))
    )
    assert (month.label, month.is_running, month.note) == ("June 2026 to date", True, "")


def test_no_credit_is_said_in_words(warehouse: Warehouse) -> None:
    view = view_of(warehouse, Cadence.QUARTERLY, date(2025, 3, 1))
    board = build_credit(warehouse, view, Asked("linear"))
    assert board.reason == "No opportunity was won in Q1 2025."
    wrong = replace(view_of(warehouse, Cadence.MONTHLY), where=(("priority", ("P1",)),))
    with pytest.raises(QueryError, match="priority"):
        build_credit(warehouse, wrong, Asked("linear"))


def test_an_empty_table_is_named(engine_url: str, company: Any) -> None:
    warehouse = warehouse_of(company, engine_url, {**TABLES, "touches": []})
    assert june(warehouse).reason == "The table touches is empty."


def test_negative_totals_have_no_shares(engine_url: str, company: Any) -> None:
    deals = [{**row, "amount": Decimal(-5)} for row in TABLES["opportunities"]]
    warehouse = warehouse_of(company, engine_url, {**TABLES, "opportunities": deals})
    board = june(warehouse)
    assert board.split is not None
    assert "No team has a share" in words.split_words(board.split)[0]
    assert "add up to less than 0" in " ".join(words.cautions(board, FORMATS))
    assert words.sum_words(board, FORMATS) == (
        "−$10.00 credited + −$5.00 unattributed = −$15.00 won in June 2026"
    )


def test_there_is_one_list_of_models() -> None:
    assert tuple(MODELS) == CONFIGURED
