"""A document as PowerPoint: 16:9, tables and line charts native, so that they can be edited; any
other chart is a picture. The speaker notes hold definitions, what the figures are of, and what
was said."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, TypeGuard

from pptx import Presentation
from pptx.util import Inches

from metrics.report.document import Document, Section
from metrics.report.kpi_section import KpiSection
from metrics.report.page_section import PageSection
from metrics.report.scorecard_section import (
    QUIET,
    FigureWords,
    GoalWords,
    ScorecardSection,
    StoryWords,
)
from metrics.report.slide_charts import add_chart, add_key
from metrics.report.slide_flow import write_parts
from metrics.report.slide_parts import (
    HEIGHT,
    LEFT,
    SMALLEST,
    TEXT_WIDTH,
    WIDTH,
    Box,
    Run,
    Sheet,
    fitting,
    judged,
)
from metrics.report.words import Judgement

MIME = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
BLANK = 6  # the layout without placeholders in the package's own template
GOALS = 6  # on one slide, in two rows
ROWS = 5  # of a team's table on one slide
MEMBERS = 7  # of a split beside the total
_SIDES = {Judgement.BAD: "bad", Judgement.GOOD: "good", Judgement.NONE: "track"}


def write_pptx(document: Document) -> bytes:
    """The slides of a document."""
    deck = _Deck(document)
    for section in _joined(document.sections):
        if isinstance(section, ScorecardSection):
            deck.scorecard(section)
        elif isinstance(section, PageSection):
            deck.page(section)
        else:
            deck.kpi(section)
    return deck.as_bytes()


def _joined(sections: Sequence[Section]) -> list[Section]:
    """The sections, those of the review itself that follow each other as one: what was decided and
    what is disputed share a slide where they are short."""
    found: list[Section] = []
    for section in sections:
        last = found[-1] if found else None
        if _is_own(last) and _is_own(section):
            parts, told = (*last.parts, *section.parts), (*last.told, *section.told)
            found[-1] = PageSection(last.path, "The review", "", parts, told)
        else:
            found.append(section)
    return found


def _is_own(section: Section | None) -> TypeGuard[PageSection]:
    return isinstance(section, PageSection) and section.path == "review"


class _Deck:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.file: Any = Presentation()
        self.file.slide_width, self.file.slide_height = Inches(WIDTH), Inches(HEIGHT)
        self.file.core_properties.title = f"{document.title}, {document.period}"
        self.file.core_properties.author = document.company

    def as_bytes(self) -> bytes:
        written = io.BytesIO()
        self.file.save(written)
        return written.getvalue()

    def sheet(self, title: str, beside: str, notes: Sequence[str]) -> Sheet:
        """A new slide with its heading, its origin at the foot and its notes."""
        sheet = Sheet(self.file.slides.add_slide(self.file.slide_layouts[BLANK]))
        about = fitting(beside, TEXT_WIDTH - 0.32 * len(title), 1, 20)
        sheet.text(
            Box(LEFT, 0.25, TEXT_WIDTH, 0.6),
            [[Run(title, 30, bold=True), Run(f"   {about}", 20, hue="ink2")]],
        )
        sheet.rule(LEFT, 0.92, TEXT_WIDTH, "ink", 1.5)
        origin = fitting(self.document.origin, TEXT_WIDTH, 1)
        sheet.text(Box(LEFT, 6.98, TEXT_WIDTH, 0.4), [[Run(origin, hue="ink2")]])
        sheet.notes([*notes, self.document.origin, *self.document.notices])
        return sheet

    # -- scorecard --------------------------------------------------------------------------

    def scorecard(self, section: ScorecardSection) -> None:
        """Exceptions first, then the goals, then a table for each team."""
        self._exceptions(section)
        for start in range(0, len(section.goals), GOALS):
            self._goals(section.goals[start : start + GOALS], section)
        for team, figures in section.teams:
            for start in range(0, len(figures), ROWS):
                self._team(team, figures[start : start + ROWS], section)

    def _exceptions(self, section: ScorecardSection) -> None:
        notes = [f"{section.tally} · {section.counted}"]
        sheet = self.sheet("Needs the room", f"{section.title}, {section.period}", notes)
        heads = [section.tally, section.counted, *self.document.notices]
        told = fitting(" · ".join(heads), TEXT_WIDTH, 2)
        sheet.text(Box(LEFT, 1.02, TEXT_WIDTH, 0.75), [[Run(told, hue="ink2")]])
        if not section.stories:
            sheet.text(Box(LEFT, 2.0, TEXT_WIDTH, 0.6), [[Run(QUIET, 24)]])
        height = 1.6
        for n, story in enumerate(section.stories):
            top = 1.95 + n * (height + 0.08)
            sheet.side(LEFT, top, height - 0.1, _SIDES[story.tone])
            sheet.text(Box(LEFT + 0.15, top - 0.05, TEXT_WIDTH - 0.15, height), _story(story))

    def _goals(self, goals: Sequence[GoalWords], section: ScorecardSection) -> None:
        notes = [f"{goal.label}: {goal.definition}" for goal in goals]
        sheet = self.sheet("Goals", f"{section.period} · {section.tally}", notes)
        columns = GOALS // 2
        width, height = TEXT_WIDTH / columns, 2.75
        for n, goal in enumerate(goals):
            x, y = LEFT + n % columns * width, 1.2 + n // columns * height
            sheet.rule(x, y, width - 0.3, "ink", 2.0)
            sheet.text(Box(x, y + 0.1, width - 0.3, height - 0.2), _goal(goal, width - 0.3))

    def _team(self, team: str, figures: Sequence[FigureWords], section: ScorecardSection) -> None:
        notes = [f"{figure.label}: {figure.definition}" for figure in figures]
        sheet = self.sheet(team, f"{section.period} · {section.compare}", notes)
        widths = (4.55, 2.4, 3.05, 2.43)
        rows = [_row(figure, widths[0]) for figure in figures]
        box = Box(LEFT, 1.0, TEXT_WIDTH, 1.18 * len(rows))
        sheet.table(box, widths, rows, right=(1,))

    # -- a page of parts --------------------------------------------------------------------

    def page(self, section: PageSection) -> None:
        """Its parts in order, as many slides as they need."""
        write_parts(section, lambda title, beside: self.sheet(title, beside, section.told))

    # -- KPI --------------------------------------------------------------------------------

    def kpi(self, section: KpiSection) -> None:
        """The figure and its trend; then what moved it, and of what it is made."""
        self._figure(section)
        self._causes(section)

    def _figure(self, section: KpiSection) -> None:
        sheet = self.sheet(section.title, f"{section.team} · {section.owner}", self._notes(section))
        told = fitting(section.qualifier, 4.4, 1)
        sheet.text(
            Box(LEFT, 0.95, 4.6, 1.4),
            [[Run(section.value, 54, bold=True)], [Run(told, hue="ink2")]],
        )
        lines = [
            [Run(f"{text} " if text else "", 20), judged(state, 20)]
            for text, state in section.lines
        ]
        sheet.text(Box(5.2, 1.0, 7.7, 1.45), lines)
        if section.trend_picture is not None:
            for trend, box in zip(
                section.trends,
                (Box(LEFT, 2.7, 4.5, 2.8), Box(LEFT + 4.6, 2.7, 7.8, 2.8)),
                strict=True,
            ):
                add_chart(sheet, box, trend)
                title = Box(box.x + 0.1, 2.38, 2.5, 0.38)
                sheet.text(title, [[Run(trend.title, bold=True)]])
            add_key(sheet, LEFT + 6.6, 2.38, section.trends[1])
        else:
            told = fitting(section.trend_note, TEXT_WIDTH, 4)
            sheet.text(Box(LEFT, 2.7, TEXT_WIDTH, 2), [[Run(told)]])
        width = TEXT_WIDTH / max(len(section.to_date), 1)
        for n, figure in enumerate(section.to_date):
            sheet.text(
                Box(LEFT + n * width, 5.5, width - 0.05, 1.45),
                [
                    [Run(fitting(figure.label, width, 1), hue="ink2")],
                    [Run(figure.value, 24, bold=True)],
                    [judged(figure.note)],
                ],
            )

    def _causes(self, section: KpiSection) -> None:
        sheet = self.sheet("What moved it", section.title, self._notes(section))
        said = "  ".join(section.comments)
        told = [[Run(fitting(section.cause, TEXT_WIDTH, 2))]]
        if said:
            told.append([Run(fitting(f"“{said}”", TEXT_WIDTH, 2), hue="ink2")])
        sheet.text(Box(LEFT, 1.0, TEXT_WIDTH, 1.4), told)
        left, top = LEFT, 2.45 if said else 1.8
        if section.waterfall_room is not None:
            sheet.picture(Box(LEFT, top, 6.9, 6.9 - top), section.waterfall_room)
            left = LEFT + 7.2
        self._segments(sheet, section, left, top)

    @staticmethod
    def _segments(sheet: Sheet, section: KpiSection, left: float, top: float) -> None:
        found = section.segments
        width = LEFT + TEXT_WIDTH - left
        if found.reason is not None:
            sheet.text(Box(left, top, width, 1.5), [[Run(found.reason, hue="ink2")]])
            return
        members, total = found.lines[:-1], found.lines[-1]
        rest = len(members) - MEMBERS
        widths = (width - 3.2, 1.4, 1.8)
        heads = (found.by.capitalize(), found.value, fitting(found.versus, 1.6, 1))
        rows = [[[[Run(head, hue="ink2")]] for head in heads]]
        for line in (*members[:MEMBERS], total):
            name = fitting(line.name, widths[0] - 0.2, 1)
            cells = (name, line.value, line.change)
            rows.append([[[Run(cell, bold=line.is_total)]] for cell in cells])
        sheet.table(Box(left, top, width, 0.44 * len(rows)), widths, rows, right=(1, 2))
        if rest > 0:
            more = f"and {rest} more, which the total holds"
            sheet.text(
                Box(left, top + 0.44 * len(rows) + 0.05, width, 0.4), [[Run(more, hue="ink2")]]
            )

    def _notes(self, section: KpiSection) -> list[str]:
        return [
            f"{section.title} ({section.metric}): {section.definition}",
            section.about,
            section.trend_note,
            *section.comments,
        ]


def _story(story: StoryWords) -> list[list[Run]]:
    width = TEXT_WIDTH - 0.3
    parts = [f"{part}." for part in (story.details, story.cause) if part]
    lines = [
        [Run(story.finding, 26, bold=True), Run(f"   {story.owner}", hue="ink2")],
        [Run(fitting(" ".join(parts), width, 2, 20), 20)],
    ]
    if story.said is not None:
        text, name = story.said
        said = fitting(text, width - 0.15 * len(name), 1)
        lines.append([Run(f"“{said}” {name}", hue="ink2")])
    return lines


def _goal(goal: GoalWords, width: float) -> list[list[Run]]:
    beside = f"  {goal.aim}" if goal.aim else ""
    told = [[judged(goal.line)]]
    if goal.marks:
        told.append([Run(fitting(" · ".join(goal.marks), width, 1), hue="ink2")])
    return [
        [Run(fitting(goal.label, width, 2, 20), 20, bold=True)],
        [
            Run(goal.value, 44 if len(goal.value) < 8 else 34, bold=True),
            Run(beside, 20, hue="ink2"),
        ],
        *told,
    ]


def _row(figure: FigureWords, width: float) -> list[list[list[Run]]]:
    """A row of a team's table: label and what stands beside it, value, change, target."""
    beside = fitting(" · ".join(figure.beside), width, 2, SMALLEST)
    name = [[Run(fitting(figure.label, width, 1, 20), 20, bold=True)]]
    if beside:
        name.append([Run(beside, hue="ink2")])
    aim = [[Run(figure.goal, hue="ink2")]]
    if figure.state.text:
        aim.append([judged(figure.state)])
    return [
        name,
        [[Run(figure.value, 32 if len(figure.value) < 9 else 26, bold=True)]],
        [[judged(figure.change)]],
        aim,
    ]
