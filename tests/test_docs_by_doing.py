"""What docs/new-kpi.md and docs/targets.md say is done here, word for word."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, datetime

import pytest

from data.config import PROJECT_DIR, Config
from metrics.__main__ import main
from metrics.calendar import Cadence, Calendar, Span
from metrics.catalog import CATALOG, find_metric, sales
from metrics.compare import run_rate
from metrics.handbook import all_entries
from metrics.model import Metric, Status, Unit
from metrics.query import Row
from metrics.report.format import Formats
from metrics.report.handbook_markdown import to_markdown
from metrics.report.target_facts import run_rate_words
from metrics.scorecard import Selection, WorkingDays
from metrics.targets import Targets, aim_of, due_of
from pages.view.handbook import Book, handbook_html
from tests.build import at, warehouse_of


def document(name: str) -> str:
    return (PROJECT_DIR / "docs" / name).read_text(encoding="utf-8")


def block(text: str, language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


# -- a new KPI -----------------------------------------------------------------------------------

NEW = "meetings_per_won_deal"


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> Metric:
    """The document's entry, in the catalog as if it stood in the file that the document names."""
    (metric,) = eval(f"({block(document('new-kpi.md'), 'python')})", dict(vars(sales)))
    assert metric.id == NEW
    assert NEW not in CATALOG
    monkeypatch.setitem(CATALOG, NEW, metric)
    return metric


def _meeting(n: int, when: str) -> dict:
    return {"touch_id": f"t{n}", "lead_id": "l", "occurred_at": at(when), "team": "sales",
            "channel": "phone", "kind": "meeting", "responded": True}  # fmt: skip


def _deal(n: int, when: str, status: str) -> dict:
    return {"opportunity_id": f"o{n}", "lead_id": "l", "created_at": at("2026-04-01 12:00"),
            "closed_at": at(when), "status": status, "region": "EMEA", "amount": 1}  # fmt: skip


def test_the_new_kpi_is_listed_queried_and_in_the_handbook(
    added, duckdb_url, company, capsys
) -> None:
    tables = {
        "leads": [{"lead_id": "l", "created_at": at("2026-04-01 12:00"), "region": "EMEA"}],
        # Six meetings in June for two deals won, one in May for none.
        "touches": [_meeting(n, f"2026-06-0{n} 12:00") for n in range(1, 7)]
        + [_meeting(7, "2026-05-05 12:00")],
        "opportunities": [
            _deal(1, "2026-06-10 12:00", "won"),
            _deal(2, "2026-06-30 12:00", "won"),
            _deal(3, "2026-06-30 13:00", "lost"),
        ],
    }
    warehouse_of(company, duckdb_url, tables)
    commands = re.findall(r"^python -m metrics (.+)$", document("new-kpi.md"), re.MULTILINE)
    said = {}
    for command in commands:
        words = command.partition(" > ")[0].split()
        formats = [] if "--format" in words or words[0] == "list" else ["--format", "json"]
        assert main([*words, *formats]) == 0
        said[command] = capsys.readouterr().out
    assert NEW in said["list"]
    by_month, by_region = (json.loads(text)["rows"] for text in list(said.values())[1:3])
    assert [(row["value"], row["numerator"], row["denominator"]) for row in by_month] == [
        (None, 1, 0),
        (3, 6, 2),
    ]
    assert [(row["region"], row["value"]) for row in by_region] == [("EMEA", 3.5)]
    assert f"`{NEW}`: {added.definition}" in to_markdown()
    page = handbook_html(Book(all_entries(Config()), (), {}, {}, NEW))
    assert f'class="kpi kpi-chosen" id="{NEW}"' in page
    chosen = Config.model_validate({"scorecard": {"sales": [NEW]}})
    assert added in [m for column in Selection.of(chosen).columns.values() for m in column]


# -- targets -------------------------------------------------------------------------------------

CALENDAR = Calendar(Config())


def example_targets() -> Targets:
    rows = csv.DictReader(io.StringIO(block(document("targets.md"), "csv")))
    return Targets(
        {
            (row["metric"], row["grain"], date.fromisoformat(row["period_start"])): float(
                row["value"]
            )
            for row in rows
        }
    )


EXAMPLE = re.findall(
    r"^\| (2026[-\w]*) \| ([\d.]+) \| (\w+) \| .+ \|$", document("targets.md"), re.MULTILINE
)


def test_the_example_has_a_line_for_every_rule():
    assert [row[0] for row in EXAMPLE] == ["2026-W33", "2026-W34", "2026-07", "2026-W40", "2026-Q4"]


@pytest.mark.parametrize(("period", "value", "whose"), EXAMPLE)
def test_the_example_of_the_targets(period: str, value: str, whose: str) -> None:
    named = CALENDAR.parse_period(period)
    aim = aim_of(example_targets(), CALENDAR, find_metric("mqls"), named, None)
    assert aim is not None
    assert aim.named.short == whose
    assert due_of(aim, CALENDAR, lambda _: None).target == pytest.approx(float(value))


def test_the_example_of_the_run_rate() -> None:
    mqls = find_metric("mqls")
    quarter = CALENDAR.period_of(date(2026, 8, 12), Cadence.QUARTERLY)
    over = CALENDAR.elapsed_working_days(quarter.span, datetime(2026, 8, 12, 18))
    total = len(CALENDAR.working_days(quarter.span))
    assert (over, total) == (31, 66)
    aim = aim_of(example_targets(), CALENDAR, mqls, quarter, over)
    assert aim is not None
    due = due_of(aim, CALENDAR, lambda _: None)
    assert (due.target, due.is_linear) == (660, True)
    assert due.pace == pytest.approx(310)
    row = Row("mqls", Span(quarter.start, quarter.end), (), 296, 296, None, Status.PARTIAL)
    rate = run_rate(mqls, row, due.target, WorkingDays(over, total - over, 5))
    assert rate is not None
    words = run_rate_words(rate, Unit.COUNT, Formats("en_US", "USD"))
    assert f"*{words}*" in document("targets.md").replace("\n", " ")
