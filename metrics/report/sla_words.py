"""The SLA page's sentences and names, free of any markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from metrics.model import Unit
from metrics.report.format import UNDEFINED, Formats
from metrics.report.words import member_words
from metrics.scorecard import Tile
from metrics.sla.model import (
    Answerers,
    Cost,
    CostRow,
    Effort,
    QueueSummary,
    Rate,
    ReasonRow,
    SegmentRow,
)

MOST_SEGMENTS = 4
STATE_WORDS = {
    "met": "in time",
    "late": "late",
    "unanswered": "past due, unanswered",
    "pending": "not yet due",
}
STANDING = {-1: "✕ below the rest", 1: "▲ above the rest", 0: ""}


def share_words(rate: Rate, formats: Formats) -> str:
    return UNDEFINED if rate.share is None else formats.value(rate.share, Unit.SHARE)


def interval_words(rate: Rate) -> str:
    if rate.interval is None:
        return ""
    low, high = rate.interval
    return f"{low * 100:.0f}–{high * 100:.0f}%"


def _rest(rows: Sequence[SegmentRow]) -> SegmentRow:
    """The smaller ones together; a target only where each has one."""
    known = [row.complete for row in rows if row.complete is not None]
    targets = [row.target for row in rows if row.target is not None]
    return SegmentRow(
        "others",
        sum(row.delivered for row in rows),
        sum(known, Rate(0, 0)) if len(known) == len(rows) else None,
        sum(targets) if len(targets) == len(rows) else None,
    )


def segment_words(row: SegmentRow, formats: Formats) -> str:
    """After the count: `` of 45 AMER (81% complete)``."""
    aim = "" if row.target is None else f" of {formats.plain(round(row.target, 1))}"
    share = None if row.complete is None else row.complete.share
    complete = "" if share is None else f" ({share * 100:.0f}% complete)"
    return f"{aim} {member_words(row.segment)}{complete}"


def row_name(row: ReasonRow) -> str:
    """A member, or how many share the row."""
    return f"{row.members} others" if row.members > 1 else member_words(row.member)


def answerers_words(found: Answerers, formats: Formats) -> str:
    """Who stands out, or that nobody does; what the marks say."""
    share = found.overall.share
    if share is None:
        return "No handoff was due."
    return (
        f"The line is all: {formats.value(share, Unit.SHARE)} of "
        f"{formats.plain(found.overall.total)} in time. ○ fewer than 30, too few to judge. "
        "Marked is only who differs by more than chance among so many rows."
    )


def reason_words(reason: str | None) -> str:
    return "no reason given" if reason is None else reason.replace("_", " ")


def difference_words(row: CostRow, formats: Formats) -> str:
    """``+5.1 pp (−1.5 to +9.4)``."""
    if row.difference is None or row.low is None or row.high is None:
        return UNDEFINED
    first, last = (
        formats.difference(v, Unit.SHARE).removesuffix(" pp") for v in (row.low, row.high)
    )
    return f"{formats.difference(row.difference, Unit.SHARE)} ({first} to {last})"


def cost_words(found: Cost, label: str, formats: Formats) -> str:
    """What the table says in one sentence, and what it does not."""
    row = found.total
    left_out = []
    if found.maturing:
        left_out.append(f"{formats.plain(found.maturing)} still have time left")
    if found.already:
        left_out.append(f"{formats.plain(found.already)} were SQL before")
    aside = f" Left out: {', '.join(left_out)}." if left_out else ""
    if row.difference is None or row.low is None or row.high is None:
        return f"Nothing to compare in the {label}: one side has no lead.{aside}"
    if row.low <= 0 <= row.high:
        finding = "The difference may be chance: its interval holds 0."
    elif row.difference > 0:
        finding = "Leads answered in time became SQL more often, by more than chance."
    else:
        finding = "Leads answered late became SQL more often, by more than chance."
    return (
        f"{finding} It is no proof of cause: promising leads may be answered first, and "
        f"priorities differ, so compare within each.{aside}"
    )


def kept_segments(rows: Sequence[SegmentRow]) -> list[SegmentRow]:
    """The largest by themselves, the smaller ones together."""
    if len(rows) <= MOST_SEGMENTS:
        return [*rows]
    return [*rows[: MOST_SEGMENTS - 1], _rest(rows[MOST_SEGMENTS - 1 :])]


def committed(tiles: Sequence[Tile], formats: Formats) -> str:
    """What marketing has promised for the period, where it has a number."""
    promised = tiles[0].denominator
    if not promised:
        return "no target of MQLs set"
    return f"{formats.plain(round(promised, 1))} complete MQLs promised"


def promised(tiles: Sequence[Tile], hours: Mapping[str, float], formats: Formats) -> str:
    """``P1 in 1 h, P2 in 4 h, others in 24 h; 95% in time``; ``hours`` by priority."""
    told = [
        f"{'others' if name == 'default' else name} in {formats.target(h, Unit.HOURS)}"
        for name, h in sorted(hours.items(), key=lambda pair: (pair[0] == "default", pair[1]))
    ]
    target = tiles[0].target
    if target is not None:
        told[-1] += f"; {formats.target(target.value, Unit.SHARE)} in time"
    return ", ".join(told)


def effort_words(one: Effort, formats: Formats) -> str:
    """What stands behind a share of effort: "12 of 300, ◔ 4 still followed: …"."""
    row = one.row
    counted = row.reason or "nothing to divide by"
    if row.numerator is not None and row.denominator:
        counted = f"{formats.plain(row.numerator)} of {formats.plain(row.denominator)}"
    open_ = f", ◔ {formats.plain(row.maturing)} still followed" if row.maturing else ""
    return f"{counted}{open_}: {one.metric.formula}"


def waiting_words(summary: QueueSummary, formats: Formats) -> str:
    """``14 overdue · 5 due soon · 26 more not yet due``."""
    plain = formats.plain
    return (
        f"{plain(summary.overdue)} overdue · {plain(summary.due_soon)} due soon · "
        f"{plain(summary.waiting)} more not yet due"
    )
