"""Engines that cannot run here: the program's statements compile with their dialects from PyPI.

Compiled is not run. Each statement that the questions below ask of a warehouse is compiled for each
engine and the text read by an independent parser of that engine's SQL; whether the engine would
answer, and rightly, nobody has seen. docs/scale.md holds the same table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

import pytest
import sqlglot
from sqlalchemy import Engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.exc import CompileError
from sqlalchemy.sql import functions
from sqlalchemy.sql.expression import SelectBase

from metrics.attribution import AttributionQuery, By, attribute
from metrics.calendar import Cadence, Calendar, Span
from metrics.catalog import CATALOG
from metrics.engine import run_query
from metrics.funnel import build_funnel
from metrics.model import Kind
from metrics.query import MetricQuery
from metrics.reconcile import Ledger
from metrics.sla import build_sla
from metrics.view import View
from tests.build import warehouse_of
from tests.conftest import forget_warehouses
from tests.matrix import DATABASES
from tests.metrics.fixture_company import CONFIG, tables
from tests.metrics.worlds import PLAIN
from tests.test_layers import ROOT

SPAN = Span(date(2026, 4, 1), date(2026, 7, 1))
NOW = datetime(2026, 7, 20)


@dataclass(frozen=True)
class Case:
    """An engine's dialect: its name with SQLAlchemy, its package, and what fails, if anything."""

    name: str
    package: str
    fails: str = ""


CASES = (
    Case("trino", "trino"),
    Case("databricks", "databricks-sqlalchemy"),
    Case(
        "bigquery", "sqlalchemy-bigquery",
        "its dialect writes a type beside each parameter and has none for rows (TupleType)",
    ),
    Case(
        "snowflake", "snowflake-sqlalchemy",
        "its dialect does not import with SQLAlchemy 2.1: it asks for ORMSelectCompileState",
    ),
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def functions_of_others_go_again() -> Iterator[None]:
    """Trino's dialect, once imported, puts functions of its own in the place of everybody's
    ``func.lag`` and others, which SQLAlchemy warns of."""
    before = {name: dict(named) for name, named in functions._registry.items()}
    yield
    functions._registry.clear()
    functions._registry.update(before)


@pytest.fixture(scope="module")
def statements(tmp_path_factory: pytest.TempPathFactory) -> list[SelectBase]:
    """What every KPI, credit, the funnel, the SLA and the reconciliation ask of a warehouse."""
    found: dict[str, SelectBase] = {}
    with (
        pytest.MonkeyPatch.context() as patch,
        DATABASES["duckdb"](tmp_path_factory.mktemp("compiled")) as url,
    ):
        folder = tmp_path_factory.mktemp("settings")
        (folder / "scorecard.toml").write_text(CONFIG, encoding="utf-8")
        patch.setenv("SCORECARD_CONFIG", str(folder / "scorecard.toml"))

        def company(url: str, config: str) -> None:
            patch.setenv("WAREHOUSE_URL", url)

        warehouse = warehouse_of(company, url, tables(), CONFIG)

        def note(connection, element, *rest) -> None:
            if isinstance(element, SelectBase):
                found.setdefault(str(element), element)

        event.listen(Engine, "before_execute", note)
        try:
            for by, where in (((), ()), (("channel", "region"), (("segment", (None, "smb")),))):
                for unit in ("lead", "account"):
                    run_query(warehouse, MetricQuery(PLAIN, (SPAN,), NOW, by, where, unit=unit))
            for model in ("w_30_30_30_10", "markov", "shapley", "time_decay"):
                attribute(
                    warehouse, AttributionQuery(model=model, by=By.CHANNEL, span=SPAN, as_of=NOW)
                )
            Ledger(warehouse, "mql", SPAN, NOW).balance()
            calendar = Calendar(warehouse.config)
            (period,) = calendar.between(date(2026, 6, 1), date(2026, 7, 1), Cadence.MONTHLY)
            view = View(period, NOW)
            build_funnel(warehouse, view)
            build_sla(warehouse, view)
        finally:
            event.remove(Engine, "before_execute", note)
            forget_warehouses()
    return list(found.values())


def test_every_kind_of_metric_is_among_them(statements):
    kinds = {CATALOG[name].kind for name in PLAIN}
    assert kinds == set(Kind) - {Kind.DERIVED}
    assert len(statements) > 60


def marked(case: Case):
    if not case.fails:
        return pytest.param(case, id=case.name)
    mark = pytest.mark.xfail(strict=True, raises=(AttributeError, ImportError), reason=case.fails)
    return pytest.param(case, id=case.name, marks=mark)


@pytest.mark.parametrize("case", [marked(case) for case in CASES])
def test_every_statement_compiles_and_reads_as_the_engine_s_sql(statements, case):
    dialect = registry.load(case.name)(paramstyle="named")
    dialect.supports_native_boolean = True
    for statement in statements:
        try:
            text = str(statement.compile(dialect=dialect))
        except CompileError as error:
            pytest.fail(f"{error}\n{statement}")
        assert sqlglot.parse_one(text, read=case.name) is not None


def test_the_document_says_the_same():
    text = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\w+) \| `[\w-]+` \| (.+?) \|$", text, re.MULTILINE))
    assert set(rows) >= {case.name.capitalize() for case in CASES} - {"Bigquery"} | {"BigQuery"}
    for case in CASES:
        name = "BigQuery" if case.name == "bigquery" else case.name.capitalize()
        said = "not compiled" if case.fails else "compiled, not run"
        assert rows[name].startswith(said), name
