"""The memory on the scorecard: a mark on a tile that is disputed or commented on, and the newest
words beside an exception. They are laid over the scorecard, which is kept for everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from data.review_memory.comments import Comment
from data.review_memory.disputes import Dispute
from metrics.memory.commentary import comments_by_metric
from metrics.memory.disputes import flags_of
from metrics.scorecard import Mark, Scorecard, Tile
from pages.view.memory.comments import line_of
from pages.view.memory.wording import Wording
from pages.view.request import Request

# By KPI: the newest comment and who wrote it, as plain text.
Said = Mapping[str, tuple[str, str]]
# What fits beside an exception; the rest is on the KPI's page.
MOST_WORDS = 160


def with_memory(card: Scorecard, request: Request) -> tuple[Scorecard, Said]:
    """The scorecard with its marks, and the newest words on each KPI. Two small queries of the
    state database, and one for names where there are words."""
    flags = flags_of(request.warehouse, request.question)
    comments = comments_by_metric(request.warehouse, request.question)
    if not flags and not comments:
        return card, {}
    period = request.question.period.id

    def marked(tiles: Sequence[Tile]) -> tuple[Tile, ...]:
        return tuple(
            replace(
                tile,
                marks=(
                    *disputed(flags.get(tile.metric.id, ()), period),
                    *tile.marks,
                    *commented(comments.get(tile.metric.id, ())),
                ),
            )
            for tile in tiles
        )

    columns = {team: marked(tiles) for team, tiles in card.columns.items()}
    said = {name: _newest(found, request) for name, found in comments.items()}
    return replace(card, goals=marked(card.goals), columns=columns), said


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


def _newest(found: Sequence[Comment], request: Request) -> tuple[str, str]:
    newest = max(found, key=lambda one: one.written_at)
    words = line_of(newest)
    if len(words) > MOST_WORDS:
        words = f"{words[: MOST_WORDS - 1].rstrip()}…"
    return words, Wording(request).name(newest.written_by)
