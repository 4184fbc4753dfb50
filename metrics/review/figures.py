"""The figures that a view shows, each with all that it takes to ask for it again.

A figure is a KPI over days, under filters: what the scorecard's tiles, a KPI's page, the SLA, the
funnel and the credit page have in common. Asked again it is answered by the engine, like any
question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from data.warehouse import Warehouse
from metrics.attribution.board import STANDING
from metrics.attribution.span import credit_span
from metrics.calendar import Calendar, Span
from metrics.catalog import CATALOG, find_metric
from metrics.catalog.reconciliation import gap_id
from metrics.compare import why_undefined
from metrics.engine import run_query
from metrics.funnel.curve import steps
from metrics.funnel.question import Question as FunnelQuestion
from metrics.kpi import TO_DATE, build_kpi
from metrics.model import Metric, Status, Unit
from metrics.plan import standing_frame
from metrics.query import Filters, MetricQuery, Row
from metrics.reconcile.reasons import DEFAULT_STAGE
from metrics.scorecard import Tile, build_scorecard
from metrics.sla import build_sla
from metrics.view import Frame, View

STAGE_COUNTS = ("mqls", "sals", "sqls", "opportunities_created", "won_deals")
MANY_SPANS = 6


@dataclass(frozen=True)
class ItemView:
    """What one item of an agenda shows: a page in a view; a KPI's page with its settings."""

    item: int
    path: str
    view: View
    metric: str | None = None
    by: str | None = None
    stage: str | None = None


@dataclass(frozen=True)
class Question:
    """What one figure asks; the moment, the data and the definition are the asker's."""

    metric: str
    span: Span
    where: Filters = ()
    window_days: int | None = None


@dataclass(frozen=True)
class Figure:
    """One number as it was shown. ``grain`` is the cadence of the view that showed it; ``reason``
    says why there is no value."""

    item: int
    question: Question
    label: str
    qualifier: str | None
    unit: Unit
    grain: str
    value: float | None
    numerator: float | None
    denominator: float | None
    bound: float | None
    target: float | None
    status: Status
    maturing: int
    reason: str | None


@dataclass(frozen=True)
class _Shown:
    """A figure before it is asked for: where it stands, and what it is called there."""

    question: Question
    label: str
    qualifier: str | None = None
    target: float | None = None

    @property
    def metric(self) -> Metric:
        return find_metric(self.question.metric)


def figures_of(warehouse: Warehouse, views: Sequence[ItemView]) -> tuple[Figure, ...]:
    """Every figure of some views, each once: where it is shown first.

    Raises ``WarehouseError`` when the warehouse does not answer.
    """
    found: dict[Question, tuple[ItemView, _Shown]] = {}
    for view in views:
        for shown in _COLLECTORS.get(view.path, _nothing)(warehouse, view):
            found.setdefault(shown.question, (view, shown))
    moments = {view.view.as_of for view in views}
    rows: dict[Question, Row] = {}
    for as_of in moments:
        asked = [q for q, (view, _) in found.items() if view.view.as_of == as_of]
        rows |= ask(warehouse, asked, as_of)
    return tuple(_figure(view, shown, rows[q]) for q, (view, shown) in found.items())


def ask(
    warehouse: Warehouse, questions: Iterable[Question], as_of: datetime
) -> dict[Question, Row]:
    """The answers to questions, as of one moment; those alike are asked together."""
    groups: dict[Hashable, list[Question]] = {}
    asked = tuple(questions)
    spans = Counter(question.metric for question in asked)
    for question in asked:
        # What stands on quarters is asked for them alone, as the scorecard does; a trend's many
        # spans are no other KPI's.
        by_quarter = CATALOG[question.metric].by_quarter
        alone = question.metric if spans[question.metric] > MANY_SPANS else None
        key = (question.where, question.window_days, by_quarter, alone)
        groups.setdefault(key, []).append(question)
    found: dict[Question, Row] = {}
    for group in groups.values():
        query = MetricQuery(
            metrics=tuple(dict.fromkeys(q.metric for q in group)),
            spans=tuple(sorted({q.span for q in group})),
            as_of=as_of,
            where=group[0].where,
            window_days=group[0].window_days,
        )
        rows = {(row.metric, row.span): row for row in run_query(warehouse, query)}
        found |= {question: rows[question.metric, question.span] for question in group}
    return found


def _figure(at: ItemView, shown: _Shown, row: Row) -> Figure:
    return Figure(
        item=at.item,
        question=shown.question,
        label=row.label or shown.label,
        qualifier=shown.qualifier,
        unit=shown.metric.unit,
        grain=at.view.cadence.value,
        value=row.value,
        numerator=row.numerator,
        denominator=row.denominator,
        bound=row.bound,
        target=shown.target,
        status=row.status,
        maturing=row.maturing,
        reason=None if row.value is not None else row.reason or why_undefined(row),
    )


