"""What a KPI's values rest on where it must do without a table that it prefers."""

from __future__ import annotations

from data.warehouse import Warehouse
from metrics.model import Metric


def note_of(warehouse: Warehouse, metric: Metric) -> str | None:
    """The note that belongs beside every value of a KPI on this warehouse; None: none does."""
    fallback = metric.fallback
    if fallback is None or not warehouse.empty_tables([fallback.table]):
        return None
    return fallback.note
