"""docs/observability.md names every metric with its labels, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pages.view.metrics_route
from data.errors import WarehouseTimeout
from data.instruments import REGISTRY, kind_of, metrics_text
from tests.build import at, warehouse_of

DOCUMENT = Path(__file__).parent.parent / "docs" / "observability.md"
ROW = re.compile(r"^\| (`scorecard_\w+`(?:, `scorecard_\w+`)*) \| (.*?) ?\|", re.MULTILINE)


def test_every_metric_is_documented_with_its_labels(duckdb_url: str, company):
    warehouse_of(
        company, duckdb_url, {"leads": [{"lead_id": "L1", "created_at": at("2026-03-02")}]}
    )
    documented = {
        name: set(re.findall(r"`(\w+)`", labels))
        for names, labels in ROW.findall(DOCUMENT.read_text(encoding="utf-8"))
        for name in re.findall(r"`(\w+)`", names)
    }
    counted = {}
    for metric in REGISTRY.collect():
        if metric.name.startswith("scorecard_"):
            own = {label for sample in metric.samples for label in sample.labels} - {"le"}
            collector = REGISTRY._names_to_collectors.get(metric.name)
            counted[metric.name] = own | set(getattr(collector, "_labelnames", ()))
    assert counted == documented


def test_what_is_read_is_the_warehouse_as_it_is_now(
    duckdb_url: str, company, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    warehouse = warehouse_of(company, duckdb_url, {"leads": []})
    data = pages.view.metrics_route.DATA
    data.ask()
    text = metrics_text().decode()
    assert "scorecard_warehouse_up 1.0" in text
    assert f'scorecard_data{{version="{warehouse.data_version}"}} 1.0' in text
    assert 'scorecard_source_loaded_seconds{source="files"} 1.893456e+09' in text  # 2030-01-01
    monkeypatch.setenv("WAREHOUSE_URL", f"duckdb:///{tmp_path / 'gone.duckdb'}")
    data.ask()
    text = metrics_text().decode()
    assert "scorecard_warehouse_up 0.0" in text
    assert warehouse.data_version in text  # what is shown meanwhile


def test_an_error_is_counted_by_its_class_and_a_defect_as_one():
    assert kind_of(WarehouseTimeout("x")) == "WarehouseTimeout"
    assert kind_of(KeyError("x")) == "unexpected"


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "page"),
        ("/kpi", "page"),
        ("/made/up/by/somebody", "page"),
        ("/ready", "/ready"),
        ("/s/abc", "/s"),
        ("/_stcore/health", "/_stcore"),
        ("/static/js/a.js", "/static"),
    ],
)
def test_no_path_that_is_made_up_is_a_label(path: str, route: str):
    assert pages.view.metrics_route.route_of(path, "/") == route
    assert pages.view.metrics_route.route_of(f"/under{path}", "/under/") == route
