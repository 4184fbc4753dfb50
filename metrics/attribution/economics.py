"""What channels cost and earn, and when their credit comes back (docs/economics.md).

The figures of ``channel_economics`` are the KPIs ``cac`` and ``return_on_spend`` by channel, under
the model that is asked for instead of the configured one: the same question has the same answer on
their own pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from data.config import Config
from data.warehouse import Warehouse
from metrics.attribution.model import AttributionQuery
from metrics.calendar import Span
from metrics.catalog.credit import four_quarters
from metrics.engine import run_query
from metrics.model import Status
from metrics.query import MetricQuery, Row

FIGURES = ("spend", "return_on_spend", "cac")
CHANNEL = "channel"


@dataclass(frozen=True)
class Economics:
    """One channel, or all together; money, and multiples of it.

    Over the query's span: ``spend`` (None: none is recorded), ``credit`` that its touches of the
    span have earned, ``return_on_spend`` = credit ÷ spend, and ``maturing``, how many of these
    touches can still earn. Over the four quarters up to the span's end: ``customer_cost``,
    ``customers`` credited to the channel (fractional) and ``cac`` = cost ÷ customers. None is
    undefined, never 0.
    """

    spend: float | None
    credit: float | None
    return_on_spend: float | None
    maturing: int
    customer_cost: float | None
    customers: float | None
    cac: float | None

    @property
    def is_maturing(self) -> bool:
        return self.maturing > 0


@dataclass(frozen=True)
class ChannelEconomics:
    """``rows`` by channel, the most expensive first; those without cost follow by credit.

    ``total`` is computed, not averaged: all spend, all credit, whole customers. What could be
    credited to no channel is ``unattributed_customers``. ``cac_label`` is what the data call it
    ("CAC" or "Programme cost per customer"), ``cac_note`` why. ``reason`` says in words why there
    is no credit (``rows`` then hold spend alone) or nothing at all.
    """

    model: str
    span: Span
    four_quarters: Span
    rows: Mapping[str, Economics]
    total: Economics | None
    unattributed_customers: float
    cac_label: str
    cac_note: str | None
    reason: str | None = None


def channel_economics(warehouse: Warehouse, query: AttributionQuery) -> ChannelEconomics:
    """Cost and return of every channel under the query's model, lookback and half-life.

    Always of won deals, whatever the query's basis and dimension are. Filters are those of the
    KPIs: by anything but the channel there is no spend to hold against credit, and ``reason``
    says so. Raises ``WarehouseError`` when the warehouse does not answer.
    """
    asking = warehouse.configured(_config_of(query, warehouse.config))
    wanted = MetricQuery(FIGURES, (query.span,), query.as_of, where=query.where)
    whole = {row.metric: row for row in run_query(asking, wanted)}
    split: dict[str | None, dict[str, Row]] = {}
    for row in run_query(asking, replace(wanted, by=(CHANNEL,))):
        if row.status is not Status.NO_DATA:
            split.setdefault(row.members[0], {})[row.metric] = row
    nobody = split.pop(None, {})
    lacking = [row.reason for row in whole.values() if row.status is Status.NO_DATA]
    cac = whole["cac"]
    return ChannelEconomics(
        model=query.model,
        span=query.span,
        four_quarters=four_quarters(query.span),
        rows=_in_order({str(name): _economics(rows) for name, rows in split.items()}),
        total=_economics(whole) if whole["spend"].status is not Status.NO_DATA else None,
        unattributed_customers=_figure(nobody.get("cac"), "denominator") or 0.0,
        cac_label=cac.label or "CAC",
        cac_note=cac.note,
        reason=lacking[0] if lacking else None,
    )


def _config_of(query: AttributionQuery, config: Config) -> Config:
    """The configuration with the query's own way of giving credit."""
    given = {
        "model": query.model,
        "lookback_days": query.lookback_days,
        "half_life_days": query.half_life_days,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    return config.model_copy(update={"attribution": config.attribution.model_copy(update=chosen)})


def _figure(row: Row | None, name: str) -> Any:
    return None if row is None else getattr(row, name)


def _economics(rows: Mapping[str, Row]) -> Economics:
    returned, cac = rows.get("return_on_spend"), rows.get("cac")
    return Economics(
        spend=_figure(rows.get("spend"), "value"),
        credit=_figure(returned, "numerator"),
        return_on_spend=_figure(returned, "value"),
        maturing=_figure(returned, "maturing") or 0,
        customer_cost=_figure(cac, "numerator"),
        customers=_figure(cac, "denominator"),
        cac=_figure(cac, "value"),
    )


def _in_order(rows: Mapping[str, Economics]) -> dict[str, Economics]:
    def size(name: str) -> tuple[float, float, str]:
        row = rows[name]
        return -(row.spend or 0), -(row.credit or 0), name

    return {name: rows[name] for name in sorted(rows, key=size)}
