"""One KPI's headline by itself: the very tile that the scorecard shows."""

from __future__ import annotations

from data.warehouse import Warehouse
from metrics.agreements.on_tiles import with_agreements
from metrics.calendar import Calendar
from metrics.model import Metric
from metrics.scorecard import Selection, Tile
from metrics.tiles import Board
from metrics.view import Frame, View


def headline(warehouse: Warehouse, view: View, metric: Metric) -> Tile:
    """The tile of a KPI in a view: one query, and one more for a cohort's early read; cached.

    Raises ``WarehouseError`` when the warehouse does not answer.
    """
    selection = Selection(goals=(), columns={metric.team: (metric,)})
    board = Board(warehouse, Frame(Calendar(warehouse.config), view), selection)
    return with_agreements(warehouse, view, board.columns()[metric.team.value])[0]
