"""Changes and targets in words: the sentences of tiles and goals, free of any markup."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from metrics.model import Status, Unit
from metrics.report.format import UNDEFINED, Formats
from metrics.scorecard import Beside, Change, EarlyRead, Scorecard, TargetState, Tile

# What the line under a tile's value has room for.
LINE_CHARACTERS = 37


class Judgement(StrEnum):
    """What a piece of text says: the two judged ones alone carry colour."""

    GOOD = "good"
    BAD = "bad"
    NONE = "none"


@dataclass(frozen=True)
class Words:
    """A piece of text with its judgement."""

    text: str
    judgement: Judgement = Judgement.NONE


def headline(tile: Tile, formats: Formats) -> str:
    """The value of a tile; of an undefined percentile its bound, of nothing "–"."""
    unit = tile.metric.unit
    if tile.value is None and tile.bound is not None:
        return formats.bound(tile.bound, unit)
    return UNDEFINED if tile.value is None else formats.value(tile.value, unit)


def _versus(change: Change, unit: Unit, formats: Formats) -> str:
    text = formats.change(change, unit)
    if text == "new":
        return f"new, nothing in {change.versus}"
    return f"{text} vs {change.versus}"


def change_line(tile: Tile, formats: Formats) -> str:
    """The change against the comparison, or why there is no value."""
    if tile.value is None and tile.bound is None:
        return tile.reason or "no value for this period"
    return "" if tile.change is None else _versus(tile.change, tile.metric.unit, formats)


def change_words(tile: Tile, formats: Formats) -> Words:
    """The change with "usual" or "beyond usual"; only the latter is judged. One line of a tile:
    where that gets too long the percentage is left out."""
    if tile.limits is None or tile.value is None or tile.status is not Status.FINAL:
        return Words(change_line(tile, formats))
    verdict, judgement = "usual", Judgement.NONE
    if tile.signal is not None:
        verdict = "beyond usual"
        judged = {True: Judgement.GOOD, False: Judgement.BAD, None: Judgement.NONE}
        judgement = judged[tile.signal.is_better]
    text = _with_verdict(change_line(tile, formats), verdict)
    if len(text) > LINE_CHARACTERS and tile.change is not None:
        short = replace(tile, change=replace(tile.change, percent=None))
        text = _with_verdict(change_line(short, formats), verdict)
    return Words(text, judgement)


def _with_verdict(change: str, verdict: str) -> str:
    return f"{change} · {verdict}" if change else verdict


def early_line(early: EarlyRead, unit: Unit, formats: Formats) -> str:
    """A young cohort at an age that it has reached: "W45 at 7 d: 6.1%, +0.7 pp"."""
    text = f"{early.label} at {early.days} d: {formats.value(early.value, unit)}"
    if early.change is None or early.change.absolute is None:
        return text
    if formats.is_zero(early.change.absolute, unit):
        return f"{text}, as before"
    return f"{text}, {formats.difference(early.change.absolute, unit)}"


def beside_words(beside: Beside, formats: Formats) -> str:
    """``+ 24 re-MQLs``; a share after its name, "reps at quota 25%"; the next period's own figure,
    "Q1 2027 0.7×"."""
    value = formats.value(beside.value, beside.metric.unit)
    if beside.period is not None:
        return f"{beside.period} {value}"
    name = beside.metric.label
    name = name if name[1:2].isupper() else f"{name[:1].lower()}{name[1:]}"
    return f"+ {value} {name}" if beside.metric.unit is Unit.COUNT else f"{name} {value}"


def aim(target: TargetState) -> float:
    """What the value is held against: the pace of a running period, else the target."""
    return target.pace if target.is_pace and target.pace is not None else target.value


def _miss(tile: Tile, target: TargetState, gap: float, formats: Formats) -> str:
    size = formats.size(gap, tile.metric.unit)
    if target.is_limit:
        return f"{size} over"
    if target.is_pace:
        return f"{size} behind"
    return f"{size} {'short' if tile.metric.unit in (Unit.COUNT, Unit.MONEY) else 'under'}"


def target_words(tile: Tile, formats: Formats) -> tuple[str, Words]:
    """What is aimed at and how it stands: ("target 640", "✕ 28 short")."""
    target = tile.target
    if target is None:
        return "no target set", Words("")
    unit = tile.metric.unit
    pace = "linear pace" if target.is_linear else "pace"
    kind = pace if target.is_pace else "limit" if target.is_limit else "target"
    goal = f"{kind} {formats.target(aim(target), unit)}"
    if tile.value is None and tile.bound is not None and target.is_met is False:
        return goal, Words("✕ over", Judgement.BAD)
    if target.is_met is None or tile.value is None:
        return goal, Words("")
    if target.is_met:
        return goal, Words("✓ on pace" if target.is_pace else "✓ met")
    return goal, Words(f"✕ {_miss(tile, target, tile.value - aim(target), formats)}", Judgement.BAD)


def goal_of(tile: Tile, formats: Formats) -> str:
    """What stands beside a goal's value: "of €5.2M", "target 24%"."""
    if tile.target is None:
        return ""
    text = formats.target(tile.target.value, tile.metric.unit)
    if tile.target.is_limit:
        return f"limit {text}"
    return f"of {text}" if tile.metric.unit in (Unit.COUNT, Unit.MONEY) else f"target {text}"


def goal_line(tile: Tile, formats: Formats) -> Words:
    """How a goal stands, in one line of words."""
    target = tile.target
    if tile.value is None:
        return Words(tile.reason or "no value for this period")
    if target is None or target.is_met is None:
        return Words(change_line(tile, formats) or "no target set")
    gap = tile.value - aim(target)
    unit = tile.metric.unit
    pace = "linear pace" if target.is_linear else "pace"
    if formats.is_zero(gap, unit):
        return Words(f"✓ on {pace}" if target.is_pace else "✓ met")
    size = formats.size(gap, unit)
    if target.is_pace:
        text = f"▲ {size} ahead of {pace}" if gap > 0 else f"▼ {size} behind {pace}"
    elif target.is_met:
        text = f"✓ {size} {'within' if target.is_limit else 'above'}"
    else:
        text = f"✕ {size} {'over' if target.is_limit else 'under'}"
    return Words(text, Judgement.GOOD if target.is_met else Judgement.BAD)


def tally(scorecard: Scorecard) -> str:
    """The one joint tally of both teams' targets."""
    tiles = [*scorecard.goals, *scorecard.tiles]
    # A KPI that is a goal and a tile for the same period has one target.
    judged = {
        (tile.metric.id, tile.target.value): tile.target.is_met
        for tile in tiles
        if tile.target is not None and tile.target.is_met is not None
    }
    if not judged:
        return "No target to judge in this period"
    met = sum(judged.values())
    return f"{met} of {len(judged)} targets met"


def status_words(tile: Tile) -> str:
    """The state of a value as a definition card says it."""
    return {
        Status.FINAL: "final",
        Status.PARTIAL: "partial: the period, or a source of it, has not ended",
        Status.MATURING: "maturing: some of the cohort still has time to convert",
        Status.NO_DATA: "no data",
    }[tile.status]


NO_MEMBER = "(none)"


def member_words(member: str | None) -> str:
    """A dimension's member as people read it: "paid search"; of the NULL member "(none)"."""
    return NO_MEMBER if member is None else member.replace("_", " ")
