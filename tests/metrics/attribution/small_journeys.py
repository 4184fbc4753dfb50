"""Journeys in few words, and questions about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from data.warehouse import Warehouse
from metrics.attribution import AttributionQuery
from metrics.calendar import Span
from tests.metrics.worlds import Row, Tables

YEAR = Span(date(2026, 1, 1), date(2027, 1, 1))
CLOSED = datetime(2026, 6, 30)
WEEK = timedelta(days=7)

Fill = Callable[[Tables], Warehouse]


def ask(model: str = "linear", by: str = "channel", **options: Any) -> AttributionQuery:
    options.setdefault("as_of", datetime(2026, 12, 31))
    return AttributionQuery(model, by, options.pop("span", YEAR), **options)


def deal(name: str, amount: Any = 1, **fields: Any) -> Row:
    return {
        "opportunity_id": name,
        "lead_id": f"L-{name}",
        "created_at": datetime(2026, 1, 1),
        "closed_at": CLOSED,
        "status": "won",
        "amount": None if amount is None else Decimal(str(amount)),
        **fields,
    }


def touches(name: str, *channels: str, every: timedelta = WEEK, **fields: Any) -> list[Row]:
    """Touches of a deal's lead, the last one at its closing."""
    first = CLOSED - every * (len(channels) - 1)
    return [
        {
            "touch_id": f"{name}-{place}",
            "lead_id": f"L-{name}",
            "occurred_at": first + every * place,
            "team": "marketing",
            "channel": channel,
            **fields,
        }
        for place, channel in enumerate(channels)
    ]


def paths(*channels: str) -> Tables:
    """``paths("X", "XY")``: a won deal of 1 a path."""
    names = [f"O{number}" for number in range(len(channels))]
    return {
        "opportunities": [deal(name) for name in names],
        "touches": [
            row for name, path in zip(names, channels, strict=True) for row in touches(name, *path)
        ],
    }
