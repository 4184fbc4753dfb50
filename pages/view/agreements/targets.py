"""Targets on the Agreements page: what is set for the coming periods, and setting them.

The review bar decides which: its cadence is the grain (a year's are the annual goals), its filter
whose targets they are: the whole company's, or one member's.
"""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from metrics.calendar import Cadence, Period
from metrics.catalog import CATALOG
from metrics.model import Metric, Unit
from metrics.roles import may_edit
from metrics.scorecard import Selection
from metrics.target_setting import (
    TargetLine,
    changes_of_targets,
    set_target_as,
    target_lines,
    targets_ahead,
)
from metrics.targets import member_of
from pages.view.agreements.target_html import ahead_html, changes_html, line_html
from pages.view.memory.forms import Read, begin_edit, keep, note_popover, show_kept
from pages.view.memory.wording import Wording, escaped
from pages.view.request import Request
from pages.view.review_bar import go_to

KEY = "agreed-metric"
# Periods of the overview and of the list, from the one before the view's.
AHEAD, LISTED = 4, 6
GRAINS = {
    Cadence.WEEKLY: "week",
    Cadence.BIWEEKLY: "week",
    Cadence.MONTHLY: "month",
    Cadence.QUARTERLY: "quarter",
    Cadence.YEARLY: "year",
}
NOT_ONE = (
    "Targets are the whole company's or one member's: take the filter away, or choose one member "
    "of one dimension."
)


def show_targets(request: Request) -> None:
    """The overview; when not presenting, the list of one KPI with its forms and history."""
    where = request.question.where
    of = member_of(where) if where else None
    whose = "the whole company" if of is None else f"{of[0].replace('_', ' ')} {of[1]}"
    if where and of is None:
        whose = "under this filter"
    st.html(f'<div class="team"><h2>Targets and goals</h2></div>{_aside(whose, request)}')
    if where and of is None:
        st.html(f'<p class="note-none">{NOT_ONE}</p>')
        return
    periods = _periods(request, AHEAD)
    always = [] if request.view.present else _on_scorecard(request)
    rows = targets_ahead(request.warehouse, always, periods, of)
    overview = ahead_html(rows, periods, request.formats)
    if request.view.present:
        st.html(overview)
        return
    left, right = st.columns((3, 2), gap="large")
    with left:
        st.html(overview)
    with right:
        _show_one(of, request)


def _aside(whose: str, request: Request) -> str:
    words = f"By {GRAINS[request.view.cadence]}, of {whose}. ✎ was set here."
    return f'<p class="note-none">{escaped(words)}</p>'


def _periods(request: Request, count: int) -> list[Period]:
    """Periods of the view's grain, from the one before it."""
    calendar, period = request.bounds.calendar, request.question.period
    if period.cadence is Cadence.BIWEEKLY:
        period = calendar.period_of(period.start, Cadence.WEEKLY)
    return [calendar.step(period, n) for n in range(-1, count - 1)]


def _on_scorecard(request: Request) -> list[Metric]:
    """The KPIs of the scorecard: they stand in the overview with a target or without, but where it
    is projected."""
    chosen = Selection.of(request.config)
    found = [*chosen.goals, *(m for column in chosen.columns.values() for m in column)]
    return list(dict.fromkeys(found))


def _show_one(of: tuple[str, str] | None, request: Request) -> None:
    role = request.viewer.role
    ids = [m.id for m in CATALOG.values() if may_edit(role, m.team)] or list(CATALOG)
    wanted = request.view.metric
    metric = CATALOG[wanted if wanted in CATALOG else "mqls" if "mqls" in ids else ids[0]]
    offered = ids if metric.id in ids else [metric.id, *ids]
    st.session_state[KEY] = metric.id
    st.selectbox(
        "Targets of",
        offered,
        key=KEY,
        format_func=lambda name: CATALOG[name].label,
        on_change=_choose,
        args=(request,),
        width=360,
    )
    wording = Wording(request)
    with st.container(key="agreed-targets", gap=None):
        for line in target_lines(request.warehouse, metric, _periods(request, LISTED), of):
            with st.container(
                horizontal=True,
                vertical_alignment="center",
                key=f"memory-row-target-{line.period.id}",
            ):
                st.html(line_html(line, metric, request.formats, wording))
                if may_edit(role, metric.team):
                    _show_form(line, metric, request)
    changes = changes_of_targets(request.warehouse, metric.id)
    if changes:
        calendar = request.bounds.calendar
        st.html(changes_html(changes, metric, calendar, request.formats, wording))


def _choose(request: Request) -> None:
    go_to(replace(request.view, metric=st.session_state[KEY]), request)


def _show_form(line: TargetLine, metric: Metric, request: Request) -> None:
    key = f"agreed-target-{line.key.id(request.config.company.name)[:16]}"
    value, reason = f"{key}-value", f"{key}-reason"
    shown = None if line.value is None else line.value * _scale(metric)
    seen = begin_edit(key, Read(line.seen), {value: shown, reason: ""})
    with note_popover("Set", key):
        with st.form(f"{key}-form", border=False):
            label = f"{metric.label}, {line.period.label.partition(',')[0]}"
            st.number_input(f"{label}{_unit(metric, request)}", key=value, value=None, step=None)
            st.text_input("Why", key=reason, max_chars=1000)
            st.form_submit_button(
                "Set the target", on_click=_set, args=(key, line, metric, seen, False, request)
            )
        if line.newest is not None and line.newest.value is not None:
            st.button(
                "Let the loaded one hold again",
                key=f"{key}-back",
                on_click=_set,
                args=(key, line, metric, seen, True, request),
            )
    show_kept(key)


def _set(
    key: str, line: TargetLine, metric: Metric, seen: Read, is_back: bool, request: Request
) -> None:
    value, reason = f"{key}-value", f"{key}-reason"
    typed = st.session_state[value]
    words = st.session_state[reason] or ("Taken back" if is_back else "")
    username = request.viewer.username

    def change() -> object:
        number = None if is_back else float("nan") if typed is None else typed / _scale(metric)
        return set_target_as(
            request.warehouse, username, line.key, number, seen=seen.version, reason=words
        )

    keep(key, change, [value, reason], "Set.")


def _scale(metric: Metric) -> float:
    """Shares are typed in percent."""
    return 100.0 if metric.unit is Unit.SHARE else 1.0


def _unit(metric: Metric, request: Request) -> str:
    units = {
        Unit.SHARE: ", in percent",
        Unit.MONEY: f", in {request.config.company.currency}",
        Unit.DAYS: ", in days",
        Unit.HOURS: ", in hours",
    }
    return units.get(metric.unit, "")
