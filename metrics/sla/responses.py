"""Answers by priority and slot, by hour of the week, by rep: three statements over one fact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Integer, Select, case, cast, extract, func, literal, select
from sqlalchemy.types import Double

from data.dialects.functions import local_time
from data.tables import handoff_clock, handoffs
from metrics.calendar import Span
from metrics.engine import cached_rows
from metrics.facts.base import Column, Dimensions
from metrics.facts.handoffs import handed, response_seconds
from metrics.sla.intervals import stands_out
from metrics.sla.model import (
    ENOUGH,
    OVER_SLOT,
    SLOTS_A_TARGET,
    Answerer,
    Answerers,
    HeatCell,
    HeatMap,
    Rate,
    Responses,
    States,
)
from metrics.sla.question import WINDOW_WEEKS, Question

SUMS = ("n", "due", "met", "pending", "overdue")
UNANSWERED_SLOT = -1
# Rows of their own; what is rarer stands together in the last.
SHOWN_PRIORITIES = 4
# How wide a cell of the heat map may be, in hours, narrowest first.
WIDTHS = (1, 2, 3, 4, 6)
ASSIGNED = "'s team"


def _counted(question: Question, span: Span, members: dict[str, Any]) -> Select:
    """Handoffs of a span by ``members`` (name → column, or how to find one in ``Dimensions``),
    with the sums of the fact's own measures ``SUMS``."""
    fact = handed(question.context)
    dimensions, conditions = question.filtered(fact)
    columns = {
        name: column(dimensions) if callable(column) else column for name, column in members.items()
    }
    flags = {name: fact.measures[name].columns(name)[name] for name in SUMS}
    rows = (
        select(*(column.label(name) for name, column in (columns | flags).items()))
        .select_from(dimensions.source)
        .where(*conditions, question.within(handoffs.c.handed_at, span))
        .subquery("handed")
    )
    kept = [rows.c[name] for name in members]
    return select(*kept, *(func.sum(rows.c[name]).label(name) for name in SUMS)).group_by(*kept)


def _rows(question: Question, statement: Select) -> list[dict[str, Any]]:
    """The rows with sums as int, whatever the engine makes of them."""
    found = cached_rows(question.warehouse, statement)
    return [row | {name: int(row[name]) for name in SUMS} for row in found]


def _states(rows: Iterable[dict[str, Any]]) -> States:
    met = late = unanswered = pending = 0
    for row in rows:
        met += row["met"]
        late += row["due"] - row["met"] - row["overdue"]
        unanswered += row["overdue"]
        pending += row["pending"]
    return States(met, late, unanswered, pending)


# -- by priority ------------------------------------------------------------------------------


def _slot(question: Question) -> Column:
    """Response ÷ target of a due handoff in eighths, rounded up: exactly in time is slot 7.

    ``UNANSWERED_SLOT`` past due without an answer, NULL while pending.
    """
    c = handoff_clock.c
    seconds = response_seconds(question.as_of)
    eighths = func.ceil(cast(seconds * SLOTS_A_TARGET, Double) / cast(c.target_seconds, Double))
    slot = cast(eighths, Integer) - 1
    within = case((slot < 0, 0), (slot > OVER_SLOT, OVER_SLOT), else_=slot)
    return case(
        (c.due_at > question.as_of, None),
        (seconds.is_(None), UNANSWERED_SLOT),
        else_=within,
    )


def responses_statement(question: Question) -> Select:
    """One row a priority, slot and "in the period or only in the window"."""
    in_period = question.within(handoffs.c.handed_at, question.view.period.span)
    return _counted(
        question,
        question.last_weeks(WINDOW_WEEKS),
        {
            "priority": handoffs.c.priority,
            "in_period": case((in_period, 1), else_=0),
            "slot": _slot(question),
        },
    )


def responses(question: Question) -> tuple[States, tuple[Responses, ...]]:
    """(the period's states, every priority over the window, the tightest target first).

    Raises ``UnsupportedDimension`` for a filter that handoffs do not know.
    """
    rows = _rows(question, responses_statement(question))
    by_priority: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_priority[row["priority"]].append(row)
    target = question.warehouse.config.sla.target_hours
    usual = sorted(by_priority, key=lambda p: (-_size(by_priority[p]), p is None, p or ""))
    cut = SHOWN_PRIORITIES if len(usual) > SHOWN_PRIORITIES + 1 else len(usual)
    shown = sorted(usual[:cut], key=lambda p: (target(p), p is None, p or ""))
    found = [_responses(p, target(p), by_priority[p]) for p in shown]
    if rest := usual[cut:]:
        together = [row for priority in rest for row in by_priority[priority]]
        found.append(_responses(None, None, together, len(rest)))
    return _states(row for row in rows if row["in_period"]), tuple(found)


def _size(rows: Iterable[dict[str, Any]]) -> int:
    return sum(row["n"] for row in rows)


