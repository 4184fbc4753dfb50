"""A second way to every KPI: plain Python over dict rows, written from the handbook's text.

It shares no code with the engine beyond the question (``MetricQuery``) and the configuration:
no SQL, no frames, loops that anyone can follow with a pencil. Slow on purpose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from fractions import Fraction
from typing import Any

from metrics.calendar import Span
from metrics.query import MetricQuery
from tests.oracle_credit import Credits
from tests.oracle_facts import COHORTS, DIMENSIONS, NEVER, STAGES, Item, NoSuchDimension, Parts
from tests.oracle_handoffs import Handoffs
from tests.oracle_slips import Slips

Members = tuple[str | None, ...]


@dataclass(frozen=True)
class Answer:
    value: float | None
    numerator: float | None
    denominator: float | None
    status: str
    maturing: int = 0


class Oracle(Handoffs, Slips, Credits):
    """Answers questions about one set of tables."""

    def answer(self, query: MetricQuery) -> dict[tuple[str, Span, Members], Answer]:
        """By metric, span and members: every combination that occurs; the whole without ``by``."""
        found: dict[tuple[str, Span, Members], Answer] = {}
        for metric in query.metrics:
            nobody: Members = (None,) * len(query.by)
            try:
                parts = None if self.no_data(metric, query) else self._selected(metric, query)
            except NoSuchDimension:
                parts = None
            if parts is None:
                for span in query.spans:
                    found[metric, span, nobody] = Answer(None, None, None, "no_data")
                continue
            seen: list[Members] = [] if query.by else [()]
            for item in [*parts.tops, *(parts.bottoms or ()), *parts.opens]:
                members = tuple(item.split(name) for name in query.by)
                inside = any(item.is_in(span) for span in query.spans)
                if inside and members not in seen:
                    seen.append(members)
            for span in query.spans:
                for members in seen:
                    found[metric, span, members] = self._cell(metric, query, parts, span, members)
        return found

    def no_data(self, metric: str, query: MetricQuery) -> bool:
        if any(not self._all(table) for table in (*TABLES[metric], *ALSO.get(metric, ()))):
            return True
        stages = {row["stage"] for row in self._all("lead_stages")}
        if any(stage not in stages for stage in STAGES.get(metric, ())):
            return True
        return query.unit == "account" and metric not in STAGES

    def _selected(self, metric: str, query: MetricQuery) -> Parts:
        """The items of a metric that pass the filters."""
        parts = PARTS[metric](self, query)

        def passes(item: Item) -> bool:
            for name in query.by:
                item.member(name)
            return all(item.member(name) in members for name, members in query.where)

        # Without a single row the dimension must still be refused.
        for entity in ENTITIES[metric]:
            for name in (*query.by, *(name for name, _ in query.where)):
                if name not in DIMENSIONS[entity]:
                    raise NoSuchDimension(name)
        parts.tops = [item for item in parts.tops if passes(item)]
        if parts.bottoms is not None:
            parts.bottoms = [item for item in parts.bottoms if passes(item)]
        parts.opens = [item for item in parts.opens if passes(item)]
        return parts

    def _cell(
        self, metric: str, query: MetricQuery, parts: Parts, span: Span, members: Members
    ) -> Answer:
        def mine(items: list[Item]) -> list[Item]:
            return [
                item
                for item in items
                if item.is_in(span) and tuple(item.split(name) for name in query.by) == members
            ]

        tops = mine(parts.tops)
        bottoms = tops if parts.bottoms is None else mine(parts.bottoms)
        maturing = 0
        for item in [*tops, *mine(parts.opens)]:
            maturing += 1 if item.is_open else 0
        status = self._status(query, span, maturing)
        if parts.kind in ("percentile", "mean"):
            spans = sorted(item.span for item in tops if item.span is not None)
            value = percentile(spans, parts.share) if parts.kind == "percentile" else mean(spans)
            total = None if parts.kind == "percentile" or not spans else sum(spans)
            return Answer(value, total, len(spans), status, maturing)
        if parts.kind == "cohort":
            if maturing:
                tops = bottoms = [item for item in tops if not item.is_open and not item.early]
            top, bottom = sum(item.top for item in tops), len(bottoms)
        else:
            top = total_of([item.top for item in tops])
            bottom = total_of([item.bottom for item in bottoms])
        if parts.kind in ("count", "sum"):
            return Answer(number(top), number(top), None, status, maturing)
        if top is None or not bottom:
            return Answer(None, number(top), number(bottom), status, maturing)
        value = float(Fraction(top) / Fraction(bottom))
        return Answer(value, number(top), number(bottom), status, maturing)

    def _status(self, query: MetricQuery, span: Span, maturing: int) -> str:
        known = query.as_of if self.through is None else min(query.as_of, self.through)
        ends_at = datetime.combine(span.end, time(), self.zone).astimezone(UTC)
        if span.is_cut or ends_at.replace(tzinfo=None) > known:
            return "partial"
        return "maturing" if maturing else "final"


def total_of(amounts: list[Any]) -> Any:
    """Σ; nothing adds up to 0, nothing but unknown amounts to unknown."""
    known = [amount for amount in amounts if amount is not None]
    return None if amounts and not known else sum(known)


def number(value: Any) -> float | None:
    return None if value is None else float(value)


def mean(spans: list[float]) -> float | None:
    return sum(spans) / len(spans) if spans else None


def percentile(spans: list[float], share: float) -> float | None:
    """Between the two nearest ranks in proportion; undefined where it reaches a NEVER."""
    if not spans:
        return None
    rank = Fraction(str(share)) * (len(spans) - 1)
    low = int(rank)
    part = rank - low
    high = low + 1 if part else low
    if spans[high] == NEVER:
        return None
    return spans[low] + (spans[high] - spans[low]) * float(part)


def _cohort(metric: str) -> Callable[[Oracle, MetricQuery], Parts]:
    return lambda oracle, query: oracle.cohort(query, metric)


PARTS: dict[str, Callable[[Oracle, MetricQuery], Parts]] = {
    "leads": lambda o, q: Parts("count", o.leads_created(q)),
    "mqls": lambda o, q: Parts("count", o.entered(q, "mql")),
    "sals": lambda o, q: Parts("count", o.entered(q, "sal")),
    "sqls": lambda o, q: Parts("count", o.entered(q, "sql")),
    **{metric: _cohort(metric) for metric in COHORTS},
    "stage_days_mql_to_sql": lambda o, q: o.days_between(q, "mql", "sql"),
    "spend": lambda o, q: Parts("sum", o.spent(q)),
    "cost_per_mql": lambda o, q: Parts("ratio", o.spent(q), o.entered(q, "mql")),
    "cost_per_opportunity": lambda o, q: Parts("ratio", o.spent(q), o.created(q)),
    "meetings_held": lambda o, q: Parts("count", o.meetings(q)),
    "opportunities_created": lambda o, q: Parts("count", o.created(q)),
    "pipeline_created": lambda o, q: Parts("sum", o.qualified(q)),
    "won_deals": lambda o, q: o.closed_count(q, "won"),
    "lost_deals": lambda o, q: o.closed_count(q, "lost"),
    "bookings": lambda o, q: o.bookings(q),
    "win_rate": lambda o, q: o.win_rate(q, lambda row: 1),
    "win_rate_value": lambda o, q: o.win_rate(q, lambda row: row.get("amount")),
    "avg_deal_size": lambda o, q: o.deal_size(q),
    "sales_cycle_days": lambda o, q: o.cycle(q, "percentile"),
    "sales_cycle_days_mean": lambda o, q: o.cycle(q, "mean"),
    "sla_response": lambda o, q: o.sla(q),
    "response_hours": lambda o, q: o.response(q, 0.5),
    "response_hours_p90": lambda o, q: o.response(q, 0.9),
    "lead_rejection_rate": lambda o, q: o.rejections(q),
    "marketing_sourced_pipeline": lambda o, q: Parts("sum", o.sourced(q)),
    "marketing_influenced_bookings": lambda o, q: Parts("sum", o.influenced(q)),
    "marketing_influenced_share": lambda o, q: Parts("ratio", o.influenced(q), o.booked(q)),
    "return_on_spend": lambda o, q: Parts(
        "ratio", o.credited(q), o.spent_on(q), opens=o.earning(q)
    ),
    "re_mqls": lambda o, q: Parts("count", o.came_back(q)),
    "slipped_deals": lambda o, q: Parts("count", o.slipped(q, lambda row: 1)),
    "slipped_amount": lambda o, q: Parts("sum", o.slipped(q, lambda row: o.worth(row, q.as_of))),
}


def _entities(metric: str) -> tuple[str, ...]:
    if metric in ("spend", "cost_per_mql", "cost_per_opportunity"):
        other = {"cost_per_mql": ("leads",), "cost_per_opportunity": ("opportunities",)}
        return ("spend", *other.get(metric, ()))
    if metric == "return_on_spend":
        return ("spend", "credit")
    if metric == "meetings_held":
        return ("touches",)
    if metric in ("sla_response", "response_hours", "response_hours_p90", "lead_rejection_rate"):
        return ("handoffs",)
    return ("leads",) if metric == "leads" or metric in STAGES else ("opportunities",)


TABLE = {"credit": "touches"}
ENTITIES = {metric: _entities(metric) for metric in PARTS}
TABLES = {
    metric: tuple(
        "lead_stages" if entity == "leads" and metric != "leads" else TABLE.get(entity, entity)
        for entity in entities
    )
    for metric, entities in ENTITIES.items()
}
ALSO = {
    **dict.fromkeys(("slipped_deals", "slipped_amount"), ("opportunity_stages",)),
    **dict.fromkeys(("marketing_influenced_bookings", "marketing_influenced_share"), ("touches",)),
    "return_on_spend": ("opportunities",),
}
