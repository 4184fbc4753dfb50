"""Disputes of a number: who may raise and settle them, what is kept of it, and who sees them.

What was shown is worked out here and not taken from the page: it is the figure of the view, as of
its moment and under its filters, in the data and by the definition of now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from data.audit import person
from data.errors import NoteError
from data.review_memory import disputes
from data.review_memory.disputes import MAX_RECORDS, Dispute, RecordId, Shown
from data.review_memory.filters import as_text
from data.warehouse import Warehouse
from metrics.calendar import Span
from metrics.catalog import CATALOG, find_metric
from metrics.definitions import definition_version
from metrics.dispute_events import is_seen
from metrics.engine import cached_rows
from metrics.errors import QueryError
from metrics.headline import headline
from metrics.memory.people import editor
from metrics.model import Metric, Team
from metrics.query import MetricQuery
from metrics.records import RecordList, lists_of
from metrics.report import words
from metrics.report.format import Formats
from metrics.roles import active_account, may_edit
from metrics.view import View


def raise_dispute(
    warehouse: Warehouse,
    username: str,
    metric_id: str,
    view: View,
    *,
    reason: str,
    record_id: str | None = None,
    review_id: str | None = None,
) -> Dispute:
    """Flag a KPI's number in a view; anybody who is signed in may.

    The figure as it is shown and the ids of its newest records are kept with it; ``record_id``
    names the one record that the doubt is about. Raises ``NoteError`` without a reason,
    ``QueryError`` for an unknown KPI, ``WarehouseError`` when the warehouse does not answer.
    """
    account = active_account(username)
    metric = find_metric(metric_id)
    view = replace(view, where=warehouse.scope.narrowed(view.where))
    tile = headline(warehouse, view, metric)
    company = warehouse.config.company
    formats = Formats(locale=company.locale, currency=company.currency)
    records, total = _records(warehouse, metric, tile.span, view)
    shown = Shown(
        company=company.name,
        metric=metric.id,
        period=view.period.id,
        where=view.where,
        as_of=view.as_of,
        data_through=warehouse.default_as_of,
        value=tile.value,
        words=words.headline(tile, formats),
        data_version=warehouse.data_version,
        definition_version=definition_version(warehouse.config, metric),
    )
    return disputes.keep_dispute(
        shown,
        reason=reason,
        by=person(account.username),
        records=records,
        record_total=total,
        record_id=record_id,
        review_id=review_id,
    )


def settle_as(warehouse: Warehouse, username: str, dispute: Dispute, *, reason: str) -> Dispute:
    """Settle a dispute with a reason.

    Raises ``RoleError`` unless the account may edit what the KPI's team answers for, ``NoteError``
    without a reason, for one beyond what the account may see, and where somebody was first.
    """
    if not is_seen(dispute, warehouse.scope):
        raise NoteError("There is no such dispute.")
    by = editor(username, team_of(dispute), "Settling this dispute")
    return disputes.settle_dispute(
        dispute.id, reason=reason, data_through=warehouse.default_as_of, by=by
    )


def may_settle(role: str, dispute: Dispute) -> bool:
    return may_edit(role, team_of(dispute))


def team_of(dispute: Dispute) -> Team:
    """The team that owns the disputed KPI; both, where the program knows it no longer."""
    metric = CATALOG.get(dispute.shown.metric)
    return Team.SHARED if metric is None else metric.team


def label_of(dispute: Dispute) -> str:
    """The name of the disputed KPI, or its id where the program knows it no longer."""
    metric = CATALOG.get(dispute.shown.metric)
    return dispute.shown.metric if metric is None else metric.label


def open_disputes(warehouse: Warehouse) -> list[Dispute]:
    """The open disputes that the viewer may see, oldest first.

    Raises ``StateError`` or ``ConfigError`` when the state database does not answer.
    """
    return _seen(disputes.read_disputes(warehouse.config.company.name, open_only=True), warehouse)


def disputes_of(warehouse: Warehouse, view: View, metric: Metric) -> list[Dispute]:
    """All disputes of a KPI under a view's filters, of whatever period, oldest first."""
    found = disputes.read_disputes(warehouse.config.company.name, metric=metric.id)
    return under_filters(_seen(found, warehouse), warehouse, view)


def flags_of(warehouse: Warehouse, view: View) -> dict[str, list[Dispute]]:
    """The open disputes under a view's filters, by KPI: what marks its tiles."""
    found: dict[str, list[Dispute]] = {}
    for dispute in under_filters(open_disputes(warehouse), warehouse, view):
        found.setdefault(dispute.shown.metric, []).append(dispute)
    return found


def under_filters(found: Iterable[Dispute], warehouse: Warehouse, view: View) -> list[Dispute]:
    """Those of numbers under a view's very filters."""
    where = as_text(warehouse.scope.narrowed(view.where))
    return [dispute for dispute in found if as_text(dispute.shown.where) == where]


def records_of(warehouse: Warehouse, dispute: Dispute) -> list[RecordId]:
    """The records attached to a dispute; none for somebody who may not see its number."""
    return disputes.dispute_records(dispute.id) if is_seen(dispute, warehouse.scope) else []


def _seen(found: Iterable[Dispute], warehouse: Warehouse) -> list[Dispute]:
    return [dispute for dispute in found if is_seen(dispute, warehouse.scope)]


def _records(
    warehouse: Warehouse, metric: Metric, span: Span | None, view: View
) -> tuple[Sequence[RecordId], int]:
    """The newest records behind a number, of all its lists, and how many there are."""
    if span is None:
        return (), 0
    found: list[RecordId] = []
    total = 0
    query = MetricQuery((metric.id,), (span,), view.as_of, where=view.where)
    for wanted in lists_of(query, warehouse):
        try:
            records = RecordList(warehouse, wanted)
        except QueryError:  # no data: a list of nothing
            continue
        total += records.summary()["total"]
        left = MAX_RECORDS - len(found)
        for row in cached_rows(warehouse, records.statement.limit(left)) if left else ():
            found.append(RecordId(records.noun, _id_of(row)))
    return found, total


def _id_of(row: dict[str, object]) -> str:
    """What tells a record apart: of several columns all, in their order."""
    keys = [value for name, value in row.items() if name.startswith("key_")]
    return "/".join(
        value.isoformat() if isinstance(value, datetime) else str(value) for value in keys
    )
