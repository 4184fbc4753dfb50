"""Every KPI of the catalog against plain SQL written by hand and against known figures."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import create_engine

from data.config import parse_config
from metrics.calendar import Span
from metrics.catalog import CATALOG
from metrics.engine import run_query
from metrics.query import MetricQuery
from tests.build import at, warehouse_of
from tests.metrics import (
    checks,
    checks_credit,
    checks_pipeline,
    credit_company,
    test_dispute_kpis,
)
from tests.metrics.fixture_company import AS_OF, CONFIG, PERIODS, tables
from tests.rows import plain_sql

CHECKS = checks.CHECKS | checks_pipeline.CHECKS
# (value, numerator, denominator, maturing) of the week, the month and the quarter; six decimals.
FIGURES: dict[str, tuple[tuple, ...]] = {
    "leads": (
        (6, 6, None, 0),
        (18, 18, None, 0),
        (35, 35, None, 0),
    ),
    "mqls": (
        (6, 6, None, 0),
        (15, 15, None, 0),
        (30, 30, None, 0),
    ),
    # L04, recycled in April, on 10 June.
    "re_mqls": (
        (0, 0, None, 0),
        (1, 1, None, 0),
        (1, 1, None, 0),
    ),
    "lead_to_mql": (
        (None, 0, 0, 1),
        (1, 5, 5, 3),
        (0.826087, 19, 23, 3),
    ),
    "spend": (
        (131.3, 131.3, None, 0),
        (661.7, 661.7, None, 0),
        (1262.3, 1262.3, None, 0),
    ),
    "cost_per_mql": (
        (21.883333, 131.3, 6, 0),
        (44.113333, 661.7, 15, 0),
        (42.076667, 1262.3, 30, 0),
    ),
    "cost_per_opportunity": (
        (32.825, 131.3, 4, 0),
        (66.17, 661.7, 10, 0),
        (54.882609, 1262.3, 23, 0),
    ),
    "mql_to_sal": (
        (0.75, 3, 4, 1),
        (0.545455, 6, 11, 2),
        (0.538462, 14, 26, 2),
    ),
    "mql_to_sql": (
        (None, 0, 0, 4),
        (0.6, 3, 5, 7),
        (0.5, 10, 20, 7),
    ),
    "sql_to_opportunity": (
        (None, 0, 0, 1),
        (None, 0, 0, 3),
        (0.3, 3, 10, 3),
    ),
    "mql_to_customer": (
        (None, 0, 0, 6),
        (None, 0, 0, 13),
        (None, 0, 0, 26),
    ),
    "lead_to_customer": (
        (None, 0, 0, 5),
        (None, 0, 0, 17),
        (None, 0, 0, 34),
    ),
    "stage_days_mql_to_sql": (
        (2.333333, None, 1, 0),
        (14.666667, None, 4, 0),
        (7.71875, None, 12, 0),
    ),
    "pipeline_created": (
        (6100, 6100, None, 0),
        (12500.1, 12500.1, None, 0),
        (25775.85, 25775.85, None, 0),
    ),
    "bookings": (
        (1800.1, 1800.1, None, 0),
        (9500.1, 9500.1, None, 0),
        (13100.85, 13100.85, None, 0),
    ),
    "sla_response": (
        (0.4, 2, 5, 0),
        (0.4, 4, 10, 0),
        (0.526316, 10, 19, 0),
    ),
    "lead_rejection_rate": (
        (0.4, 2, 5, 0),
        (0.25, 2, 8, 0),
        (0.25, 4, 16, 0),
    ),
    "sals": (
        (3, 3, None, 0),
        (9, 9, None, 0),
        (20, 20, None, 0),
    ),
    "sqls": (
        (1, 1, None, 0),
        (4, 4, None, 0),
        (14, 14, None, 0),
    ),
    "meetings_held": (
        (1, 1, None, 0),
        (2, 2, None, 0),
        (4, 4, None, 0),
    ),
    "opportunities_created": (
        (4, 4, None, 0),
        (10, 10, None, 0),
        (23, 23, None, 0),
    ),
    "won_deals": (
        (3, 3, None, 0),
        (6, 6, None, 0),
        (9, 9, None, 0),
    ),
    "lost_deals": (
        (4, 4, None, 0),
        (6, 6, None, 0),
        (6, 6, None, 0),
    ),
    "win_rate": (
        (0.4, 2, 5, 0),
        (0.444444, 4, 9, 0),
        (0.583333, 7, 12, 0),
    ),
    "win_rate_value": (
        (0.714286, 1500, 2100, 0),
        (0.727273, 5200, 7150, 0),
        (0.818617, 8800.75, 10750.75, 0),
    ),
    "avg_deal_size": (
        (1500, 1500, 1, 0),
        (1733.333333, 5200, 3, 0),
        (1466.791667, 8800.75, 6, 0),
    ),
    "sales_cycle_days": (
        (10.332986, None, 2, 0),
        (8.447917, None, 4, 0),
        (15.665972, None, 7, 0),
    ),
    "sales_cycle_days_mean": (
        (10.332986, 20.665972, 2, 0),
        (9.390451, 37.561806, 4, 0),
        (19.029663, 133.207639, 7, 0),
    ),
    # SQLs: 3 in the last 28 days after 5; 4 in June after 7 in May.
    "lead_velocity_rate": (
        (-0.4, 3, 5, 0),
        (-0.428571, 4, 7, 0),
        (-0.428571, 4, 7, 0),
    ),
    # At the quarter's end 7 open deals × 7/12 won × 1466.79 each over 19.03 days.
    "sales_velocity": (
        (195.515255, 4124.127273, 21.093634, 0),
        (314.740172, 5989.399306, 19.029663, 0),
        (314.740172, 5989.399306, 19.029663, 0),
    ),
    "response_hours": (
        (1.5, None, 5, 0),
        (2.75, None, 10, 0),
        (2, None, 19, 0),
    ),
    "response_hours_p90": (
        (None, None, 5, 0),
        (None, None, 10, 0),
        (None, None, 19, 0),
    ),
    # All three are over. Left: 3000 − 1800.10; of new business 8000 − 5200; 15000 − 13100.85.
    "pipeline_coverage": (
        (None, None, 1199.9, 0),
        (None, None, 2800, 0),
        (None, None, 1899.15, 0),
    ),
    # R1 and R2: 0 of 700 and 1800.10 of 400; 5200 of 7000, 4300.10 of 2000 and R9's 0 of 500;
    # 8200.75 of 8000 and 4900.10 of 2500.
    "quota_attainment": (
        (1.636455, 1800.1, 1100, 0),
        (1.000011, 9500.1, 9500, 0),
        (1.2477, 13100.85, 10500, 0),
    ),
    "reps_at_quota": (
        (0.5, 1, 2, 0),
        (0.333333, 1, 3, 0),
        (1, 2, 2, 0),
    ),
    # The week lost O06, O07, O11 (won on the 30th) and O13; June and the quarter O06, O07 and O24.
    "slipped_deals": (
        (4, 4, None, 0),
        (3, 3, None, 0),
        (3, 3, None, 0),
    ),
    # 700 + 350 + 2500 and O13 without an amount; 700 + 350 + 75.
    "slipped_amount": (
        (3550, 3550, None, 0),
        (1125, 1125, None, 0),
        (1125, 1125, None, 0),
    ),
}
# L28, L29 and L34; in June L20 and L23 too, but not L04's second time: its handoff was of the
# first; before it L01.
FIGURES["mql_delivery"] = (
    (0.3, 3, 10, 0),
    (0.25, 5, 20, 0),
    (0.15, 6, 40, 0),
)
# Complete: L28, L29, L32, L34; in June L20, L23 too; before it L01.
FIGURES["mql_completeness"] = (
    (0.666667, 4, 6, 0),
    (0.4, 6, 15, 0),
    (0.233333, 7, 30, 0),
)
# H19, answered two days after the as-of moment, and H12.
FIGURES["overdue_handoffs"] = (
    (1, 1, None, 0),
    (2, 2, None, 0),
    (2, 2, None, 0),
)
# In June H10's T19 and, in vain, H11's T21; before it H09's T18 and, in vain, H03's T14 and T16.
# H13 to H19 have less than 30 days.
FIGURES["wasted_effort_share"] = (
    (None, 0, 0, 5),
    (0.5, 1, 2, 7),
    (0.6, 3, 5, 7),
)
# L21 and L28 of L21, L28 and L31; in June L22 of L19, L20 and L22 too; before it L08 of L03, L08.
FIGURES["redundant_outreach_rate"] = (
    (0.666667, 2, 3, 0),
    (0.5, 3, 6, 0),
    (0.5, 4, 8, 0),
)
# M07, M08 and M10 against S03; in June M04 as well against S02, S04, S06 and S07; before it M02 and
# M03 against S01, but not M01: sales had no record yet.
FIGURES["count_gap"] = (
    (2, 3, 1, 0),
    (-1, 4, 5, 0),
    (0, 6, 6, 0),
)
SPANS = {name: Span(*days) for name, days in PERIODS.items()}


def test_no_kpi_is_without_a_check():
    # Those of journeys have a company of their own (tests/metrics/test_credit_kpis.py).
    # Disputes and signatures lie in another database (tests/metrics/test_dispute_kpis.py,
    # tests/metrics/agreements/test_rule_check.py).
    in_warehouse = set(CATALOG) - {*test_dispute_kpis.KPIS, "mqls_off_rule"}
    assert {*CHECKS, *checks_credit.CHECKS} == in_warehouse
    assert {*FIGURES, *credit_company.FIGURES} == in_warehouse


def _engine_figures(warehouse, as_of: datetime = AS_OF) -> dict:
    query = MetricQuery(tuple(CATALOG), tuple(SPANS.values()), as_of)
    return {
        (row.metric, row.span): (row.value, row.numerator, row.denominator, row.maturing)
        for row in run_query(warehouse, query)
    }


def _sql_figures(url: str, checked: Iterable[str] = CHECKS, as_of: datetime = AS_OF) -> dict:
    config = parse_config(CONFIG)
    engine = create_engine(url)
    found = {}
    try:
        with engine.connect() as connection:
            for metric, sql in ((name, CHECKS[name]) for name in checked):
                for span in SPANS.values():
                    values: dict[str, Any] = {"first": span.start, "last": span.end, "as_of": as_of}
                    if ":days" in sql:
                        values["days"] = config.window_days(metric)
                    row = connection.execute(plain_sql(connection, sql), values).one()
                    found[metric, span] = tuple(None if v is None else float(v) for v in row)
    finally:
        engine.dispose()
    return found


def _rounded(figures: tuple) -> list:
    return [None if value is None else round(float(value), 6) for value in figures]


def test_engine_plain_sql_and_hand_agree(engine_url, company):
    warehouse = warehouse_of(company, engine_url, tables(), CONFIG)
    engine_says = _engine_figures(warehouse)
    warehouse.engine.dispose()
    sql_says = _sql_figures(engine_url)
    for metric, expected in FIGURES.items():
        for span, figures in zip(SPANS.values(), expected, strict=True):
            wanted = pytest.approx(list(figures), abs=2e-6)
            assert _rounded(engine_says[metric, span]) == wanted, (metric, span)
            assert _rounded(sql_says[metric, span]) == wanted, (metric, span)


# As of a moment within the periods; O11 and O12 are expected by their end, and on 19 June O06, for
# its date was moved the day after.
EARLIER = {
    "2026-06-24 20:00": (
        (0.833333, 2500, 3000, 0),
        (0.75, 5100, 6800, 0),
        (0.500037, 5100, 10199.25, 0),
    ),
    "2026-06-19 12:00": (
        (0.233333, 700, 3000, 0),
        (0.102941, 700, 6800, 0),
        (0.068633, 700, 10199.25, 0),
    ),
}


@pytest.mark.parametrize("as_of", EARLIER)
def test_what_was_to_come_at_an_earlier_moment(engine_url, company, as_of):
    moment = at(as_of)
    warehouse = warehouse_of(company, engine_url, tables(), CONFIG)
    engine_says = _engine_figures(warehouse, moment)
    warehouse.engine.dispose()
    sql_says = _sql_figures(engine_url, checks_pipeline.CHECKS, moment)
    for metric in checks_pipeline.CHECKS:
        for span in SPANS.values():
            said = _rounded(engine_says[metric, span])
            assert said == pytest.approx(_rounded(sql_says[metric, span]), abs=2e-6), metric
    for span, expected in zip(SPANS.values(), EARLIER[as_of], strict=True):
        said = _rounded(engine_says["pipeline_coverage", span])
        assert said == pytest.approx(list(expected), abs=2e-6)
