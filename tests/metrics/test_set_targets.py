"""Targets set in the app: who may, over what they lie, and that every figure sees the same one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from data.audit import read_events
from data.config import FACTS, parse_config
from data.errors import AgreementError, NoteError
from data.row_scope import RowScope
from data.set_targets import TargetConflict, TargetKey
from data.state import close_state
from data.warehouse import Warehouse
from metrics.agreed import NO_STATE
from metrics.calendar import Cadence, Calendar, Span
from metrics.catalog import CATALOG
from metrics.engine import run_query
from metrics.errors import QueryError, RoleError
from metrics.kpi import build_kpi
from metrics.model import Status
from metrics.query import MetricQuery, parse_filters
from metrics.row_scope import scoped
from metrics.scorecard import build_scorecard
from metrics.sla import build_sla
from metrics.target_setting import (
    changes_of_targets,
    set_target_as,
    target_lines,
    targets_ahead,
)
from metrics.view import View
from tests.build import at, warehouse_of
from tests.metrics.agreements.people import add_people
from tests.metrics.asking import deal, handoff, lead, stages

CONFIG = '[company]\nname = "Acme"\n[scorecard]\nmarketing = ["mqls"]\ngoals = ["mql_delivery"]\n'
Q2 = date(2026, 4, 1)
JUNE = date(2026, 6, 1)
NEWEST = at("2026-07-01 00:00")
JUNE_SPAN = Span(JUNE, date(2026, 7, 1))
MONTH = TargetKey("mqls", "month", JUNE)


def loaded(metric: str, grain: str, start: date, value: float, **of: Any) -> dict[str, Any]:
    row = {"metric": metric, "grain": grain, "period_start": start, "value": value, **of}
    return row | {"set_at": at("2026-01-01 00:00")}


TARGETS = [
    loaded("mqls", "month", JUNE, 10),
    loaded("mqls", "month", JUNE, 4, dimension="region", member="EMEA"),
]


def tables(targets: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "leads": [lead(f"L{n}", region="EMEA" if n < 3 else "AMER") for n in range(6)],
        "lead_stages": [row for n in range(6) for row in stages(f"L{n}", mql=f"06-0{n + 1} 12:00")],
        "lead_changes": [
            {
                "lead_id": f"L{n}",
                "field": name,
                "value": "true",
                "changed_at": at("2026-05-01 00:00"),
            }
            for n in range(6)
            for name in FACTS
        ],
        "handoffs": [handoff(f"H{n}", "2026-06-20 12:00", lead_id=f"L{n}") for n in range(6)],
        "opportunities": [deal("O1", "2026-07-01 00:00", amount=100)],
        "targets": targets,
    }


@pytest.fixture
def warehouse(company: Any, engine_url: str) -> Iterator[Warehouse]:
    found = warehouse_of(company, engine_url, tables(TARGETS), CONFIG)
    add_people()
    yield found
    close_state()


@pytest.fixture
def small(company: Any, duckdb_url: str) -> Iterator[Warehouse]:
    """The same, for what is about no engine in particular."""
    found = warehouse_of(company, duckdb_url, tables(TARGETS), CONFIG)
    add_people()
    yield found
    close_state()


def view(warehouse: Warehouse, *where: str, as_of: Any = NEWEST) -> View:
    calendar = Calendar(warehouse.config)
    period = calendar.period_of(JUNE, Cadence.MONTHLY)
    return View(period, as_of, where=parse_filters(where))


def seen_everywhere(warehouse: Warehouse, *where: str) -> set[float | None]:
    """The target of MQLs in June by every way to it: the tile, the KPI's page, and the KPI made of
    it on the scorecard, on the SLA page and by a question."""
    asked = view(warehouse, *where)
    card, page = build_scorecard(warehouse, asked), build_sla(warehouse, asked)
    tile = card.columns["marketing"][0]
    kpi = build_kpi(warehouse, asked, "mqls")
    query = MetricQuery(("mql_delivery",), (asked.period.span,), asked.as_of, where=asked.where)
    (row,) = run_query(warehouse, query)
    by_page = next(p.target for p in kpi.months if p.label == "Jun")
    of_tile = None if tile.target is None else tile.target.value
    delivery = (row, card.goals[0], page.marketing[0])
    return {of_tile, by_page, *(one.denominator for one in delivery)}


def target(warehouse: Warehouse, *where: str) -> float | None:
    """The target of MQLs in June that a question sees."""
    query = MetricQuery(("mql_delivery",), (JUNE_SPAN,), NEWEST, where=parse_filters(where))
    return run_query(warehouse, query)[0].denominator


def test_every_figure_sees_the_same_target_at_once(warehouse: Warehouse) -> None:
    assert seen_everywhere(warehouse) == {10}
    set_target_as(warehouse, "mara", MONTH, 8, seen=-1, reason="The fair fell through")
    assert seen_everywhere(warehouse) == {8}
    assert target(warehouse, "region=EMEA") == 4  # another one's
    emea = TargetKey("mqls", "month", JUNE, "region", "EMEA")
    set_target_as(warehouse, "mara", emea, 3, seen=-1, reason="So did theirs")
    assert seen_everywhere(warehouse, "region=EMEA") == {3}
    assert (target(warehouse), target(warehouse, "region=AMER")) == (8, None)
    set_target_as(warehouse, "ada", MONTH, 12, seen=0, reason="It did not")
    assert target(warehouse) == 12
    set_target_as(warehouse, "mara", MONTH, None, seen=1, reason="As planned then")
    assert seen_everywhere(warehouse) == {10}
    (line,) = target_lines(warehouse, CATALOG["mqls"], [view(warehouse).period])
    assert [(v.number, v.value, v.set_by) for v in line.versions] == [
        (0, 8, "mara"), (1, 12, "ada"), (2, None, "mara")]  # fmt: skip
    assert (line.value, line.loaded) == (10, 10)


def test_without_any_loaded_target_those_set_here_are_enough(company: Any, engine_url: str) -> None:
    warehouse = warehouse_of(company, engine_url, tables([]), CONFIG)
    add_people()
    query = MetricQuery(("mql_delivery",), (JUNE_SPAN,), NEWEST)
    assert run_query(warehouse, query)[0].status is Status.NO_DATA
    # The quarter's, of which June has its part; and split by a member that has one.
    quarter = TargetKey("mqls", "quarter", Q2)
    set_target_as(warehouse, "mara", quarter, 65, seen=-1, reason="Plan")
    assert run_query(warehouse, query)[0].denominator == pytest.approx(65 * 22 / 65)
    emea = TargetKey("mqls", "month", JUNE, "region", "EMEA")
    set_target_as(warehouse, "mara", emea, 3, seen=-1, reason="Plan")
    rows = run_query(warehouse, MetricQuery(query.metrics, query.spans, NEWEST, by=("region",)))
    assert {row.members[0]: row.value for row in rows} == {"EMEA": 1, "AMER": None}
    close_state()


def test_as_of_an_earlier_moment_it_does_not_exist(small: Warehouse) -> None:
    set_target_as(small, "mara", MONTH, 8, seen=-1, reason="Less")
    earlier = view(small, as_of=small.default_as_of - timedelta(days=1))
    tile = build_scorecard(small, earlier).columns["marketing"][0]
    assert tile.target is not None
    assert tile.target.value == 10
    assert target(small) == 8


ALLOWED = {
    "mqls": {"mara", "ada"},
    "win_rate": {"sam", "ada"},
    "bookings": {"mara", "sam", "ada"},
}


def test_editors_of_the_owning_team_and_admins_set_them(small: Warehouse) -> None:
    for metric, allowed in ALLOWED.items():
        seen = -1
        for username in ("vera", "mara", "sam", "ada"):
            key, before = TargetKey(metric, "year", date(2026, 1, 1)), list(read_events())
            if username not in allowed:
                with pytest.raises(RoleError, match="your role is"):
                    set_target_as(small, username, key, 0.5, seen=seen, reason="Because")
                assert list(read_events()) == before
                continue
            set_target_as(small, username, key, 0.5, seen=seen, reason="Because")
            seen += 1
            event = list(read_events())[-1]
            assert (event.event, event.actor, event.subject) == ("target_changed", username, metric)
    assert len(changes_of_targets(small)) == 7


def test_of_two_at_once_the_second_is_told_what_the_first_set(small: Warehouse) -> None:
    set_target_as(small, "mara", MONTH, 8, seen=-1, reason="Less")
    with pytest.raises(TargetConflict, match="mara has set this target to 8"):
        set_target_as(small, "ada", MONTH, 9, seen=-1, reason="A little less")
    set_target_as(small, "ada", MONTH, 9, seen=0, reason="A little less")
    with pytest.raises(TargetConflict, match="ada has set this target to 9"):
        set_target_as(small, "mara", MONTH, None, seen=0, reason="As loaded")
    assert target(small) == 9
    assert [e.event for e in read_events()].count("target_changed") == 2


def test_what_is_no_target(small: Warehouse) -> None:
    def attempt(key: TargetKey, value: float | None = 1.0, reason: str = "Plan") -> None:
        set_target_as(small, "ada", key, value, seen=-1, reason=reason)

    for key, error, words in (
        (TargetKey("mqlz", "month", JUNE), QueryError, "Nearest: 'mqls'"),
        (TargetKey("_mqls_delivered", "month", JUNE), QueryError, "unknown metric"),
        (TargetKey("mqls", "day", JUNE), AgreementError, "unknown grain"),
        (TargetKey("mqls", "month", date(2026, 6, 2)), AgreementError, "first day of a month"),
        (TargetKey("mqls", "week", JUNE + timedelta(1)), AgreementError, "Give 2026-06-01"),
        (TargetKey("mqls", "month", JUNE, "kind", "new"), AgreementError, "cannot be split"),
        (TargetKey("mqls", "month", JUNE, "region", "Mars"), AgreementError, "in the data"),
        (TargetKey("mqls", "month", JUNE, "region", None), AgreementError, "in the data"),
    ):
        with pytest.raises(error, match=words):
            attempt(key)
    for value in (float("nan"), float("inf"), 1e16):
        with pytest.raises(AgreementError, match="a number"):
            attempt(MONTH, value)
    with pytest.raises(AgreementError, match="none can be taken back"):
        attempt(MONTH, None)
    with pytest.raises(NoteError, match="reason"):
        attempt(MONTH, 1.0, " ")
    assert changes_of_targets(small) == []


def test_a_scope_sees_and_sets_its_own_alone(small: Warehouse) -> None:
    emea = TargetKey("mqls", "month", JUNE, "region", "EMEA")
    amer = TargetKey("mqls", "month", JUNE, "region", "AMER")
    for key, value in ((MONTH, 8), (emea, 3), (amer, 5)):
        set_target_as(small, "ada", key, value, seen=-1, reason="Secret")
    seen = scoped(small, RowScope.parse(["region=EMEA"]))
    assert [one.key for one in changes_of_targets(seen)] == [emea]
    period = view(small).period
    assert target_lines(seen, CATALOG["mqls"], [period]) == []
    assert target_lines(seen, CATALOG["mqls"], [period], ("region", "AMER")) == []
    (line,) = target_lines(seen, CATALOG["mqls"], [period], ("region", "EMEA"))
    assert line.value == 3
    assert targets_ahead(seen, [], [period]) == []
    (ahead,) = targets_ahead(seen, [], [period], ("region", "EMEA"))
    assert (ahead.metric.id, ahead.values, ahead.is_set_here) == ("mqls", (3,), (True,))
    query = MetricQuery(("mql_delivery",), (period.span,), NEWEST)
    assert run_query(seen, query)[0].denominator == 3
    for key in (MONTH, amer):
        with pytest.raises(RoleError, match="a part of the data"):
            set_target_as(seen, "ada", key, 1, seen=0, reason="Mine")
    set_target_as(seen, "mara", emea, 2, seen=0, reason="Ours")
    assert target(small, "region=EMEA") == 2


def test_while_nobody_can_tell_what_was_set_there_is_no_figure(
    small: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"no database" * 100)
    monkeypatch.setenv("STATE_URL", f"sqlite:///{broken}")
    for name in ("mql_delivery", "mqls_off_rule"):
        query = MetricQuery((name, "mqls"), (JUNE_SPAN,), NEWEST)
        row, mqls = run_query(small, query)
        assert (row.status, row.reason, mqls.value) == (Status.NO_DATA, NO_STATE, 6)


def test_the_calendar_of_these_tests() -> None:
    working = Calendar(parse_config("")).working_days
    spans = (Span(Q2, date(2026, 7, 1)), Span(JUNE, date(2026, 7, 1)))
    assert [len(working(span)) for span in spans] == [65, 22]
