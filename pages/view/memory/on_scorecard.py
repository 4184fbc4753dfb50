"""The memory on the scorecard: a mark on a tile that is disputed or commented on, and the newest
words beside an exception. They are laid over the scorecard, which is kept for everybody."""

from __future__ import annotations

from metrics.memory import on_card
from metrics.memory.on_card import Said, commented, disputed, with_marks
from metrics.scorecard import Scorecard
from pages.view.request import Request

__all__ = ["commented", "disputed", "with_marks", "with_memory"]


def with_memory(card: Scorecard, request: Request) -> tuple[Scorecard, Said]:
    """The scorecard with its marks, and the newest words on each KPI."""
    return on_card.with_memory(card, request.warehouse, request.question)
