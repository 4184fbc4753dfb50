"""Definitions and their signatures as HTML. Everything from data is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from data.agreements import Side, Version
from metrics.agreements.standing import Standing
from metrics.agreements.topics import TITLES, as_toml, changed_lines, lines_of
from pages.view.html_table import html_table
from pages.view.memory.wording import Wording
from pages.view.memory.wording import escaped as _e

SIDES = {Side.MARKETING: "Marketing", Side.SALES: "Sales"}
FIRST = "as far back as there are data"


def signed_words(standings: Sequence[Standing]) -> str:
    """How many of these topics hold as both teams signed them, for a heading."""
    signed = sum(standing.in_force is not None for standing in standings)
    if signed == len(standings) > 0:
        return "signed by both teams"
    if not signed:
        return "not signed by both teams yet"
    return f"{signed} of {len(standings)} signed by both teams"


def topic_html(standing: Standing, wording: Wording, *, is_projected: bool = False) -> str:
    """What holds of a topic, who signed it, and whether it is what the numbers follow."""
    held, title = standing.reference, f"<h3>{_e(TITLES[standing.topic])}</h3>"
    if held is None:
        return f'{title}<p class="note-none">Not on record yet.</p>'
    return (
        f'<div class="agreed" data-topic="{_e(standing.topic)}">{title}'
        f"{state_html(held, wording)}{list_html(lines_of(standing.topic, held.content))}"
        f"{signatures_html(held, wording)}{_change(standing, held)}"
        f"{'' if is_projected else _to_configure(standing)}</div>"
    )


def state_html(held: Version, wording: Wording) -> str:
    if held.is_signed:
        text = f"✓ Signed by both teams, holds {since(held, wording)}"
    else:
        text = "○ Not signed by both teams yet"
    return f'<p class="agreed-state">{_e(text)}</p>'


def since(version: Version, wording: Wording) -> str:
    """``from 1 Oct 2026``."""
    if version.holds_from is None:
        return FIRST
    return f"from {wording.date(version.holds_from)}"


def list_html(lines: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{_e(line)}</li>' for line in lines)}</ul>"


def signatures_html(version: Version, wording: Wording) -> str:
    """Who signed for each side and when; the newest one, where they signed again."""
    rows = "".join(
        f"<dt>{_e(name)}</dt><dd>{_e(_signed(version, side, wording))}</dd>"
        for side, name in SIDES.items()
    )
    return f'<dl class="agreed-signed">{rows}</dl>'


def _signed(version: Version, side: Side, wording: Wording) -> str:
    signed = version.of(side)
    if not signed:
        return "not signed"
    first, last = signed[0], signed[-1]
    again = "" if first is last else f", again {wording.name(last.by)}, {wording.day(last.at)}"
    return f"{wording.name(first.by)}, {wording.day(first.at)}{again}"


def _change(standing: Standing, held: Version) -> str:
    if not standing.is_changed:
        return ""
    signed = "what is signed" if held.is_signed else "the first version on record"
    lines = changed_lines(standing.topic, held.content, standing.configured)
    return (
        f'<div class="agreed-change"><p><b>§ Unsigned change.</b> The numbers follow the '
        f"configuration, which differs from {signed}:</p>{list_html(lines)}</div>"
    )


def _to_configure(standing: Standing) -> str:
    """Where a signed version holds and the configuration lags behind: what to put into it."""
    held = standing.in_force
    if held is None or not standing.is_changed:
        return ""
    return (
        "<details><summary>What scorecard.toml says when it follows what is signed</summary>"
        f"<pre>{_e(as_toml(standing.topic, held.content)).replace('<br>', chr(10))}</pre></details>"
    )


def proposal_html(standing: Standing, version: Version, wording: Wording) -> str:
    """A version that waits for signatures, or holds later: what it changes, whose it is, why."""
    before = standing.reference
    is_told = standing.is_changed and version.fingerprint == standing.fingerprint
    lines = [] if before is None else changed_lines(standing.topic, before.content, version.content)
    lines = lines or lines_of(standing.topic, version.content)
    said = "" if is_told else list_html(lines)
    waits = "Signed, holds" if version.is_signed else "Waits for signatures, to hold"
    reason = f" “{_e(version.reason)}”" if version.reason else ""
    return (
        f'<div class="agreed-open" data-version="{version.number}">'
        f"<p><b>{_e(waits)} {_e(since(version, wording))}.</b> {_e(_origin(version, wording))}"
        f"{reason}</p>{said}{signatures_html(version, wording)}</div>"
    )


def _origin(version: Version, wording: Wording) -> str:
    if version.proposed_by is None:
        return f"Found in the configuration, {wording.day(version.proposed_at)}."
    return f"Proposed by {wording.name(version.proposed_by)}, {wording.day(version.proposed_at)}."


def history_html(standing: Standing, wording: Wording) -> str:
    """Every version, the newest first."""
    head = ("Holds from", "What it says", "Proposed", "Marketing", "Sales", "State")
    rows = [
        [
            _e(_day(version.holds_from, wording)),
            "<br>".join(_e(line) for line in lines_of(standing.topic, version.content)),
            _e(_origin(version, wording)) + (f" “{_e(version.reason)}”" if version.reason else ""),
            *(_e(_signed(version, side, wording)) for side in Side),
            _e(_state_of(standing, version)),
        ]
        for version in reversed(standing.versions)
    ]
    return (
        f"<details><summary>{_e(TITLES[standing.topic])}: all versions</summary>"
        f"{html_table(head, rows, f'versions-{standing.topic}', style='agreed')}</details>"
    )


def _day(day: date | None, wording: Wording) -> str:
    return "the beginning" if day is None else wording.date(day)


def _state_of(standing: Standing, version: Version) -> str:
    if version.is_withdrawn:
        return "taken back"
    if version == standing.in_force:
        return "holds"
    if version.is_signed:
        return "holds later" if version in standing.coming else "held before"
    return "waits for signatures" if version in standing.open else "never signed"
