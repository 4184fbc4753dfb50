"""A KPI's page in words: the lines of its header, figures to date, segments; free of any markup.

The page, the slides, the PDF and the mail all say what is said here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from metrics.drivers import ADDITIVE
from metrics.kpi import Compared, Kpi, Segment
from metrics.model import Kind, Metric, Status, Unit
from metrics.report import words
from metrics.report.format import UNDEFINED, Formats
from metrics.report.words import Judgement, Words, member_words
from metrics.scorecard import Signal, Tile

TEAMS = {"marketing": "Marketing", "shared": "Shared", "sales": "Sales"}
OPEN = (Status.PARTIAL, Status.MATURING)


# -- header -----------------------------------------------------------------------------------


def change_lines(kpi: Kpi, formats: Formats) -> list[tuple[str, Words]]:
    """What stands beside the figure, a line each: plain text, and what is judged after it."""
    tile = kpi.tile
    goal, state = words.target_words(tile, formats)
    change = words.change_line(tile, formats)
    lines = [(change, Words(""))] if change else []
    lines.append((goal, state))
    signal = tile.signal or tile.hint
    if signal is not None:
        lines.append(("", _signal_words(signal)))
    if tile.early is not None:
        lines.append((words.early_line(tile.early, kpi.metric.unit, formats), Words("")))
    return lines


def qualifier_line(kpi: Kpi, formats: Formats) -> str:
    """What the figure is of: "cohort W41 · 575 maturing"."""
    tile = kpi.tile
    second = words.beside_words(tile.beside, formats) if tile.beside is not None else ""
    marks = " · ".join(mark.text for mark in tile.marks)
    return " · ".join(part for part in (tile.qualifier, second, marks) if part)


def _signal_words(signal: Signal) -> Words:
    """``◆ beyond usual: 8 weeks below the average``, judged by its side."""
    judged = {True: Judgement.GOOD, False: Judgement.BAD, None: Judgement.NONE}
    return Words(f"◆ {signal.words}", judged[signal.is_better])


def about(kpi: Kpi, formats: Formats) -> str:
    """The formula as a sentence and what stands behind a ratio: "MQLs ÷ leads. 87 of 613."."""
    formula = kpi.metric.formula
    return f"{formula[:1].upper()}{formula[1:]}. {_of(kpi, formats)}"


def _of(kpi: Kpi, formats: Formats) -> str:
    tile = kpi.tile
    if tile.numerator is None or tile.denominator is None:
        return ""
    is_money = kpi.metric.unit is Unit.MONEY
    top = formats.value(tile.numerator, Unit.MONEY) if is_money else formats.plain(tile.numerator)
    joint = "over" if is_money else "of"
    return f"{top} {joint} {formats.plain(tile.denominator)}."


def trend_note(kpi: Kpi) -> str:
    """What there is to know of the 6-12 chart: its weeks, what is missing, what matures."""
    open_slots = [p for p in (*kpi.weeks, *kpi.months) if p.status in OPEN and p.value is None]
    notes = []
    if kpi.tile.status is Status.NO_DATA:
        notes.append(f"No data: {kpi.tile.reason}.")
    if kpi.tile.note:
        notes.append(f"{kpi.tile.note}.")
    if open_slots:
        names = ", ".join(point.label for point in open_slots)
        notes.append(f"◔ still maturing: {names}.")
    if kpi.metric.kind in ADDITIVE:
        notes.append("Weeks by the left scale, months by the right.")
    first = f"{kpi.weeks[0].label}–{kpi.weeks[-1].label}"
    return f"{first}{_trailing(kpi)}. {' '.join(notes)}"


def _trailing(kpi: Kpi) -> str:
    qualifier = kpi.tile.qualifier or ""
    return f", {qualifier} to each week's end" if qualifier.endswith("weeks") else ""


# -- figures to date --------------------------------------------------------------------------


@dataclass(frozen=True)
class ToDate:
    """A figure with its label above and a note below; ``is_aim``: the note is of its target."""

    label: str
    value: str
    note: Words
    is_aim: bool = False


def to_date(kpi: Kpi, formats: Formats) -> list[ToDate]:
    """The headline, what it is compared with, and the longer periods so far."""
    tile = kpi.tile
    label = kpi.period.label.split(",")[0]
    return [
        ToDate(label, words.headline(tile, formats), _aim(tile, formats), True),
        *(_compared(found, kpi, formats) for found in kpi.compared),
        *(_longer(found, formats) for found in kpi.to_date),
    ]


def _aim(tile: Tile, formats: Formats) -> Words:
    goal, state = words.target_words(tile, formats)
    return state if state.text else Words(goal)


def _compared(found: Compared, kpi: Kpi, formats: Formats) -> ToDate:
    unit = kpi.metric.unit
    label, note = f"vs {found.label}", formats.value(found.value, unit)
    if found.change is None:
        return ToDate(label, UNDEFINED, Words(note))
    change = found.change.absolute
    if change is None:
        return ToDate(label, "new", Words(f"nothing in {found.label}"))
    if found.change.percent is not None:
        note = f"{formats.percent(found.change.percent)}, from {note}"
    return ToDate(label, formats.difference(change, unit), Words(note))


def _longer(tile: Tile, formats: Formats) -> ToDate:
    value = words.headline(tile, formats)
    if tile.qualifier:
        return ToDate(tile.label, value, Words(f"◔ {tile.qualifier}"))
    target = tile.target
    if target is not None and target.is_met is None and tile.value is not None and target.value:
        share = formats.target(round(tile.value / target.value, 2), Unit.SHARE)
        aim = formats.target(target.value, tile.metric.unit)
        return ToDate(tile.label, value, Words(f"{share} of {aim}"))
    if tile.value is None and target is not None:
        tile = replace(tile, target=None)
    return ToDate(tile.label, value, _aim(tile, formats), True)


# -- segments ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class SegmentLine:
    """A member's row: its name, the sides of a ratio, value and change, as they are shown."""

    name: str
    sides: tuple[str, ...]
    value: str
    change: str
    row: Segment
    is_total: bool = False


