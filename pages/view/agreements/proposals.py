"""The form that proposes another version of a definition, filled from what holds now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from data.agreements import Topic
from data.config import CONVERSION_DAYS, FACTS, WEEKDAYS
from metrics.agreements.signing import newest_number, propose_as
from metrics.agreements.standing import Standing
from metrics.agreements.topics import fact_name, mql_content
from metrics.catalog import CATALOG
from pages.view.memory.forms import Read, begin_edit, keep, note_popover, show_kept
from pages.view.request import Request

NEW_PRIORITY = "new"


def show_proposal(standing: Standing, request: Request) -> None:
    """A popover with the form of a topic; what was typed stays where somebody else was first."""
    key = f"agreed-propose-{standing.topic}"
    held = standing.reference
    if held is None:
        return
    fields = _FIELDS[standing.topic](key, held.content)
    fields |= {f"{key}-from": standing.today, f"{key}-reason": ""}
    seen = begin_edit(key, Read(newest_number(standing)), fields)
    with (
        note_popover("Propose a change", key, icon=":material/edit_document:"),
        st.form(f"{key}-form", border=False),
    ):
        _SHOW[standing.topic](key, held.content, request)
        st.date_input("Holds from", key=f"{key}-from")
        st.text_area("Why", key=f"{key}-reason", max_chars=1000, height=80)
        st.form_submit_button(
            "Propose it", on_click=_propose, args=(key, standing, list(fields), seen, request)
        )
    show_kept(key)


def _propose(key: str, standing: Standing, fields: list[str], seen: Read, request: Request) -> None:
    state, topic = st.session_state, standing.topic
    held = standing.reference
    assert held is not None
    content = _READ[topic](key, held.content)
    day, reason, username = state[f"{key}-from"], state[f"{key}-reason"], request.viewer.username
    keep(
        key,
        lambda: propose_as(
            request.config,
            username,
            topic,
            content,
            seen=seen.version,
            holds_from=day,
            reason=reason,
        ),
        fields,
        "Proposed. It holds when both teams have signed it.",
    )


# -- the MQL rule ---------------------------------------------------------------------------------


def _rule_fields(key: str, content: Any) -> dict[str, Any]:
    return {
        f"{key}-score": content["score_at_least"],
        f"{key}-facts": list(content["required_facts"]),
        f"{key}-never": list(content["never_from"]),
        f"{key}-free": list(content["without_score"]),
    }


def _show_rule(key: str, content: Any, request: Request) -> None:
    st.number_input("Score of at least", key=f"{key}-score", value=None, placeholder="any score")
    st.multiselect(
        "Must be known", FACTS, key=f"{key}-facts", format_func=fact_name, placeholder="nothing"
    )
    known = {*content["never_from"], *content["without_score"]}
    channels = sorted(known | {m for m in request.bounds.members["channel"] if m is not None})
    for name, label in (("never", "Never from"), ("free", "No score needed from")):
        st.multiselect(label, channels, key=f"{key}-{name}", placeholder="no channel")


def _read_rule(key: str, content: Any) -> Any:
    state = st.session_state
    names = ("score", "facts", "never", "free")
    return mql_content(*(state[f"{key}-{name}"] for name in names))


# -- the SLA --------------------------------------------------------------------------------------


def _sla_fields(key: str, content: Any) -> dict[str, Any]:
    targets, hours = content["sla"]["response_hours"], content["hours"]
    fields: dict[str, Any] = {f"{key}-in-{name}": float(h) for name, h in targets.items()}
    fields |= {f"{key}-{NEW_PRIORITY}": "", f"{key}-{NEW_PRIORITY}-hours": None}
    return fields | {f"{key}-hours-{name}": value for name, value in hours.items()}


def _show_sla(key: str, content: Any, request: Request) -> None:
    for name in content["sla"]["response_hours"]:
        label = "All others" if name == "default" else name
        st.number_input(f"{label}: first response in hours", key=f"{key}-in-{name}", min_value=0.0)
    left, right = st.columns(2)
    left.text_input("Another priority", key=f"{key}-{NEW_PRIORITY}", max_chars=40)
    right.number_input("in hours", key=f"{key}-{NEW_PRIORITY}-hours", value=None, min_value=0.0)
    st.multiselect("Working days", WEEKDAYS, key=f"{key}-hours-days", format_func=str.capitalize)
    left, right = st.columns(2)
    left.text_input("Opens", key=f"{key}-hours-opens", max_chars=5)
    right.text_input("Closes", key=f"{key}-hours-closes", max_chars=5)
    left.text_input("Time zone (rep: each one's own)", key=f"{key}-hours-timezone", max_chars=60)
    right.text_input("Holidays of", key=f"{key}-hours-holidays", max_chars=10)


def _read_sla(key: str, content: Any) -> Any:
    state = st.session_state
    targets = {name: state[f"{key}-in-{name}"] for name in content["sla"]["response_hours"]}
    added = state[f"{key}-{NEW_PRIORITY}"].strip()
    if added:
        targets[added] = state[f"{key}-{NEW_PRIORITY}-hours"]
    hours = {name: state[f"{key}-hours-{name}"] for name in content["hours"]}
    hours["days"] = [day for day in WEEKDAYS if day in hours["days"]]
    return {"sla": {"response_hours": targets}, "hours": hours}


# -- the windows ----------------------------------------------------------------------------------


def _window_fields(key: str, content: Any) -> dict[str, Any]:
    return {
        f"{key}-{name}": int(content.get(name, CONVERSION_DAYS[name])) for name in CONVERSION_DAYS
    }


def _show_windows(key: str, content: Any, request: Request) -> None:
    for name in CONVERSION_DAYS:
        label = f"{CATALOG[name].label}, days"
        st.number_input(label, key=f"{key}-{name}", min_value=1, max_value=3650, step=1)


def _read_windows(key: str, content: Any) -> Any:
    return {name: st.session_state[f"{key}-{name}"] for name in CONVERSION_DAYS}


_FIELDS: dict[Topic, Callable[[str, Any], dict[str, Any]]] = {
    Topic.MQL: _rule_fields,
    Topic.SLA: _sla_fields,
    Topic.WINDOWS: _window_fields,
}
_SHOW: dict[Topic, Callable[[str, Any, Request], None]] = {
    Topic.MQL: _show_rule,
    Topic.SLA: _show_sla,
    Topic.WINDOWS: _show_windows,
}
_READ: dict[Topic, Callable[[str, Any], Any]] = {
    Topic.MQL: _read_rule,
    Topic.SLA: _read_sla,
    Topic.WINDOWS: _read_windows,
}
