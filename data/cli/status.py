"""``python -m data status``: what the warehouse is, what it holds and how fresh it is."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from typing import Any

from data.derive import stale_reason
from data.failures import public
from data.freshness import Source
from data.warehouse import Warehouse, open_warehouse

HELP = "tables, rows, freshness, data version"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("table", "json"), default="table")


def run(options: argparse.Namespace) -> int:
    status = status_of(open_warehouse())
    if options.format == "json":
        print(json.dumps(status, indent=2, ensure_ascii=False))
    else:
        print(as_text(status))
    return 0


def status_of(warehouse: Warehouse) -> dict[str, Any]:
    """All of it as plain values; moments are ISO 8601 in UTC, ``lag_hours`` is behind the newest
    source. Raises ``WarehouseError`` with a remedy where the warehouse cannot be read."""
    meta = warehouse.meta
    reason = stale_reason(warehouse)
    sources = warehouse.sources
    newest = max((s.data_through for s in sources if s.data_through is not None), default=None)
    return {
        "url": public(warehouse.url),
        "engine": warehouse.dialect.name,
        "schema_version": meta["schema_version"],
        "company": warehouse.config.company.name,
        "demo": warehouse.is_demo,
        "as_of": _text(warehouse.default_as_of),
        "data_version": warehouse.data_version,
        "tables": dict(sorted(warehouse.row_counts.items())),
        "sources": [_source(source, newest) for source in sources],
        "stale_sources": [source.name for source in warehouse.stale_sources],
        "derived": {
            "state": "fresh" if reason is None else "stale",
            "reason": reason,
            "derived_at": meta.get("derived_at"),
        },
    }


def as_text(status: dict[str, Any]) -> str:
    """The same for people."""
    demo = " (the demo company)" if status["demo"] else ""
    derived = status["derived"]
    lines = [
        f"warehouse     {status['url']}",
        f"engine        {status['engine']}, tables of version {status['schema_version']}",
        f"company       {status['company']}{demo}",
        f"as of         {status['as_of']} UTC",
        f"data version  {status['data_version']}",
        f"derived       {derived['reason'] or 'up to date, since ' + str(derived['derived_at'])}",
        "",
        f"{'table':22}{'rows':>14}",
        *(f"{name:22}{rows:>14,}" for name, rows in status["tables"].items()),
        "",
        f"{'source':22}{'data through (UTC)':22}{'loaded at (UTC)':22}{'behind':>10}",
        *(_line(source) for source in status["sources"]),
    ]
    if not status["sources"]:
        lines.append("none: the table loads is empty, so nothing is known of freshness")
    if status["stale_sources"]:
        names = ", ".join(status["stale_sources"])
        lines += ["", f"More than 24 h behind the newest: {names}."]
    return "\n".join(lines)


def _source(source: Source, newest: datetime | None) -> dict[str, Any]:
    behind = None
    if newest is not None and source.data_through is not None:
        behind = round((newest - source.data_through).total_seconds() / 3600, 1)
    return {
        "name": source.name,
        "data_through": _text(source.data_through),
        "loaded_at": _text(source.loaded_at),
        "lag_hours": behind,
        "tables": list(source.tables),
    }


def _line(source: dict[str, Any]) -> str:
    behind = "" if source["lag_hours"] is None else f"{source['lag_hours']:,.1f} h"
    through = source["data_through"] or "no events"
    return f"{source['name']:22}{through:22}{source['loaded_at']:22}{behind:>10}"


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
