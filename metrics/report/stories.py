"""Exceptions in words: the finding, its size against target and usual, the rule; no markup."""

from __future__ import annotations

import re

from metrics.exceptions import Exceptions, Story
from metrics.model import Kind
from metrics.report.format import Formats
from metrics.report.words import headline, target_words
from metrics.scorecard import Scorecard, Tile
from metrics.signals import Rule

_SUFFIX = re.compile(r"\D+$")  # "%", " h": said once in a range


def usual_range(tile: Tile, formats: Formats) -> str:
    """The natural limits of the headline's period: "93–98%"; empty where there are none."""
    if tile.limits is None:
        return ""
    low, high = (formats.target(x, tile.metric.unit) for x in (tile.limits.low, tile.limits.high))
    suffix = _SUFFIX.search(high)
    return f"{low.removesuffix(suffix[0]) if suffix else low}–{high}"


def signal_words(tile: Tile, formats: Formats) -> str:
    """The rule with its limits: "above its usual 93–98%", "8 weeks below the average, usual
    93–98%"; empty without a signal."""
    if tile.signal is None:
        return ""
    usual = usual_range(tile, formats)
    if tile.signal.rule is Rule.OUTSIDE:
        return tile.signal.words.replace("usual range", f"usual {usual}")
    return f"{tile.signal.words}, usual {usual}"


def miss_words(story: Story, formats: Formats) -> str:
    """The target that was missed: "28 short of target 640"; empty when none was."""
    if story.missed is None:
        return ""
    goal, state = target_words(story.tile, formats)
    size = state.text.removeprefix("✕ ")
    return f"{size} of {goal}" if size.endswith("short") else f"{size} {goal}"


def finding(story: Story, formats: Formats) -> str:
    """What happened: "Lead rejection rate rose to 14.2%"; "at" where no point stands out."""
    tile, signal = story.tile, story.signal
    # A conversion's window is on its tile; here it would break the sentence.
    label = tile.metric.label if tile.metric.kind is Kind.COHORT else tile.label
    verb = "at"
    if signal is not None and signal.rule is Rule.OUTSIDE:
        verb = "rose to" if signal.side > 0 else "fell to"
    comma = "," if "," in label else ""
    return f"{label}{comma} {verb} {headline(tile, formats)}"


def details(story: Story, formats: Formats) -> str:
    """What follows the finding: the cohort or span, the target missed, the rule."""
    tile = story.tile
    parts = [tile.qualifier or "", miss_words(story, formats), signal_words(tile, formats)]
    return ", ".join(part for part in parts if part)


def count_line(found: Exceptions, scorecard: Scorecard) -> str:
    """How much is beyond usual: "5 of 20 figures are beyond normal variation"."""
    charted = any(tile.limits is not None for tile in (*scorecard.goals, *scorecard.tiles))
    if charted:
        verb = "is" if found.beyond == 1 else "are"
        text = f"{found.beyond} of {found.figures} figures {verb} beyond normal variation"
    else:
        text = "no natural limits for this period"
    if len(found.stories) < found.found:
        text += f" · the worst {len(found.stories)} of {found.found} exceptions"
    if scorecard.limits_note:
        text += f" · {scorecard.limits_note}"
    return text
