"""Targets as HTML. Everything from data is escaped here."""

from __future__ import annotations

from collections.abc import Sequence

from data.set_targets import SetVersion
from metrics.calendar import GRAINS, Calendar, Period
from metrics.model import Metric
from metrics.report.format import Formats
from metrics.target_setting import Ahead, TargetLine
from pages.view.html_table import html_table
from pages.view.memory.wording import Wording
from pages.view.memory.wording import escaped as _e


def ahead_html(rows: Sequence[Ahead], periods: Sequence[Period], formats: Formats) -> str:
    """Every KPI with its targets, a column a period."""
    head = ("KPI", *(_short(period) for period in periods))
    cells = [
        [
            _e(row.metric.label),
            *(
                f"{_e(_value(value, row.metric, formats))}{' ✎' if here else ''}"
                for value, here in zip(row.values, row.is_set_here, strict=True)
            ),
        ]
        for row in rows
    ]
    return html_table(head, cells, "targets-ahead", style="agreed")


def _short(period: Period) -> str:
    year = str(period.start.year)
    return period.short if period.short.endswith(year) else f"{period.short} {year}"


def _value(value: float | None, metric: Metric, formats: Formats) -> str:
    return "–" if value is None else formats.target(value, metric.unit)


def line_html(line: TargetLine, metric: Metric, formats: Formats, wording: Wording) -> str:
    """One period's target: what holds, who set it and why, and what was loaded."""
    newest = line.newest
    told = "not set" if line.value is None else "as loaded"
    if newest is not None:
        who = f"{wording.name(newest.set_by)}, {wording.day(newest.set_at)}: “{newest.reason}”"
        told = f"set by {who}" if newest.value is not None else f"as loaded again, {who}"
    before = [one.value for one in line.versions[:-1]]
    old = [line.loaded, *before] if newest is not None else []
    was = [_value(value, metric, formats) for value in dict.fromkeys(old) if value != line.value]
    was = [text for text in was if text != "–"]
    earlier = f" <s>{_e(', '.join(was))}</s>" if was else ""
    return (
        f'<div class="note" data-target="{_e(line.period.id)}"><p><b>'
        f"{_e(line.period.label.partition(',')[0])}: {_e(_value(line.value, metric, formats))}</b>"
        f'{earlier} <span class="by">{_e(told)}</span></p></div>'
    )


def changes_html(
    changes: Sequence[SetVersion],
    metric: Metric,
    calendar: Calendar,
    formats: Formats,
    wording: Wording,
) -> str:
    """Every setting of a KPI's targets, the newest first, whomever they are of."""
    head = ("When", "Target of", "Set to", "By", "Why")
    rows = [
        [
            _e(wording.day(one.set_at)),
            _e(_what(one, calendar)),
            _e("as loaded" if one.value is None else _value(one.value, metric, formats)),
            _e(wording.name(one.set_by)),
            _e(one.reason),
        ]
        for one in changes
    ]
    return (
        "<details><summary>Every change of these targets</summary>"
        f"{html_table(head, rows, 'target-changes', style='agreed')}</details>"
    )


def _what(one: SetVersion, calendar: Calendar) -> str:
    period = calendar.period_of(one.key.period_start, GRAINS[one.key.grain])
    of = "" if one.key.dimension is None else f", {one.key.dimension} {one.key.member}"
    return f"{period.label.partition(',')[0]}{of}"
