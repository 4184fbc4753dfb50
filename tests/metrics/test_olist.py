"""8,000 real leads and 842 real deals against figures worked out from their files with pandas.

The data are not part of the project: they lie in ``../shared/real/olist`` beside it, or where
``OLIST_DIR`` says.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from lifelines import KaplanMeierFitter

import data.warehouse
from data.__main__ import main as data_main
from data.config import PROJECT_DIR
from data.warehouse import open_warehouse
from metrics.calendar import Cadence, Calendar, Span
from metrics.engine import run_query
from metrics.funnel.build import build_funnel
from metrics.model import Status
from metrics.query import MetricQuery, parse_filters
from metrics.view import View
from tests.conftest import forget_warehouses

FOLDER = Path(os.environ.get("OLIST_DIR", PROJECT_DIR.parent / "shared" / "real" / "olist"))
EXAMPLES = PROJECT_DIR / "docs" / "examples"
ZONE = "America/Sao_Paulo"
MQLS = [4, 239, 386, 312, 416, 445, 200, 1141, 1028, 1174, 1352, 1303]
WHOLE = Span(date(2017, 1, 1), date(2019, 1, 1))
WINDOW = pd.Timedelta(days=90)

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"the Olist files are not at hand: no folder {FOLDER.name} there"
)


@pytest.fixture(scope="module")
def olist(tmp_path_factory) -> Iterator:
    """The warehouse that ``data load`` makes of the files, opened."""
    home = tmp_path_factory.mktemp("olist")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAREHOUSE_URL", f"duckdb:///{home / 'olist.duckdb'}")
        patch.setenv("STATE_URL", f"sqlite:///{home / 'state.sqlite'}")
        patch.setenv("SCORECARD_CONFIG", str(EXAMPLES / "olist_scorecard.toml"))
        patch.setattr(data.warehouse, "LOCAL_DIR", home)
        forget_warehouses()
        code = data_main(["load", str(FOLDER), "--mapping", str(EXAMPLES / "olist.toml")])
        assert code == 0
        warehouse = open_warehouse()
        assert warehouse.config.company.timezone == ZONE
        _ = warehouse.engine
    yield warehouse
    warehouse.engine.dispose()


@pytest.fixture(scope="module")
def files() -> pd.DataFrame:
    """One row a lead: when it became an MQL and when, if ever, a customer, in UTC."""
    leads = pd.read_csv(FOLDER / "olist_marketing_qualified_leads_dataset.csv")
    columns = ["mql_id", "won_date", "business_segment", "sr_id"]
    deals = pd.read_csv(FOLDER / "olist_closed_deals_dataset.csv")[columns]
    frame = leads.merge(deals, on="mql_id", how="left", validate="one_to_one")
    frame["month"] = frame["first_contact_date"].str[:7]
    for source, name in (("first_contact_date", "mql_at"), ("won_date", "won_at")):
        wall = pd.to_datetime(frame[source]).dt.tz_localize(ZONE, nonexistent="shift_forward")
        frame[name] = wall.dt.tz_convert("UTC").dt.tz_localize(None)
    return frame


def ask(warehouse, *metrics, spans=(WHOLE,), as_of=None, where=(), **options):
    query = MetricQuery(
        metrics,
        tuple(spans),
        as_of or warehouse.default_as_of,
        where=parse_filters(where),
        **options,
    )
    return run_query(warehouse, query)


def months(warehouse) -> list[Span]:
    periods = Calendar(warehouse.config).between(
        date(2017, 6, 1), date(2018, 6, 1), Cadence.MONTHLY
    )
    return [period.span for period in periods]


def test_mqls_by_month(olist):
    assert [row.value for row in ask(olist, "mqls", spans=months(olist))] == MQLS
    assert sum(MQLS) == 8000


def test_842_ever_became_customers(olist):
    assert ask(olist, "won_deals")[0].value == 842
    assert ask(olist, "mqls")[0].value == 8000


def test_the_missing_origin_stays_apart_from_the_one_that_says_unknown(olist):
    origins = {row.members[0]: row.value for row in ask(olist, "leads", by=("channel",))}
    assert origins[None] == 60
    assert origins["unknown"] == 1099
    assert sum(origins.values()) == 8000
    assert ask(olist, "leads", where=["channel=~"])[0].value == 60


def expected_cohorts(files: pd.DataFrame, as_of: pd.Timestamp) -> dict[str, tuple]:
    """(value, numerator, denominator, maturing) by month of the first contact."""
    known = files[files["mql_at"] <= as_of]
    found = {}
    for month, cohort in known.groupby("month"):
        lag = cohort["won_at"].where(cohort["won_at"] <= as_of) - cohort["mql_at"]
        converted = (lag >= pd.Timedelta(0)) & (lag <= WINDOW)
        matured = cohort["mql_at"] + WINDOW <= as_of
        maturing = int((~matured & ~converted).sum())
        chosen = matured if maturing else matured | True
        top, bottom = int((converted & chosen).sum()), int(chosen.sum())
        found[str(month)] = (top / bottom if bottom else None, top, bottom, maturing)
    return found


@pytest.mark.parametrize("company_time", [None, "2018-06-01"])
def test_cohorts_of_90_days_agree_with_pandas(olist, files, company_time):
    as_of = olist.default_as_of
    if company_time is not None:
        as_of = Calendar(olist.config).parse_moment(company_time)
    expected = expected_cohorts(files, pd.Timestamp(as_of))
    rows = ask(olist, "mql_to_customer", spans=months(olist), as_of=as_of, window_days=90)
    found = {
        f"{row.span.start:%Y-%m}": (row.value, row.numerator, row.denominator, row.maturing)
        for row in rows
    }
    assert found == expected
    for row in rows:
        assert row.status is (Status.MATURING if row.maturing else Status.FINAL), row
    maturing = [row.span.start.month for row in rows if row.maturing]
    assert maturing == ([] if company_time is None else [3, 4, 5])


def test_kpis_without_their_tables_or_stages_say_so(olist):
    for row in ask(olist, "spend", "sla_response", "meetings_held", "sals", "mql_to_sql"):
        assert row.status is Status.NO_DATA
        assert row.reason
    assert ask(olist, "bookings")[0].value is None, "no deal has an amount"


def cycles(deals: pd.DataFrame) -> pd.Series:
    return (deals["won_at"] - deals["mql_at"]).dt.total_seconds() / 86_400


def won_in(files: pd.DataFrame, span: Span) -> pd.DataFrame:
    """The deals won on the company's days of a span."""
    won = files[files["won_at"].notna()]
    day = won["won_at"].dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.tz_localize(None)
    return won[(day >= pd.Timestamp(span.start)) & (day < pd.Timestamp(span.end))]


