"""What a review's own page shows as sections to write: wins, actions, decisions, disputes, what
was said of the numbers, and what changed since the last one."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from data.warehouse import Warehouse
from metrics.calendar import Calendar
from metrics.catalog import CATALOG
from metrics.errors import RoleError
from metrics.memory.commentary import comments_by_metric, line_of
from metrics.memory.disputes import label_of, open_disputes
from metrics.memory.resolutions import actions_carried, decisions_of, today
from metrics.model import Unit
from metrics.report import wins_words
from metrics.report.cells import Cell, Table, difference_form
from metrics.report.format import Formats
from metrics.report.note_words import NoteWords
from metrics.report.page_section import PageSection, Part, lacking, plain
from metrics.report.split_words import (
    SPLIT_RULE,
    capital,
    causes_of,
    changed_words,
    unchanged_words,
)
from metrics.report.view_words import filter_words
from metrics.review.changes import Changed, what_changed
from metrics.review.meetings import Meeting, last_closed
from metrics.review.snapshot import read_snapshot
from metrics.review.wins import Wins, joint_wins
from metrics.view import View

PATH = "review"
NO_REVIEW_YET = "No review has been closed yet."


def memory_section(
    name: str, warehouse: Warehouse, view: View, meeting: Meeting | None, formats: Formats
) -> PageSection:
    """A section of the review page by its name: wins, actions, decisions, disputes, comments or
    changes. Raises ``WarehouseError`` or ``StateError`` when a database does not answer."""
    return _BUILDERS[name](warehouse, view, meeting, formats)


def _words(warehouse: Warehouse, formats: Formats) -> NoteWords:
    return NoteWords(Calendar(warehouse.config), formats.locale)


def _section(title: str, beside: str, *parts: Part) -> PageSection:
    return PageSection(PATH, title, beside, parts)


# -- joint wins -----------------------------------------------------------------------------------


def _wins(
    warehouse: Warehouse, view: View, _meeting: Meeting | None, formats: Formats
) -> PageSection:
    return wins_section(joint_wins(warehouse, view), warehouse.config.company.zone, formats)


def wins_section(wins: Wins, zone: ZoneInfo, formats: Formats) -> PageSection:
    """Joint wins that are there already."""
    title, aside = wins_words.TITLE, wins_words.aside(wins)
    if none := wins_words.none_words(wins):
        return _section(title, wins.period_label, Part("wins", title, aside, (plain(none),)))
    rows = tuple(
        (
            Cell(wins_words.name(win)),
            Cell(
                formats.value(wins_words.amount(win), Unit.MONEY),
                wins_words.amount(win),
                Unit.MONEY,
            ),
            Cell(wins_words.day(win.won_at, zone, formats.locale)),
        )
        for win in wins.deals
    )
    table = Table(title, ("Account", "Amount", "Won"), rows)
    told = wins_words.total_words(wins, formats)
    part = Part("wins", title, aside, table=table, notes=(told,))
    return _section(title, wins.period_label, part)


# -- decisions and actions ------------------------------------------------------------------------


def _actions(
    warehouse: Warehouse, _view: View, meeting: Meeting | None, formats: Formats
) -> PageSection:
    title, config = "Last actions", warehouse.config
    found = actions_carried(config, review_id=None if meeting is None else meeting.id)
    wording, day = _words(warehouse, formats), today(config)
    if not found:
        return _section(title, "", lacking("actions", title, "No action is open."))
    rows = []
    for one in found:
        told, more = wording.action_state(one, day)
        glue = "" if not told.text or more.startswith(":") else ", "
        rows.append(
            (Cell(one.words), Cell(wording.name(one.owner)), Cell(f"{told.text}{glue}{more}"))
        )
    table = Table("Actions", ("What", "Who", "By when"), tuple(rows))
    still = sum(one.is_open for one in found)
    late = sum(one.is_overdue(day) for one in found)
    aside = f"{still} open" + (f", {late} overdue" if late else "")
    return _section(title, aside, Part("actions", title, aside, table=table))


def _decisions(
    warehouse: Warehouse, _view: View, meeting: Meeting | None, formats: Formats
) -> PageSection:
    title = "Decisions"
    found = decisions_of(warehouse.config, None if meeting is None else meeting.id)
    wording = _words(warehouse, formats)
    if not found:
        return _section(title, "", lacking("decisions", title, "Nothing decided yet."))
    rows = []
    for one in found:
        by = wording.byline(one.begun_by, one.begun_at, one.written_by, one.written_at, one.version)
        text = f"Withdrawn ({one.reason or ''}): {one.words}" if one.is_withdrawn else one.words
        rows.append((Cell(text), Cell(by)))
    table = Table(title, ("What was decided", "By whom"), tuple(rows))
    return _section(title, "", Part("decisions", title, table=table))


# -- disputes, comments ---------------------------------------------------------------------------


def _disputes(
    warehouse: Warehouse, _view: View, _meeting: Meeting | None, formats: Formats
) -> PageSection:
    title = "Open disputes"
    found, wording = open_disputes(warehouse), _words(warehouse, formats)
    if not found:
        return _section(title, "", lacking("disputes", title, "No number is disputed."))
    rows = tuple(
        (
            Cell(label_of(one)),
            # Single people are not projected.
            Cell(filter_words(one.shown.where, shows_people=False)),
            Cell(wording.period(one.shown.period)),
            Cell(one.shown.words),
            Cell(f"“{one.reason}”"),
            Cell(f"{wording.name(one.raised_by)}, {wording.day(one.raised_at)}"),
        )
        for one in found
    )
    table = Table(title, ("KPI", "Of", "Period", "Shown", "What is wrong", "Raised"), rows)
    return _section(title, f"{len(found)} open", Part("disputes", title, table=table))


def _comments(
    warehouse: Warehouse, view: View, _meeting: Meeting | None, formats: Formats
) -> PageSection:
    title, wording = "What was said", _words(warehouse, formats)
    rows = tuple(
        (
            Cell(CATALOG[metric].label if metric in CATALOG else metric),
            Cell(line_of(one)),
            Cell(f"{wording.name(one.written_by)}, {wording.day(one.written_at)}"),
        )
        for metric, found in comments_by_metric(warehouse, view).items()
        for one in found
    )
    if not rows:
        return _section(title, "", lacking("comments", title, "Nobody has commented on a KPI."))
    table = Table("Comments", ("KPI", "What happened, what we do", "By whom"), rows)
    return _section(title, view.period.label, Part("comments", title, table=table))


# -- what changed since ---------------------------------------------------------------------------


def _changes(
    warehouse: Warehouse, _view: View, meeting: Meeting | None, formats: Formats
) -> PageSection:
    title = "What changed since"
    last = last_closed(meeting)
    if last is None:
        return _section(title, "", lacking("changes", title, NO_REVIEW_YET))
    name = last.name
    try:
        snapshot = read_snapshot(last.id, warehouse.scope)
    except RoleError as error:
        return _section(title, name, lacking("changes", title, str(error)))
    if snapshot is None:
        return _section(title, name, lacking("changes", title, NO_REVIEW_YET))
    found = what_changed(warehouse, snapshot)
    told = unchanged_words(found)
    if not found.changed:
        return _section(title, name, Part("changes", title, name, (plain(told),)))
    causes = causes_of(found)

    def row(one: Changed) -> tuple[Cell, ...]:
        row = changed_words(one, causes, formats)
        unit = one.figure.unit
        change = None if one.change is None else float(one.change)
        return (
            Cell(row.label),
            Cell(row.days),
            Cell(row.then, one.figure.value, unit),
            Cell(row.now, one.now, unit),
            Cell(row.change, change, difference_form(unit)),
            *(Cell(text) for text in row.parts),
            Cell(row.notes),
        )

    heads = ("Figure", "Days", "Then", "Now", "Change", *map(capital, causes), "Note")
    table = Table("Changes", heads, tuple(map(row, found.changed)))
    return _section(
        title,
        name,
        Part("changes", title, name, (plain(told),), table=table, notes=(SPLIT_RULE,)),
    )


Builder = Callable[[Warehouse, View, Meeting | None, Formats], PageSection]
_BUILDERS: dict[str, Builder] = {
    "wins": _wins,
    "actions": _actions,
    "decisions": _decisions,
    "disputes": _disputes,
    "comments": _comments,
    "changes": _changes,
}
