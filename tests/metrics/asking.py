"""Rows of a small company in few words, and one question asked of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from metrics.calendar import Span
from metrics.engine import run_query
from metrics.query import MetricQuery, Row, parse_filters
from tests.build import at

JUNE = Span(date(2026, 6, 1), date(2026, 7, 1))
YEAR = Span(date(2026, 1, 1), date(2027, 1, 1))
LATE = at("2027-06-01 00:00")


def zone(name: str) -> str:
    return f'[company]\ntimezone = "{name}"\n'


def lead(lead_id: str, created: str = "2026-06-01 12:00", **fields: Any) -> dict[str, Any]:
    return {"lead_id": lead_id, "created_at": at(created), **fields}


def stages(lead_id: str, **entered: str | list[str]) -> list[dict[str, Any]]:
    """``stages("L1", mql="06-01 12:00")``; several moments make several rows."""
    return [
        {"lead_id": lead_id, "stage": stage, "entered_at": at(f"2026-{moment}")}
        for stage, moments in entered.items()
        for moment in ([moments] if isinstance(moments, str) else moments)
    ]


def deal(deal_id: str, closed: str | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "opportunity_id": deal_id,
        "created_at": at("2026-06-01 12:00"),
        "closed_at": at(closed) if closed else None,
        "status": "won" if closed else "open",
        **fields,
    }


def handoff(handoff_id: str, handed: str, **fields: Any) -> dict[str, Any]:
    return {"handoff_id": handoff_id, "lead_id": "L1", "handed_at": at(handed), **fields}


def ask(warehouse, *metrics: str, span: Span = JUNE, **options: Any) -> dict[str, Row]:
    """One row a metric, of the whole span."""
    rows = ask_all(warehouse, *metrics, span=span, **options)
    assert len(rows) == len(metrics), rows
    return {row.metric: row for row in rows}


def ask_all(warehouse, *metrics: str, span: Span = JUNE, where=(), **options: Any) -> list[Row]:
    options.setdefault("as_of", LATE)
    spans = options.pop("spans", (span,))
    query = MetricQuery(metrics, spans, where=parse_filters(where), **options)
    return run_query(warehouse, query)