DEALS = {
    "won_deals": len,
    "lost_deals": lambda deals: 0,
    "win_rate": lambda deals: 1.0 if len(deals) else None,
    "sales_cycle_days": lambda deals: cycles(deals).median() if len(deals) else None,
    "sales_cycle_days_mean": lambda deals: cycles(deals).mean() if len(deals) else None,
}


@pytest.mark.parametrize("metric", DEALS)
def test_deals_by_month_agree_with_pandas(olist, files, metric):
    spans = [
        period.span
        for period in Calendar(olist.config).between(
            date(2017, 10, 1), date(2018, 12, 1), Cadence.MONTHLY
        )
    ]
    for row in ask(olist, metric, spans=spans):
        assert row.value == pytest.approx(DEALS[metric](won_in(files, row.span))), row.span


@pytest.mark.parametrize(
    ("dimension", "column"), [("channel", "origin"), ("segment", "business_segment")]
)
@pytest.mark.parametrize("metric", ["won_deals", "sales_cycle_days"])
def test_deals_by_member_agree_with_pandas(olist, files, metric, dimension, column):
    won = won_in(files, WHOLE)
    expected = {
        None if pd.isna(member) else member: DEALS[metric](deals)
        for member, deals in won.groupby(column, dropna=False)
    }
    found = {row.members[0]: row.value for row in ask(olist, metric, by=(dimension,))}
    assert found == pytest.approx(expected)


def test_opportunities_are_known_by_their_leads_day(olist, files):
    """A deal's row has no date of its own beginning: its lead's first contact stands for it."""
    expected = files[files["won_at"].notna()].groupby("month").size().to_dict()
    rows = ask(olist, "opportunities_created", spans=months(olist))
    found = {f"{row.span.start:%Y-%m}": row.value for row in rows}
    assert found == {month: expected.get(month, 0) for month in found}


def test_customers_within_180_days_of_the_matured_leads(olist, files):
    window = pd.Timedelta(days=180)
    lag = files["won_at"] - files["mql_at"]
    converted = (lag >= pd.Timedelta(0)) & (lag <= window)
    matured = files["mql_at"] + window <= pd.Timestamp(olist.default_as_of)
    row = ask(olist, "mql_to_customer")[0]
    assert row.maturing == int((~matured & ~converted).sum()) > 0
    assert (row.numerator, row.denominator) == (int((matured & converted).sum()), matured.sum())


def test_the_conversion_curve_agrees_with_lifelines(olist, files):
    """The cohort of January 2018 in whole days of age, as the funnel page draws it."""
    period = Calendar(olist.config).parse_period("2018-01")
    view = View(period, olist.default_as_of)
    found = build_funnel(olist, view, "mql_to_customer")
    assert found.conversion is not None
    curve = found.conversion.curves[0]
    cohort = files[files["month"] == "2018-01"]
    day = pd.Timedelta(days=1)
    seen = (pd.Timestamp(olist.default_as_of) - cohort["mql_at"]) // day
    seen = seen.clip(upper=found.conversion.horizon_days)
    age = -((cohort["won_at"] - cohort["mql_at"]) // -day)
    converted = age.notna() & (age >= 0) & (age <= seen)
    fitted = KaplanMeierFitter().fit(age.where(converted, seen), converted)
    assert curve.leads == len(cohort) == 1141
    for point in curve.points:
        expected = 1 - float(fitted.predict(point.day))
        assert point.share == pytest.approx(expected, abs=1e-12), point.day
