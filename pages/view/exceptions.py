"""The band of exceptions between goals and teams, as HTML. Everything from data is escaped."""

from __future__ import annotations

import html
from collections.abc import Mapping

from metrics.exceptions import Exceptions, Story
from metrics.report.format import Formats
from metrics.report.stories import count_line, details, finding
from metrics.report.words import tally
from metrics.scorecard import Scorecard

_KEY = (
    '<i class="key-band"></i> normal variation · <i class="key-target"></i> target · '
    '◆ beyond usual · <i class="key-open"></i> not final'
)
# By KPI: the words and who wrote them.
Said = Mapping[str, tuple[str, str]]
_QUIET = "Nothing is beyond normal variation, and no target is missed."


def _story(story: Story, formats: Formats, said: Said) -> str:
    tone = "story-bad" if story.is_bad else "story-good" if _is_good(story) else ""
    more = details(story, formats)
    cause = f" {html.escape(story.cause)}." if story.cause else ""
    words = ""
    if story.tile.metric.id in said:
        text, name = map(html.escape, said[story.tile.metric.id])
        words = f': <q class="story-said">{text}</q> {name}'
    text = f"<b>{html.escape(finding(story, formats))}</b>{', ' if more else ''}"
    return (
        f'<div class="story {tone}" role="listitem" data-kpi="{html.escape(story.tile.metric.id)}">'
        f"<p>{text}{html.escape(more)}.{cause} "
        f"<span>{html.escape(story.tile.metric.owner)}</span>{words}</p></div>"
    )


def _is_good(story: Story) -> bool:
    return story.signal is not None and story.signal.is_better is True


def exceptions_html(
    found: Exceptions, card: Scorecard, formats: Formats, said: Said | None = None
) -> str:
    """The heading with its count and the charts' key, and below it the stories; ``said`` is what
    was written on a KPI, by its id: the words and who wrote them."""
    stories = "".join(_story(story, formats, said or {}) for story in found.stories)
    if not stories:
        stories = f'<div class="story" role="listitem"><p>{_QUIET}</p></div>'
    return (
        '<section class="exceptions"><div class="room"><h2>Needs the room</h2>'
        f'<p class="room-count">{html.escape(tally(card))} · '
        f"{html.escape(count_line(found, card))}</p>"
        f'<p class="room-key">{_KEY}</p></div>'
        f'<div class="stories" role="list">{stories}</div></section>'
    )
