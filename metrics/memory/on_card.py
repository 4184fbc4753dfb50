"""The memory on a scorecard: a mark on a tile that is disputed or commented on, and the newest
words beside an exception. They are laid over the scorecard, which is kept for everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from data.review_memory.comments import Comment
from data.review_memory.disputes import Dispute
from data.warehouse import Warehouse
from metrics.memory.commentary import comments_by_metric, line_of
from metrics.memory.disputes import flags_of
from metrics.memory.people import full_names
from metrics.scorecard import Mark, Scorecard, Tile
from metrics.view import View

# By KPI: the newest comment and who wrote it, as plain text.
Said = Mapping[str, tuple[str, str]]
# What fits beside an exception; the rest is on the KPI's page.
MOST_WORDS = 160
# How many marks with words a tile has room for; a goal's line has room for its own alone.
TILE_MARKS = 2


def with_memory(card: Scorecard, warehouse: Warehouse, view: View) -> tuple[Scorecard, Said]:
    """The scorecard with its marks, and the newest words on each KPI. Two small queries of the
    state database, and one for names where there are words."""
    flags = flags_of(warehouse, view)
    comments = comments_by_metric(warehouse, view)
    if not flags and not comments:
        return card, {}
    period = view.period.id

    def marked(tile: Tile, room: int) -> Tile:
        flag = disputed(flags.get(tile.metric.id, ()), period)
        return with_marks(tile, flag, commented(comments.get(tile.metric.id, ())), room)

    columns = {
        team: tuple(marked(tile, TILE_MARKS) for tile in tiles)
        for team, tiles in card.columns.items()
    }
    goals = tuple(marked(tile, 0) for tile in card.goals)
    names = full_names() if comments else {}
    said = {name: _newest(found, names) for name, found in comments.items()}
    return replace(card, goals=goals, columns=columns), said


def with_marks(tile: Tile, flag: tuple[Mark, ...], comment: tuple[Mark, ...], room: int) -> Tile:
    """The tile with more marks; signs without words where it has room for ``room`` at most."""
    is_sign = len(tile.marks) + len(flag) + len(comment) > room
    first, last = (
        tuple(replace(mark, is_sign=is_sign) for mark in marks) for marks in (flag, comment)
    )
    return replace(tile, marks=(*first, *tile.marks, *last))


def disputed(flags: Sequence[Dispute], period: str) -> tuple[Mark, ...]:
    """One mark, which names the disputed period where that is not the view's."""
    periods = sorted({flag.shown.period for flag in flags})
    if not periods:
        return ()
    if period in periods:
        return (Mark("disputed", "disputed"),)
    return (Mark("disputed", f"{periods[-1]} disputed"),)


def commented(found: Sequence[Comment]) -> tuple[Mark, ...]:
    if not found:
        return ()
    return (Mark("comment", "1 comment" if len(found) == 1 else f"{len(found)} comments"),)


def _newest(found: Sequence[Comment], names: Mapping[str, str]) -> tuple[str, str]:
    newest = max(found, key=lambda one: one.written_at)
    words = line_of(newest)
    if len(words) > MOST_WORDS:
        words = f"{words[: MOST_WORDS - 1].rstrip()}…"
    return words, names.get(newest.written_by, newest.written_by)
