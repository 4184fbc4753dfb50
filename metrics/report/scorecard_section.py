"""The scorecard as a section to write: goals, exceptions, tiles by team, in the screen's words."""

from __future__ import annotations

from dataclasses import dataclass

from data.warehouse import Warehouse
from metrics.drivers import cause_of_tile
from metrics.exceptions import Story, find_exceptions
from metrics.memory.on_card import Said, with_memory
from metrics.report import words
from metrics.report.cells import Cell, Table, difference_form
from metrics.report.format import Formats
from metrics.report.kpi_words import TEAMS
from metrics.report.stories import count_line, details, finding
from metrics.report.words import Judgement, Words
from metrics.scorecard import Scorecard, Tile, build_scorecard
from metrics.view import View

QUIET = "Nothing is beyond normal variation, and no target is missed."
AGREED = dict.fromkeys(("unsigned", "redefined", "off_rule"), "§")
MARKS = {"partial": "◐", "maturing": "◔", "small": "○", "disputed": "⚑", "comment": "✎"} | AGREED


@dataclass(frozen=True)
class FigureWords:
    """A tile in words. ``beside`` is what stands by its value: the cohort, marks, an early read."""

    metric: str
    label: str
    value: str
    change: Words
    goal: str  # "target 640"
    state: Words  # "✕ 28 short"
    beside: tuple[str, ...]
    definition: str


@dataclass(frozen=True)
class GoalWords:
    """A goal in words: "€3.1M", "of €5.2M", "▼ €68k behind pace"."""

    metric: str
    label: str
    value: str
    aim: str
    line: Words
    marks: tuple[str, ...]
    definition: str


@dataclass(frozen=True)
class StoryWords:
    """An exception in words. ``tone``: whether it is unfavourable; ``said``: words and who wrote
    them."""

    metric: str
    finding: str
    details: str
    cause: str
    owner: str
    tone: Judgement
    said: tuple[str, str] | None


@dataclass(frozen=True)
class ScorecardSection:
    """All of one view's scorecard; ``teams`` in order, by their names."""

    title: str
    period: str
    compare: str
    tally: str
    counted: str
    goals: tuple[GoalWords, ...]
    stories: tuple[StoryWords, ...]
    teams: tuple[tuple[str, tuple[FigureWords, ...]], ...]
    tables: tuple[Table, ...]


def scorecard_section(warehouse: Warehouse, view: View, formats: Formats) -> ScorecardSection:
    """The scorecard of a view, with the room's marks and words.

    Raises ``WarehouseError`` or ``StateError`` when a database does not answer.
    """
    card, said = with_memory(build_scorecard(warehouse, view), warehouse, view)
    return section_of(card, said, warehouse, view, formats)


def section_of(
    card: Scorecard, said: Said, warehouse: Warehouse, view: View, formats: Formats
) -> ScorecardSection:
    """A scorecard that is there already, in words."""
    found = find_exceptions(card, cause_of_tile(warehouse, view))
    return ScorecardSection(
        title="Scorecard",
        period=card.period_label,
        compare=card.compare_label,
        tally=words.tally(card),
        counted=count_line(found, card),
        goals=tuple(_goal(tile, formats) for tile in card.goals),
        stories=tuple(_story(story, said, formats) for story in found.stories),
        teams=tuple(
            (TEAMS.get(team, team), tuple(_figure(tile, formats) for tile in tiles))
            for team, tiles in card.columns.items()
        ),
        tables=(_figures_table(card, formats), _trends_table(card, formats)),
    )


def _marks(tile: Tile, *left_out: str) -> tuple[str, ...]:
    return tuple(
        f"{MARKS.get(mark.kind, '○')} {mark.text}"
        for mark in tile.marks
        if mark.kind not in left_out
    )


