"""Bad raw tables from the command line: each is refused in words that name the remedy and leaves
the warehouse as it was, or is counted in a warning; no row gets lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.engine import make_url

from data.__main__ import main
from data.build.report import as_text
from data.build.run import build
from data.config import parse_config
from tests.build import at
from tests.data.build import northwind
from tests.data.build.landing import land
from tests.data.build.test_rebuild import content, version

Tables = dict[str, list[dict]]
SOURCES = [f"--source={product}={schema}" for product, schema in northwind.SOURCES.items()]


def without_the_leads(crm: Tables) -> None:
    del crm["lead"]


def with_a_renamed_column(crm: Tables) -> None:
    for row in crm["lead_history"]:
        row["created_dat"] = row.pop("created_date")


def with_another_type(crm: Tables) -> None:
    crm["contact"] = [{**row, "created_date": 20260112} for row in crm["contact"]]


def with_a_currency_without_a_rate(crm: Tables) -> None:
    crm["opportunity"][1]["currency_iso_code"] = "CHF"
    crm["opportunity"][3]["currency_iso_code"] = "chf"


def with_a_setting_s_column_missing(crm: Tables) -> None:
    for row in crm["lead"]:
        del row["priority_c"]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (without_the_leads, ["no table 'lead'", "the leads", "Sync it"]),
        (
            with_a_renamed_column,
            ["bad.lead_history has no column 'created_date'", "'created_dat'", "renamed"],
        ),
        (
            with_another_type,
            ["bad.contact has created_date of the type BIGINT", "a moment is expected"],
        ),
        (with_a_currency_without_a_rate, ["CHF (2)", "[sources.rates] CHF"]),
        (
            with_a_setting_s_column_missing,
            ["no column 'priority_c' that [sources.salesforce.fields] priority names"],
        ),
    ],
)
def test_what_cannot_be_right_is_refused_and_changes_nothing(
    good: str,
    company,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Tables], None],
    says: list[str],
) -> None:
    before = content(good), version(good)
    crm = northwind.salesforce()
    spoil(crm)
    # A schema of its own: no table of the good one stands in for a missing one.
    land(good, f"bad_{spoil.__name__}", crm)
    company(good, northwind.CONFIG)
    sources = [f"--source=salesforce=bad_{spoil.__name__}", "--source=hubspot=hub"]
    assert main(["build", *sources]) == 1
    told = capsys.readouterr().err.replace(f"bad_{spoil.__name__}", "bad")
    for text in says:
        assert text in told
    assert (content(good), version(good)) == before


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A warehouse from the last good build."""
    url = f"duckdb:///{tmp_path_factory.mktemp('bad_input') / 'good.duckdb'}"
    land(url, "crm", northwind.salesforce())
    land(url, "hub", northwind.hubspot())
    config = parse_config(northwind.CONFIG)
    build(make_url(url), northwind.SOURCES, config=config, now=northwind.NOW)
    return url


def test_what_may_be_right_is_counted_and_told(duckdb_url: str) -> None:
    crm, hub = northwind.salesforce(), northwind.hubspot()
    crm["lead"][1]["status"] = "Brand new"
    crm["lead_history"][6] |= {"field": "Status", "new_value": "Brand new"}
    crm["task"].append({**crm["task"][0], "id": "00T8", "completed_date_time": at("2031-01-01"),
                        "activity_date": at("2031-01-01")})  # fmt: skip
    crm["lead"][0]["created_date"] = at("2031-01-01")
    hub["contact"][2]["property_email"] = "Ada@X.com "
    crm["lead"][5]["email"] = "BEN@x.com"
    land(duckdb_url, "crm", crm)
    land(duckdb_url, "hub", hub)
    config = parse_config(northwind.CONFIG)
    report = build(make_url(duckdb_url), northwind.SOURCES, config=config, now=northwind.NOW)
    text = as_text(report)
    for told in (
        "the status 'Brand new' is not named in [sources.salesforce.lead_status]",
        "e-mail addresses belong to several leads in salesforce; of each, the earliest is",
        "1 e-mail addresses belong to several leads in hubspot",
        "1 set aside: dated in the future",
        "dates in leads lie in the future; they do not count before they have come",
        "or a wrong clock or time zone in the source: 'python -m data check' names them",
    ):
        assert told in text
    landed = {"salesforce": crm, "hubspot": hub}
    tables = {(s.product, t.name): t for s in report.sources for t in s.tables}
    assert {(product, name) for product, found in landed.items() for name in found} == set(tables)
    for (product, name), table in tables.items():
        assert table.rows == len(landed[product][name]), name
        assert table.rows == table.used + sum(table.aside.values()), name
        assert table.used >= 0, name
