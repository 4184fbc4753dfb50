"""Commentary: what a KPI's owner says of a period, and who may say it."""

from __future__ import annotations

from dataclasses import replace

from data.review_memory import comments
from data.review_memory.comments import About, Comment
from data.warehouse import Warehouse
from metrics.catalog import find_metric
from metrics.memory.people import editor
from metrics.model import Metric
from metrics.view import View


def comment_as(
    warehouse: Warehouse,
    username: str,
    metric_id: str,
    view: View,
    *,
    happened: str,
    doing: str,
    review_id: str | None = None,
) -> Comment:
    """Write a comment on a KPI in a view's period, under its filters.

    Raises ``RoleError`` unless the account may edit what the KPI's team answers for, ``NoteError``
    without any words, ``QueryError`` for an unknown KPI.
    """
    metric = find_metric(metric_id)
    by = editor(username, metric.team, f"A comment on {metric.label}")
    about = About(
        warehouse.config.company.name,
        metric.id,
        view.period.id,
        warehouse.scope.narrowed(view.where),
    )
    return comments.write_comment(about, happened=happened, doing=doing, by=by, review_id=review_id)


def change_comment_as(username: str, seen: Comment, *, happened: str, doing: str) -> Comment:
    """Put a comment that was read as ``seen`` into other words.

    Raises ``RoleError`` as ``comment_as``, ``NoteConflict`` when it has been changed since.
    """
    metric = find_metric(seen.metric)
    by = editor(username, metric.team, f"A comment on {metric.label}")
    return comments.change_comment(seen, happened=happened, doing=doing, by=by)


def comments_on(warehouse: Warehouse, view: View, metric: Metric) -> list[Comment]:
    """The comments on a KPI in a view's period and under its very filters, oldest first."""
    return comments_by_metric(warehouse, view, metric).get(metric.id, [])


def comments_by_metric(
    warehouse: Warehouse, view: View, metric: Metric | None = None
) -> dict[str, list[Comment]]:
    """The comments of a view's period under its very filters, by KPI, oldest first.

    Raises ``StateError`` or ``ConfigError`` when the state database does not answer.
    """
    seen = replace(view, where=warehouse.scope.narrowed(view.where))
    found: dict[str, list[Comment]] = {}
    for comment in comments.comments_of_period(
        warehouse.config.company.name,
        seen.period.id,
        seen.where,
        None if metric is None else metric.id,
    ):
        if _is_told(comment.metric, warehouse):
            found.setdefault(comment.metric, []).append(comment)
    return found


def _is_told(metric_id: str, warehouse: Warehouse) -> bool:
    """Whether the viewer is told this KPI at all."""
    return warehouse.scope.is_whole or not find_metric(metric_id).whole_company


def line_of(one: Comment) -> str:
    """A comment in one line of plain text."""
    return " – ".join(" ".join(text.split()) for text in (one.happened, one.doing) if text)