def _figure(tile: Tile, formats: Formats) -> FigureWords:
    goal, state = words.target_words(tile, formats)
    second = "" if tile.beside is None else words.beside_words(tile.beside, formats)
    early = "" if tile.early is None else words.early_line(tile.early, tile.metric.unit, formats)
    beside = (tile.qualifier or "", *_marks(tile), early, second)
    return FigureWords(
        metric=tile.metric.id,
        label=tile.label,
        value=words.headline(tile, formats),
        change=words.change_words(tile, formats),
        goal=goal,
        state=state,
        beside=tuple(part for part in beside if part),
        definition=tile.metric.definition,
    )


def _goal(tile: Tile, formats: Formats) -> GoalWords:
    return GoalWords(
        metric=tile.metric.id,
        label=f"{tile.label}, {tile.qualifier}" if tile.qualifier else tile.label,
        value=words.headline(tile, formats),
        aim=words.goal_of(tile, formats),
        line=words.goal_line(tile, formats),
        marks=_marks(tile, "partial"),  # the label says that it is to date
        definition=tile.metric.definition,
    )


def _story(story: Story, said: Said, formats: Formats) -> StoryWords:
    is_good = story.signal is not None and story.signal.is_better is True
    tone = Judgement.BAD if story.is_bad else Judgement.GOOD if is_good else Judgement.NONE
    metric = story.tile.metric
    return StoryWords(
        metric=metric.id,
        finding=finding(story, formats),
        details=details(story, formats),
        cause=story.cause or "",
        owner=metric.owner,
        tone=tone,
        said=said.get(metric.id),
    )


# -- tables -----------------------------------------------------------------------------------

_HEADS = (
    *("Team", "KPI", "Id", "Of", "Value", "Numerator", "Denominator"),
    *("Change", "Change %", "Against", "Target", "Target or pace", "Stands", "State", "Marks"),
)


def _figures_table(card: Scorecard, formats: Formats) -> Table:
    rows = [_figure_row("Goals", tile, formats) for tile in card.goals]
    for team, tiles in card.columns.items():
        rows += [_figure_row(TEAMS.get(team, team), tile, formats) for tile in tiles]
    return Table("Scorecard", _HEADS, tuple(rows))


def _figure_row(team: str, tile: Tile, formats: Formats) -> tuple[Cell, ...]:
    unit, change, target = tile.metric.unit, tile.change, tile.target
    absolute = None if change is None else change.absolute
    percent = None if change is None else change.percent
    _, state = words.target_words(tile, formats)
    return (
        Cell(team),
        Cell(tile.label),
        Cell(tile.metric.id),
        Cell(tile.qualifier or ""),
        Cell(words.headline(tile, formats), tile.value, unit),
        _plain(tile.numerator, formats),
        _plain(tile.denominator, formats),
        Cell(
            "" if absolute is None else formats.difference(absolute, unit),
            absolute,
            difference_form(unit),
        ),
        Cell("" if percent is None else formats.percent(percent), percent, "percent"),
        Cell("" if change is None else change.versus),
        Cell("" if target is None else formats.target(target.value, unit))
        if target is None
        else Cell(formats.target(target.value, unit), target.value, unit),
        Cell("") if target is None else _aim(words.aim(target), tile, formats),
        Cell(state.text),
        Cell(tile.reason or words.status_words(tile)),
        Cell(" · ".join(mark.text for mark in tile.marks)),
    )


def _aim(aim: float, tile: Tile, formats: Formats) -> Cell:
    return Cell(formats.target(aim, tile.metric.unit), aim, tile.metric.unit)


def _plain(value: float | None, formats: Formats) -> Cell:
    return Cell("") if value is None else Cell(formats.plain(value), value, "plain")


def _trends_table(card: Scorecard, formats: Formats) -> Table:
    """Every point of every tile's trend."""
    rows = [
        (
            Cell(tile.label),
            Cell(tile.metric.id),
            Cell(point.label),
            Cell(point.start.isoformat()),
            Cell(formats.value(point.value, tile.metric.unit), point.value, tile.metric.unit),
            Cell(point.status.value),
        )
        for tile in card.tiles
        for point in tile.points
    ]
    return Table("Trends", ("KPI", "Id", "Period", "From", "Value", "State"), tuple(rows))