@dataclass(frozen=True)
class SegmentWords:
    """The table of members and its heads; ``reason``: why there is none."""

    by: str
    sides: tuple[str, ...] = ()
    value: str = "Value"
    versus: str = ""
    lines: tuple[SegmentLine, ...] = ()
    reason: str | None = None


def segment_words(kpi: Kpi, formats: Formats) -> SegmentWords:
    """The members of the chosen dimension, and the total below them."""
    segments, metric = kpi.segments, kpi.metric
    by = segments.by.replace("_", " ")
    if segments.reason is not None:
        return SegmentWords(by, reason=f"There is nothing to split: {segments.reason}.")
    if not segments.rows:
        return SegmentWords(by, reason="Nothing was counted in this period.")
    top, bottom = _sides(metric)
    is_additive = metric.kind in ADDITIVE
    sides = () if is_additive else (bottom,) if metric.kind is Kind.DURATION else (bottom, top)
    lines = [_line(row, kpi, formats, len(sides)) for row in segments.rows]
    return SegmentWords(
        by,
        sides,
        "Part" if is_additive else "Value",
        f"vs {kpi.versus or 'before'}",
        (*lines, _line(_total(kpi), kpi, formats, len(sides), is_total=True)),
    )


def _sides(metric: Metric) -> tuple[str, str]:
    """What numerator and denominator are called: of a ratio the parts of its formula."""
    if metric.kind is Kind.DURATION:
        return "", "Cases"
    if metric.stages is not None:
        start, end = metric.stages
        return end.upper() if len(end) == 3 else end, start.upper() if len(start) == 3 else start
    top, _, bottom = metric.formula.partition(" ÷ ")
    return top, bottom.strip("()")


def _total(kpi: Kpi) -> Segment:
    tile = kpi.tile
    before = kpi.drivers.before
    if before is None and tile.change is not None and tile.value is not None:
        change = tile.change.absolute
        before = None if change is None else tile.value - change
    return Segment("All", tile.value, tile.numerator, tile.denominator, before)


def _line(
    row: Segment, kpi: Kpi, formats: Formats, sides: int, *, is_total: bool = False
) -> SegmentLine:
    unit = kpi.metric.unit
    name = f"{row.members} others" if row.members > 1 else member_words(row.member)
    parts: Iterable[float | None] = (row.denominator, row.numerator)
    shown = UNDEFINED if row.value is None else formats.value(row.value, unit)
    change = UNDEFINED if row.change is None else formats.difference(row.change, unit)
    if row.value is not None and row.before is None:
        change = "new"
    told = tuple(_plain(part, formats) for part in [*parts][:sides])
    return SegmentLine(name, told, shown, change, row, is_total)


def _plain(value: float | None, formats: Formats) -> str:
    return UNDEFINED if value is None else formats.value(value, Unit.COUNT)


# -- drivers ----------------------------------------------------------------------------------


def cause_line(kpi: Kpi) -> str:
    """The one or two causes of the change as a sentence, or why none is told."""
    told = kpi.drivers.reason or "; ".join(kpi.causes)
    if not told:
        told = "No single part of the business explains most of it."
    return told[:1].upper() + told[1:]


def split_line(kpi: Kpi) -> str:
    """What the change is split by: "by region, since W45"; nothing where it is not split."""
    by = kpi.segments.by.replace("_", " ")
    return f"by {by}, since {kpi.versus}" if kpi.drivers.parts else ""


# -- definition -------------------------------------------------------------------------------


def definition_facts(metric: Metric) -> list[tuple[str, str]]:
    """Every field of a KPI's definition, by its name."""
    return [
        ("Definition", metric.definition),
        ("Formula", metric.formula),
        ("Counted by", metric.counted_by),
        ("Missing values", metric.null_rule),
        ("Unit", metric.unit.value),
        ("Better", {"up": "higher", "down": "lower"}.get(metric.direction.value, "neither")),
        ("Owner", metric.owner),
        ("Needs", ", ".join(metric.tables)),
        ("Can be split by", ", ".join(name.replace("_", " ") for name in metric.dimensions)),
    ]
