"""The KPIs of disputes: by hand, by plain Python over random ones, for scopes, and kept apart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from data.audit import person
from data.review_memory.disputes import Dispute, Shown, keep_dispute, settle_dispute
from data.row_scope import RowScope
from data.state import close_state, has_state
from data.warehouse import Warehouse
from metrics.calendar import Cadence, Calendar, Span
from metrics.engine import Answer, run_query, sql_of
from metrics.kpi import build_kpi
from metrics.model import Status
from metrics.query import MetricQuery, parse_filters
from metrics.records import page
from metrics.row_scope import scoped
from metrics.view import View
from tests.build import at, warehouse_of
from tests.metrics.asking import JUNE, LATE, ask, lead

KPIS = ("open_disputes", "dispute_age_days", "disputes_raised")
ANA = person("ana")
COMPANY = "Acme"
CONFIG = f'[company]\nname = "{COMPANY}"\n'
TOKYO = CONFIG + 'timezone = "Asia/Tokyo"\n'
WEEK_1 = Span(date(2026, 6, 1), date(2026, 6, 8))
WEEK_2 = Span(date(2026, 6, 8), date(2026, 6, 15))


def dispute(
    raised: datetime, settled: datetime | None = None, *where: str, metric: str = "leads"
) -> Dispute:
    """A dispute on the event clock."""
    filters = parse_filters(where)
    shown = Shown(COMPANY, metric, "2026-W23", filters, raised, raised, 1.0, "1", "3574a17e24ce", 0)
    found = keep_dispute(shown, reason="Wrong", by=ANA)
    if settled is None:
        return found
    return settle_dispute(found.id, reason="Right", data_through=settled, by=ANA)


@pytest.fixture
def warehouse(company: Any, engine_url: str) -> Iterator[Warehouse]:
    """A company with one lead and four disputes."""
    found = warehouse_of(company, engine_url, {"leads": [lead("L1")]}, CONFIG)
    dispute(at("2026-06-02 12:00"), at("2026-06-10 12:00"))
    dispute(at("2026-06-08 00:00"), None, "region=EMEA")
    # Settled in the first moment after June.
    dispute(at("2026-06-20 12:00"), at("2026-07-01 00:00"), "region=EMEA", "region=AMER")
    dispute(at("2026-06-29 23:30"))
    yield found
    close_state()


def figures(warehouse: Warehouse, span: Span, **options: Any) -> tuple[Any, ...]:
    """Open, their median age, raised."""
    rows = ask(warehouse, *KPIS, span=span, **options)
    values = [rows[name].value for name in KPIS]
    assert rows["dispute_age_days"].denominator == values[0]
    return tuple(None if value is None else round(value, 6) for value in values)


def test_by_hand(warehouse: Warehouse) -> None:
    # At June's end: 23 days, 10.5 days, and a day and half an hour.
    assert figures(warehouse, JUNE) == (3, 10.5, 4)
    assert figures(warehouse, WEEK_1) == (1, 5.5, 1)
    assert figures(warehouse, WEEK_2) == (1, 7, 1)
    assert figures(warehouse, Span(date(2026, 5, 1), date(2026, 6, 1))) == (0, None, 0)
    july = Span(date(2026, 7, 1), date(2026, 8, 1))
    assert figures(warehouse, july) == (2, round((54 + 32 + 1 / 48) / 2, 6), 0)


def test_several_spans_in_one_question_are_what_each_is_alone(warehouse: Warehouse) -> None:
    spans = (WEEK_1, WEEK_2, JUNE)
    together = run_query(warehouse, MetricQuery(KPIS, spans, LATE))
    alone = [
        row
        for name in KPIS
        for span in spans
        for row in run_query(warehouse, MetricQuery((name,), (span,), LATE))
    ]
    assert [(r.metric, r.span) for r in together] == [(r.metric, r.span) for r in alone]
    assert [r.value for r in together] == pytest.approx([r.value for r in alone])


def test_as_of_a_moment_what_came_later_is_not_there_yet(warehouse: Warehouse) -> None:
    # The first is not settled yet, the second a day old.
    moment = at("2026-06-09 00:00")
    assert figures(warehouse, JUNE, as_of=moment) == (2, 3.75, 2)
    row = ask(warehouse, "open_disputes", as_of=moment)["open_disputes"]
    assert row.status is Status.PARTIAL


def test_filters_and_parts(warehouse: Warehouse) -> None:
    rows = run_query(warehouse, MetricQuery(KPIS[:1], (JUNE,), LATE, by=("region",)))
    # Of a view of two regions, and of one of all, no region is the one.
    assert {row.members[0]: row.value for row in rows} == {"EMEA": 1, None: 2}
    assert figures(warehouse, JUNE, where=["region=EMEA"]) == (1, 23, 1)
    assert figures(warehouse, JUNE, where=["region=~"])[0] == 2
    assert figures(warehouse, JUNE, where=["region=EMEA", "region=AMER"])[0] == 2
    assert figures(warehouse, JUNE, where=["region=APAC"]) == (0, None, 0)
    both = MetricQuery(
        KPIS[:1], (JUNE,), LATE, by=("region",), where=parse_filters(["region=EMEA", "region=AMER"])
    )
    assert {r.members[0]: r.value for r in run_query(warehouse, both)} == {"EMEA": 1, None: 1}


def test_a_scoped_viewer_is_told_of_what_they_may_see_alone(warehouse: Warehouse) -> None:
    dispute(at("2026-06-11 00:00"), None, "region=EMEA", metric="return_on_spend")
    emea = scoped(warehouse, RowScope.parse(["region=EMEA"]))
    assert figures(emea, JUNE) == (1, 23, 1)
    two = scoped(warehouse, RowScope.parse(["region=EMEA", "region=AMER"]))
    assert figures(two, JUNE)[0] == 2
    assert figures(scoped(warehouse, RowScope.parse(["region=~"])), JUNE) == (0, None, 0)
    assert figures(scoped(warehouse, RowScope.parse(["channel=paid"])), JUNE) == (0, None, 0)
    # The whole company still sees them all.
    assert figures(warehouse, JUNE)[0] == 4


def test_a_new_dispute_and_its_end_show_at_once(warehouse: Warehouse) -> None:
    assert figures(warehouse, JUNE)[0] == 3
    new = dispute(at("2026-06-25 00:00"))
    assert figures(warehouse, JUNE)[0] == 4
    settle_dispute(new.id, reason="Right", data_through=at("2026-06-26 00:00"), by=ANA)
    assert figures(warehouse, JUNE)[0] == 3


def test_a_kpi_s_page_follows_too(warehouse: Warehouse) -> None:
    calendar = Calendar(warehouse.config)
    view = View(calendar.period_of(date(2026, 6, 1), Cadence.MONTHLY), LATE)
    assert build_kpi(warehouse, view, "open_disputes").tile.value == 3
    dispute(at("2026-06-25 00:00"))
    kpi = build_kpi(warehouse, view, "open_disputes")
    assert kpi.tile.value == 4
    assert kpi.months[-1].value == 4
    assert build_kpi(warehouse, view, "dispute_age_days").tile.value == pytest.approx(8.25)


def test_records_behind_the_numbers(warehouse: Warehouse) -> None:
    listed = page(warehouse, MetricQuery(KPIS[:1], (JUNE,), LATE))
    assert (listed.total, listed.numerator, listed.noun) == (3, 3, "disputes")
    aged = page(warehouse, MetricQuery(KPIS[1:2], (JUNE,), LATE))
    assert sorted(round(row["value"], 4) for row in aged.rows) == [1.0208, 10.5, 23]
    assert page(warehouse, MetricQuery(KPIS[2:], (WEEK_2,), LATE)).total == 1


def test_without_a_state_database_there_are_none_and_a_silent_one_says_so(
    company: Any, duckdb_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    warehouse = warehouse_of(company, duckdb_url, {"leads": [lead("L1")]}, CONFIG)
    assert not has_state()
    assert figures(warehouse, JUNE) == (0, None, 0)
    assert not has_state()
    broken = tmp_path / "broken.sqlite"
    broken.write_text("no database " * 100)
    monkeypatch.setenv("STATE_URL", f"sqlite:///{broken}")
    for row in ask(warehouse, *KPIS).values():
        assert row.status is Status.NO_DATA
        assert "the state database, which keeps the disputes, does not answer" in str(row.reason)
    # That answer is not kept.
    monkeypatch.setenv("STATE_URL", f"sqlite:///{tmp_path / 'other.sqlite'}")
    assert figures(warehouse, JUNE) == (0, None, 0)


# -- a second way ---------------------------------------------------------------------------------


def by_python(
    disputes: list[Dispute], span: Span, as_of: datetime, zone: str
) -> tuple[int, float | None, int]:
    """The three figures with a pencil: days on the wall clock of ``zone``."""

    def day(moment: datetime) -> date:
        return moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone)).date()

    midnight = datetime(span.end.year, span.end.month, span.end.day, tzinfo=ZoneInfo(zone))
    end = min(midnight.astimezone(ZoneInfo("UTC")).replace(tzinfo=None), as_of)
    ages, raised = [], 0
    for one in disputes:
        begun = one.shown.data_through
        if begun > as_of:
            continue
        raised += span.start <= day(begun) < span.end
        settled = one.settled.settled_as_of if one.settled else None
        is_settled = settled is not None and settled <= as_of and day(settled) < span.end
        if day(begun) < span.end and not is_settled:
            ages.append((end - begun) / timedelta(days=1))
    return len(ages), median(ages) if ages else None, raised


@pytest.mark.parametrize("seed", range(2))
def test_engine_and_plain_python_agree(company: Any, engine_url: str, seed: int) -> None:
    draw = Random(seed)
    warehouse = warehouse_of(company, engine_url, {"leads": [lead("L1")]}, TOKYO)

    def moment() -> datetime:
        hours = timedelta(hours=draw.choice((0, 5, 14.5, 15, 23.75)))
        return datetime(2026, 6, 1) + timedelta(days=draw.randrange(30)) + hours

    disputes = []
    for _ in range(12):
        begun, ended = moment(), moment()
        disputes.append(dispute(begun, max(begun, ended) if draw.random() < 0.6 else None))
    as_of = datetime(2026, 6, 1) + timedelta(days=draw.randrange(10, 45), hours=15)
    spans = tuple(
        Span(date(2026, 6, first), date(2026, 6, first) + timedelta(days=days))
        for first, days in ((1, 7), (3, 14), (8, 7), (20, 3), (1, 30), (25, 30))
    )
    rows = run_query(warehouse, MetricQuery(KPIS, spans, as_of))
    found = {(row.metric, row.span): row.value for row in rows}
    for span in spans:
        engine_says = [found[name, span] for name in KPIS]
        assert engine_says == pytest.approx(by_python(disputes, span, as_of, "Asia/Tokyo")), span
    assert "settled_at" in sql_of(warehouse, next(iter(_statements(warehouse, spans, as_of))))


def _statements(warehouse: Warehouse, spans: tuple[Span, ...], as_of: datetime) -> list[Any]:
    return Answer(warehouse, MetricQuery(KPIS, spans, as_of)).statements
