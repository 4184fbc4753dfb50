"""Where systems show one lead differently: its stage, whether it is there, who owns it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from metrics.facts.stages import stage_label
from metrics.lead import Event, LeadStory

# Fields of lead_changes that say who or what a lead is, by their name on the page.
FIELDS = {
    "owner_id": "Owner",
    "channel": "Source",
    "account_id": "Company",
    "email": "E-mail",
    "region": "Region",
    "segment": "Segment",
}
NOTHING = "(none)"


class Difference(NamedTuple):
    """``what`` as each system has it: pairs of a system's name and its value in words."""

    what: str
    said: tuple[tuple[str, str], ...]


def differences(story: LeadStory) -> list[Difference]:
    """Everything on which the systems differ as of the story's moment; first the stage."""
    found = [_stages(story.systems)] if story.systems else []
    found += [_field(name, label, story.events) for name, label in FIELDS.items()]
    return [one for one in found if len({value for _, value in one.said}) > 1]


def _stages(records: Iterable[dict[str, Any]]) -> Difference:
    """Of each side the newest record that is there; else what became of the newest."""
    newest: dict[str, dict[str, Any]] = {}
    for record in records:
        rank = (record["status"] == "active", record["counted_at"])
        best = newest.get(record["system"])
        if best is None or rank > (best["status"] == "active", best["counted_at"]):
            newest[record["system"]] = record
    said = []
    for side in ("marketing", "sales"):
        state = _state(newest[side]) if side in newest else "has no record"
        said.append((side, state))
    return Difference("Stage", tuple(said))


def _state(record: dict[str, Any]) -> str:
    stage = stage_label(record["stage"])
    return stage if record["status"] == "active" else f"{stage}, {record['status']}"


def _field(name: str, label: str, events: Iterable[Event]) -> Difference:
    """What each system last set a field to; one that never set it says nothing of it."""
    last: dict[str, str] = {}
    for event in events:  # newest first
        if event.kind == "change" and event.what == name and event.channel is not None:
            last.setdefault(event.channel, event.detail or NOTHING)
    return Difference(label, tuple(sorted(last.items())))