# -- what a page shows ----------------------------------------------------------------------------


def _nothing(_warehouse: Warehouse, _at: ItemView) -> Iterator[_Shown]:
    return iter(())


def _of_scorecard(warehouse: Warehouse, at: ItemView) -> Iterator[_Shown]:
    card = build_scorecard(warehouse, at.view)
    for tile in (*card.goals, *card.tiles):
        yield from _of_tile(warehouse, at.view, tile)


def _of_tile(warehouse: Warehouse, view: View, tile: Tile) -> Iterator[_Shown]:
    """The headline, the early read of a young cohort, and the figure beside it."""
    metric = tile.metric
    target = None if tile.target is None else tile.target.value
    span = tile.span or _home(warehouse, view, metric)
    yield _Shown(Question(metric.id, span, view.where), tile.label, tile.qualifier, target)
    if tile.early is not None and tile.early.span is not None:
        early = Question(metric.id, tile.early.span, view.where, tile.early.days)
        yield _Shown(early, metric.label, f"{tile.early.label} at {tile.early.days} d")
    if tile.beside is not None and tile.beside.span is not None:
        beside = tile.beside.metric
        question = Question(beside.id, tile.beside.span, view.where)
        yield _Shown(question, beside.label, tile.beside.period)


def _home(warehouse: Warehouse, view: View, metric: Metric) -> Span:
    """The days of a tile without a figure: its period's, or its quarter's."""
    frame = Frame(Calendar(warehouse.config), view)
    return (standing_frame(frame, metric) if metric.by_quarter else frame).period.span


def _of_kpi(warehouse: Warehouse, at: ItemView) -> Iterator[_Shown]:
    if at.metric is None:
        return
    kpi = build_kpi(warehouse, at.view, at.metric, at.by)
    metric, where = kpi.metric, at.view.where
    yield from _of_tile(warehouse, at.view, kpi.tile)
    for tile in kpi.to_date:
        if tile.span is not None:
            target = None if tile.target is None else tile.target.value
            is_named = tile.label in TO_DATE.values()
            label = tile.label[:1].lower() + tile.label[1:] if is_named else tile.label
            yield _Shown(Question(metric.id, tile.span, where), metric.label, label, target)
    for point in (*kpi.weeks, *kpi.months):
        if point.span is not None:
            question = Question(metric.id, point.span, where)
            yield _Shown(question, metric.label, point.label, point.target)


def _of_sla(warehouse: Warehouse, at: ItemView) -> Iterator[_Shown]:
    page = build_sla(warehouse, at.view)
    for tile in (*page.marketing, *page.sales):
        yield from _of_tile(warehouse, at.view, tile)
    for effort in page.effort:
        question = Question(effort.metric.id, effort.row.span, at.view.where)
        yield _Shown(question, effort.metric.label, page.cost_label)


def _of_funnel(warehouse: Warehouse, at: ItemView) -> Iterator[_Shown]:
    """The period's entries into stages, and the conversions that can be followed."""
    span, where = at.view.period.span, at.view.where
    ids = (*STAGE_COUNTS, *steps(FunnelQuestion(warehouse, at.view)))
    for metric in (find_metric(id_) for id_ in ids):
        yield _Shown(Question(metric.id, span, where), metric.label, at.view.period.short)


def _of_credit(warehouse: Warehouse, at: ItemView) -> Iterator[_Shown]:
    """Sourced and influenced, over the days that the credit is of."""
    found = credit_span(Calendar(warehouse.config), at.view)
    for metric in (find_metric(id_) for id_ in STANDING):
        yield _Shown(Question(metric.id, found.span, at.view.where), metric.label, found.label)


def _of_gap(_warehouse: Warehouse, at: ItemView) -> Iterator[_Shown]:
    """The gap between both counts, where it is a KPI of its own."""
    id_ = gap_id(at.stage or DEFAULT_STAGE)
    if id_ in CATALOG:
        question = Question(id_, at.view.period.span, at.view.where)
        yield _Shown(question, CATALOG[id_].label, at.view.period.short)


_COLLECTORS: dict[str, Callable[[Warehouse, ItemView], Iterator[_Shown]]] = {
    "scorecard": _of_scorecard,
    "kpi": _of_kpi,
    "sla": _of_sla,
    "funnel": _of_funnel,
    "attribution": _of_credit,
    "reconciliation": _of_gap,
}
