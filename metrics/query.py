"""The question: which KPIs, over which spans, by and where which dimensions, as of when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from data.config import DIMENSIONS
from data.errors import unknown
from data.review_memory.disputes import DisputeEvent
from data.row_scope import NULL_MEMBER, Filters
from metrics.calendar import Span
from metrics.catalog import asked_metric
from metrics.errors import QueryError
from metrics.model import Metric, Status

UNITS = ("lead", "account")


@dataclass(frozen=True)
class MetricQuery:
    """A validated question. ``where`` holds, by dimension, the members that count (OR within a
    dimension, AND between them; None is the NULL member). ``apart`` names the spans of metrics that
    are asked over fewer than all ``spans``."""

    metrics: tuple[str, ...]
    spans: tuple[Span, ...]
    as_of: datetime
    by: tuple[str, ...] = ()
    where: Filters = ()
    window_days: int | None = None
    unit: str = "lead"
    # Those that its KPIs count (``metrics/dispute_events.py``); None: not read yet.
    disputes: tuple[DisputeEvent, ...] | None = None
    apart: tuple[tuple[str, tuple[Span, ...]], ...] = ()

    def __post_init__(self) -> None:
        for metric_id in self.metrics:
            asked_metric(metric_id)
        for name in (*self.by, *(name for name, _ in self.where)):
            check_dimension(name)
        if len(set(self.by)) != len(self.by):
            raise QueryError(f"--by names a dimension twice: {', '.join(self.by)}.")
        if self.unit not in UNITS:
            raise QueryError(unknown("unit", self.unit, UNITS))
        if self.window_days is not None and not 1 <= self.window_days <= 3650:
            raise QueryError(
                f"A window of {self.window_days} days is impossible.", remedy="Give 1 to 3650 days."
            )

    def spans_of(self, metric_id: str) -> tuple[Span, ...]:
        """The spans that a metric is asked over."""
        return next((spans for name, spans in self.apart if name == metric_id), self.spans)

    @property
    def definitions(self) -> list[Metric]:
        return [asked_metric(metric_id) for metric_id in self.metrics]


@dataclass(frozen=True)
class Row:
    """One answer: a metric over a span for one combination of members.

    ``value`` is None where undefined, ``reason`` says why, for ``no_data`` always. ``bound``: an
    undefined percentile is more than this. ``label`` is what the figure is called where the data
    do not bear the metric's own name; ``note`` says why, or what a value rests on where that is
    not what the definition prefers.
    """

    metric: str
    span: Span
    members: tuple[str | None, ...]
    value: float | None
    numerator: float | None
    denominator: float | None
    status: Status
    maturing: int = 0
    reason: str | None = None
    bound: float | None = None
    label: str | None = None
    note: str | None = None


def check_dimension(name: str) -> str:
    if name not in DIMENSIONS:
        raise QueryError(unknown("dimension", name, DIMENSIONS))
    return name


def parse_filters(pairs: Iterable[str]) -> Filters:
    """``["region=EMEA", "region=AMER", "channel=~"]`` to filters; one dimension's values are OR."""
    found: dict[str, list[str | None]] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise QueryError(
                f"{pair[:40]!r} is not a filter.", remedy="Write DIMENSION=VALUE, e.g. region=EMEA."
            )
        member = None if value == NULL_MEMBER else value
        members = found.setdefault(check_dimension(name), [])
        if member not in members:
            members.append(member)
    return tuple((name, tuple(members)) for name, members in found.items())
