"""What is usual for a KPI and since when, how its definition changed, and recording a change.

Everybody reads the history; the form stands for those whose role may use it, and the action
checks the role anew.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import streamlit as st
from babel.dates import format_date

from data.errors import ConfigError, ScorecardError, StateError
from metrics.charting import how_charted
from metrics.definitions import Difference, Version, definition_history
from metrics.kpi import Kpi
from metrics.model import Metric
from metrics.rebasing import LockedBaseline, baseline_history, rebase_as, rebase_choices
from metrics.roles import may_edit
from metrics.usual import PERIOD_NAMES, TOO_LONG
from pages.view.parts import redraw_page
from pages.view.request import Request

_TOLD = "kpi-rebase-told"


@dataclass(frozen=True)
class _Told:
    """How a re-base ended, for the KPI that it was asked for."""

    metric: str
    text: str
    is_error: bool = False


def show_history(kpi: Kpi, request: Request) -> None:
    """The baselines and the definition's versions; below them the form, for who may use it."""
    st.html(history_html(kpi, request))
    told = st.session_state.pop(_TOLD, None)
    if told is not None and told.metric == kpi.metric.id:
        tag = "bad" if told.is_error else "told"
        st.html(f'<p class="chart-note {tag}" role="status">{_e(told.text)}</p>')
    if may_edit(request.viewer.role, kpi.metric.team) and request.view.as_of is None:
        _show_form(kpi, request)


def _e(text: object) -> str:
    return html.escape(str(text))


# -- reading ----------------------------------------------------------------------------------


def history_html(kpi: Kpi, request: Request) -> str:
    """Two lists in words; where the state database does not answer, that."""
    try:
        usual = _baselines(kpi, request)
        versions = definition_history(request.config, kpi.metric)
    except (StateError, ConfigError):
        return (
            '<section class="definition history"><div class="part-head"><h3>History</h3></div>'
            '<p class="chart-note">The state database, which keeps it, does not answer.</p>'
            "</section>"
        )
    return (
        '<section class="definition history"><div class="part-head"><h3>History</h3></div><dl>'
        f"<dt>Usual range</dt><dd>{usual}</dd>"
        f"<dt>Definition</dt><dd>{_versions(versions, request)}</dd></dl></section>"
    )


def _baselines(kpi: Kpi, request: Request) -> str:
    if how_charted(kpi.metric, kpi.period, request.bounds.calendar) is None:
        return _e(TOO_LONG[:1].upper() + TOO_LONG[1:] + ".")
    question = request.question
    found = baseline_history(request.warehouse, kpi.metric, question.cadence, question.where)
    if not found:
        told = kpi.tile.baseline or "no baseline is locked yet"
        return _e(f"{told[:1].upper()}{told[1:]}.")
    return "".join(f"<p>{_e(_baseline_words(one, n, request))}</p>" for n, one in enumerate(found))


def _baseline_words(one: LockedBaseline, age: int, request: Request) -> str:
    """``Since 22 Nov 2026: 2026-W23 to 2026-W46, 24 weeks. “New scoring model”, Ada Admin.``"""
    day = _day(one.locked_at, request)
    text = f"{'Since' if age == 0 else 'Before, from'} {day}: {one.first} to {one.last}"
    text += f", {one.count} {PERIOD_NAMES[request.question.cadence][1]}."
    if one.reason is not None:
        text += f" “{one.reason}”"
        text += f", {one.locked_by}." if one.locked_by else "."
    return text


def _versions(versions: Sequence[Version], request: Request) -> str:
    first = versions[-1]
    if len(versions) == 1:
        return _e(f"Unchanged since it was first recorded, {_day(first.since, request)}.")
    lines = [
        f"<p>{_e(f'Since {_day(version.since, request)}; before: ')}"
        f"{_e('; '.join(_difference(one) for one in version.differences))}.</p>"
        for version in versions[:-1]
    ]
    return "".join([*lines, f"<p>{_e(f'First recorded {_day(first.since, request)}.')}</p>"])


def _difference(one: Difference) -> str:
    if one.before is None:
        return f"no {one.part} (now “{one.now}”)"
    if one.now is None:
        return f"{one.part} “{one.before}” (now none)"
    return f"{one.part} “{one.before}” (now “{one.now}”)"


def _day(moment: datetime, request: Request) -> str:
    local = request.bounds.calendar.local(moment)
    return format_date(local.date(), "d MMM yyyy", locale=request.config.company.locale)


# -- recording a change -----------------------------------------------------------------------


def _show_form(kpi: Kpi, request: Request) -> None:
    metric, question = kpi.metric, request.question
    one, many = PERIOD_NAMES[question.cadence]
    with st.expander("Record a change of process", key="kpi-rebase"):
        offered = rebase_choices(request.warehouse, metric, question.cadence, question.where)
        if not offered:
            st.html(f'<p class="chart-note">No {one} has enough complete {many} after it yet.</p>')
            return
        where = ", under these filters," if question.where else ""
        st.html(
            f'<p class="chart-note">What is usual by the {one}{where} is then judged by the {many} '
            "since the change. The old range stays in the history.</p>"
        )
        labels = {period.id: period.label for period in offered}
        key = f"kpi-rebase-{metric.id}-{question.cadence.value}"
        with st.form(key, border=False):
            st.selectbox(
                f"First {one} of the new process",
                list(labels),
                format_func=labels.__getitem__,
                key=f"{key}-since",
            )
            st.text_input(
                "What changed", max_chars=300, key=f"{key}-reason", placeholder="New scoring model"
            )
            st.form_submit_button(
                "Start a new baseline", on_click=_record, args=(metric, key, request)
            )


def _record(metric: Metric, key: str, request: Request) -> None:
    """Runs before the page is drawn anew, so that it shows what then holds."""
    state, question = st.session_state, request.question
    try:
        since = request.bounds.calendar.parse_period(state[f"{key}-since"], question.cadence)
        held = rebase_as(
            request.warehouse,
            request.viewer.username,
            metric.id,
            since,
            reason=state[f"{key}-reason"],
            where=question.where,
        )
    except ScorecardError as error:
        state[_TOLD] = _Told(metric.id, str(error), is_error=True)
        return
    state[f"{key}-reason"] = ""
    redraw_page()
    state[_TOLD] = _Told(
        metric.id, f"Recorded. What is usual is now taken from {held.first} to {held.last}."
    )
