"""The marks of agreements on tiles, wherever tiles are made: scorecard, KPI page, SLA, files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from data.agreements import Topic
from data.warehouse import Warehouse
from metrics.agreements.marks import UNSIGNED, agreement_marks, off_rule_mark
from metrics.agreements.standing import Standing, known_standings
from metrics.calendar import Span
from metrics.engine import run_query
from metrics.query import MetricQuery
from metrics.scorecard import Mark, Tile
from metrics.view import View

# How many marks with words a tile has room for; a goal's line has room for its own alone.
TILE_MARKS = 2
CHECK, COUNTED = "mqls_off_rule", "mqls"


def with_agreements(
    warehouse: Warehouse, view: View, tiles: Sequence[Tile], room: int = TILE_MARKS
) -> tuple[Tile, ...]:
    """The tiles with what agreements say of their numbers; signs without words where there is room
    for ``room`` marks at most. Where an MQL rule is signed, one small query for those off it.

    Raises ``WarehouseError`` when the warehouse does not answer.
    """
    standings = known_standings(warehouse.config)

    def marked(tile: Tile) -> Tile:
        if tile.value is None and tile.early is None:
            return tile
        marks = agreement_marks(standings, tile.metric, tile.span, warehouse.config)
        if tile.metric.id == COUNTED and tile.span is not None:
            off = count_off_rule(warehouse, view, tile.span, standings)
            # Right after an unsigned change: both are about what the number is worth.
            at = 1 if marks and marks[0].kind == UNSIGNED else 0
            marks = (*marks[:at], *off_rule_mark(off, tile.value), *marks[at:])
        left = max(room - len(tile.marks), 0)
        return replace(tile, marks=(*tile.marks, *marks[:left], *_as_one_sign(marks[left:])))

    return tuple(marked(tile) for tile in tiles)


def _as_one_sign(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Marks that there is no room for, as one without words."""
    if not marks:
        return ()
    text = " · ".join(mark.text for mark in marks)
    detail = " ".join(mark.detail for mark in marks)
    return (Mark(marks[0].kind, text, is_sign=True, detail=detail),)


class Checked(NamedTuple):
    """MQLs of a period against the signed rule: those that do not meet it, of how many."""

    off: float
    of: float


def check_mqls(warehouse: Warehouse, view: View) -> Checked | None:
    """The MQLs of a view's period against the rule that both teams signed; None where none is, or
    it cannot be told. Raises ``WarehouseError`` when the warehouse does not answer."""
    span = view.period.span
    off = count_off_rule(warehouse, view, span, known_standings(warehouse.config))
    if off is None:
        return None
    query = MetricQuery((COUNTED,), (span,), view.as_of, where=view.where)
    return Checked(off, run_query(warehouse, query)[0].value or 0)


def count_off_rule(
    warehouse: Warehouse, view: View, span: Span, standings: Sequence[Standing]
) -> float | None:
    """How many MQLs of a span do not meet the signed rule; None where none is signed, or it cannot
    be told under the view's filters."""
    if not any(s.topic is Topic.MQL and any(v.is_signed for v in s.versions) for s in standings):
        return None
    query = MetricQuery((CHECK,), (span,), view.as_of, where=view.where)
    return run_query(warehouse, query)[0].value
