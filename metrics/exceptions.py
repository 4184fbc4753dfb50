"""Exceptions first: which figures of a scorecard need the room, worst first.

A story is a figure that missed its target or shows a signal (one point outside its limits, or 8
in a row on one side of the mean). Its size is its distance from the mean, where the distance from
the mean to a natural limit is 1 (0 without a signal), plus the gap to the target as a share of
the target. Unfavourable ones stand before favourable ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from metrics.scorecard import Scorecard, Signal, TargetState, Tile

MAX_STORIES = 3  # one above each team's column

Cause = Callable[[Tile], str | None]


@dataclass(frozen=True)
class Story:
    """One exception: its tile, how large it is, and in words what drove it, where known."""

    tile: Tile
    size: float
    is_bad: bool
    cause: str | None

    @property
    def signal(self) -> Signal | None:
        return self.tile.signal

    @property
    def missed(self) -> TargetState | None:
        target = self.tile.target
        return target if target is not None and target.is_met is False else None


@dataclass(frozen=True)
class Exceptions:
    """``stories`` are the worst; ``beyond`` of ``figures`` show a signal, ``found`` are all that
    missed their target or show one."""

    stories: tuple[Story, ...]
    found: int
    beyond: int
    figures: int


def _no_cause(_tile: Tile) -> str | None:
    return None


def _gap(tile: Tile) -> float:
    """How far a missed target was missed, as a share of it; 0 when it was met or is not known."""
    target = tile.target
    if target is None or target.is_met is not False:
        return 0.0
    aim = target.pace if target.is_pace and target.pace else target.value
    if target.gap is None or not aim:
        return 1.0  # beyond any measure: an answer that never came, something where 0 was the aim
    return min(abs(target.gap / aim), 1.0)


def _is_bad(tile: Tile) -> bool:
    missed = tile.target is not None and tile.target.is_met is False
    return missed or (tile.signal is not None and tile.signal.is_better is False)


def _size(tile: Tile) -> float:
    return _gap(tile) + (0.0 if tile.signal is None else tile.signal.size)


def find_exceptions(
    scorecard: Scorecard, cause_of: Cause = _no_cause, limit: int = MAX_STORIES
) -> Exceptions:
    """The stories of a scorecard; ``cause_of`` is asked for those that are told alone."""
    # A KPI that is a goal and a tile for the same period is one figure.
    figures = list(
        {
            (tile.metric.id, tile.label, tile.qualifier): tile
            for tile in (*scorecard.goals, *scorecard.tiles)
        }.values()
    )
    told = [tile for tile in figures if _is_bad(tile) or tile.signal is not None]
    told.sort(key=lambda tile: (not _is_bad(tile), -_size(tile)))
    return Exceptions(
        stories=tuple(
            Story(tile, _size(tile), _is_bad(tile), cause_of(tile)) for tile in told[:limit]
        ),
        found=len(told),
        beyond=sum(tile.signal is not None for tile in figures),
        figures=len(figures),
    )