def _responses(
    priority: str | None, hours: float | None, rows: Sequence[dict[str, Any]], priorities: int = 1
) -> Responses:
    slots = [0] * (OVER_SLOT + 1)
    for row in rows:
        if row["slot"] is not None and row["slot"] != UNANSWERED_SLOT:
            slots[row["slot"]] += row["n"]
    in_period = _states(row for row in rows if row["in_period"])
    return Responses(priority, hours, _states(rows), in_period, tuple(slots), priorities)


# -- by hour of the week ----------------------------------------------------------------------


def hours_statement(question: Question) -> Select:
    """One row a weekday (1 = Monday) and hour of the handoff, in company time."""
    zone = question.warehouse.config.company.timezone
    local = local_time(handoffs.c.handed_at, literal(zone))
    return _counted(
        question,
        question.last_weeks(WINDOW_WEEKS),
        {
            "weekday": cast(extract("isodow", local), Integer),
            "hour": cast(extract("hour", local), Integer),
        },
    )


def heat_map(question: Question) -> HeatMap:
    """Late share by weekday and hour; raises ``UnsupportedDimension``."""
    hourly = {
        (row["weekday"], row["hour"]): Rate(row["due"] - row["met"], row["due"])
        for row in _rows(question, hours_statement(question))
        if row["due"]
    }
    width = _width(hourly)
    cells = tuple(
        HeatCell(weekday, hour, rate) for (weekday, hour), rate in sorted(_wide(hourly, width))
    )
    overall = sum((cell.late for cell in cells), Rate(0, 0))
    return HeatMap(width, cells, overall, _worst(cells, overall))


def _wide(
    hourly: dict[tuple[int, int], Rate], width: int
) -> Iterable[tuple[tuple[int, int], Rate]]:
    """The hours in cells of ``width``, counted from midnight."""
    found: dict[tuple[int, int], Rate] = defaultdict(lambda: Rate(0, 0))
    for (weekday, hour), rate in hourly.items():
        found[weekday, hour // width * width] += rate
    return found.items()


def _width(hourly: dict[tuple[int, int], Rate]) -> int:
    """The narrowest cells of which most handoffs lie in one with enough of them."""
    total = sum(rate.total for rate in hourly.values())
    for width in WIDTHS:
        enough = sum(rate.total for _, rate in _wide(hourly, width) if rate.total >= ENOUGH)
        if 2 * enough >= total:
            return width
    return WIDTHS[-1]


def _worst(cells: Sequence[HeatCell], overall: Rate) -> HeatCell | None:
    """The cell with the largest late share among those that chance does not explain."""
    judged = [cell for cell in cells if not cell.is_small]
    out = [c for c in judged if stands_out(c.late, overall.share, len(judged)) > 0]
    return max(out, key=lambda cell: (cell.late.share or 0.0, cell.late.total), default=None)


# -- by rep -----------------------------------------------------------------------------------


def reps_statement(question: Question) -> Select:
    """One row a rep, with name, team and manager."""

    def rep(name: str) -> Any:
        return lambda dimensions: dimensions.linked("rep", name)

    def rep_id(dimensions: Dimensions) -> Any:
        return dimensions.column("rep")

    return _counted(
        question,
        question.last_weeks(WINDOW_WEEKS),
        {"rep": rep_id, "name": rep("name"), "team": rep("team"), "manager": rep("manager")},
    )


def team_label(manager: str | None, team: str | None) -> str | None:
    """A team goes by its manager, else by the name of its function; None for nobody's."""
    return f"{manager}{ASSIGNED}" if manager is not None else team and team.capitalize()


def answerers(question: Question) -> Answerers:
    """Adherence by team and by rep, by name; raises ``UnsupportedDimension``."""
    rows = _rows(question, reps_statement(question))
    reps = [
        Answerer(
            row["name"] if row["name"] is not None else row["rep"],
            team_label(row["manager"], row["team"]),
            Rate(row["met"], row["due"]),
            row["pending"],
        )
        for row in rows
    ]
    overall = sum((rep.met for rep in reps), Rate(0, 0))
    by_team: dict[str | None, list[Answerer]] = defaultdict(list)
    for rep in reps:
        by_team[rep.team].append(rep)
    teams = [
        Answerer(
            name,
            name,
            sum((rep.met for rep in members), Rate(0, 0)),
            sum(rep.pending for rep in members),
        )
        for name, members in by_team.items()
    ]
    return Answerers(overall, _judged(teams, overall), _judged(reps, overall))


def _judged(rows: Sequence[Answerer], overall: Rate) -> tuple[Answerer, ...]:
    """By team and name, never by figure: a ranking of small numbers is a ranking of noise."""
    ordered = sorted(
        rows, key=lambda r: (r.team is None, r.team or "", r.name is None, r.name or "")
    )
    judged = sum(1 for row in ordered if row.met.total)
    return tuple(
        Answerer(
            row.name,
            row.team,
            row.met,
            row.pending,
            stands_out(row.met, overall.share, judged) if judged > 1 else 0,
        )
        for row in ordered
    )
