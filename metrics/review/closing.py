"""Closing a review: its pages are made, and frozen with its figures in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from data.warehouse import Warehouse
from metrics.report.document import Progress
from metrics.report.format import Formats
from metrics.review.figures import ItemView
from metrics.review.frozen_pages import pack
from metrics.review.meetings import Meeting
from metrics.review.papers import Item, build_pages
from metrics.review.snapshot import check_may_close, close_review
from metrics.view import View


def close_with_pages(
    username: str,
    warehouse: Warehouse,
    meeting: Meeting,
    items: Sequence[Item],
    views: Sequence[ItemView],
    first: View,
    formats: Formats,
    progress: Progress | None = None,
) -> Meeting:
    """Close a review in somebody's name and freeze every page of its agenda and every figure.

    Raises what ``close_review`` does, before anything is computed where it can.
    """
    check_may_close(username, warehouse, meeting)
    pages = build_pages(warehouse, meeting, items, first, formats, progress)
    return close_review(username, warehouse, meeting, views, first, pages=pack(pages))
