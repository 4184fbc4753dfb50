"""A KPI's page as HTML: header, figures to date, segments, definition. All data are escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import replace

from metrics.drivers import ADDITIVE
from metrics.kpi import Compared, Kpi, Segment
from metrics.model import Direction, Kind, Metric, Status, Unit
from metrics.report import words
from metrics.report.format import UNDEFINED, Formats
from metrics.report.six_twelve import OPEN
from metrics.report.words import Judgement, Words, member_words
from metrics.scorecard import Signal, Tile

TEAMS = {"marketing": "Marketing", "shared": "Shared", "sales": "Sales"}
STATES = {Status.PARTIAL: "◐ to date", Status.MATURING: "◔ maturing", Status.NO_DATA: "no data"}


def _e(text: object) -> str:
    return html.escape(str(text))


def _judged(part: Words) -> str:
    tag = "" if part.judgement is Judgement.NONE else f" {part.judgement}"
    return f'<span class="word{tag}">{_e(part.text)}</span>'


# -- header -----------------------------------------------------------------------------------


def header_html(kpi: Kpi, formats: Formats) -> str:
    """Name, figure, change and target; to the right what it is."""
    tile, metric = kpi.tile, kpi.metric
    goal, state = words.target_words(tile, formats)
    change = words.change_line(tile, formats)
    lines = [f"<p>{_e(change)}</p>" if change else ""]
    lines.append(f"<p>{_e(goal)} {_judged(state)}</p>")
    if tile.signal is not None:
        lines.append(f"<p>{_judged(_signal_words(tile.signal))}</p>")
    if tile.early is not None:
        lines.append(f"<p>{_e(words.early_line(tile.early, metric.unit, formats))}</p>")
    marks = " · ".join(mark.text for mark in tile.marks)
    second = words.beside_words(tile.beside, formats) if tile.beside is not None else ""
    qualifier = " · ".join(part for part in (tile.qualifier, second, marks) if part)
    return (
        f'<header class="kpi-head" data-kpi="{_e(metric.id)}">'
        f'<div class="kpi-name"><p>{_e(TEAMS[metric.team])} · {_e(metric.owner)}</p>'
        f"<h2>{_e(tile.label)}</h2>"
        f"<p>{_e(qualifier)}</p></div>"
        f'<p class="kpi-figure">{_e(words.headline(tile, formats))}</p>'
        f'<div class="kpi-change">{"".join(lines)}</div>'
        f'<div class="kpi-about"><p>{_e(_sentence(metric.formula))} {_e(_of(kpi, formats))}</p>'
        f"<p>{_e(metric.definition)}</p></div></header>"
    )


def _signal_words(signal: Signal) -> Words:
    """``◆ beyond usual: 8 weeks below the average``, coloured by its side."""
    judged = {True: Judgement.GOOD, False: Judgement.BAD, None: Judgement.NONE}
    return Words(f"◆ {signal.words}", judged[signal.is_better])


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _of(kpi: Kpi, formats: Formats) -> str:
    """``87 of 613.``: what stands behind a ratio's figure."""
    tile = kpi.tile
    if tile.numerator is None or tile.denominator is None:
        return ""
    is_money = kpi.metric.unit is Unit.MONEY
    top = formats.value(tile.numerator, Unit.MONEY) if is_money else formats.plain(tile.numerator)
    joint = "over" if is_money else "of"
    return f"{top} {joint} {formats.plain(tile.denominator)}."


# -- the trend's heading ----------------------------------------------------------------------


def trend_head_html(kpi: Kpi, formats: Formats) -> str:
    """The heading of the 6-12 chart; where the lines' names find no room, their key."""
    open_slots = [p for p in (*kpi.weeks, *kpi.months) if p.status in OPEN and p.value is None]
    notes = []
    if kpi.tile.status is Status.NO_DATA:
        notes.append(f"No data: {kpi.tile.reason}.")
    if open_slots:
        names = ", ".join(point.label for point in open_slots)
        notes.append(f"◔ still maturing: {names}.")
    if kpi.metric.kind in ADDITIVE:
        notes.append("Weeks by the left scale, months by the right.")
    year, before = kpi.years
    limit = "limit" if kpi.metric.direction is Direction.DOWN else "target"
    keys = [("now", year), ("before", before)]
    if any(p.target is not None for p in (*kpi.weeks, *kpi.months)):
        keys.append(("aim", limit))
    if any(p.limits is not None for p in (*kpi.weeks, *kpi.months)):
        keys.append(("band", "usual"))
    keys.append(("open", "not final"))
    shown = "".join(f'<span><i class="key-{name}"></i>{_e(text)}</span>' for name, text in keys)
    first = f"{kpi.weeks[0].label}–{kpi.weeks[-1].label}"
    return (
        f'<div class="part-head"><h3>Six weeks, twelve months</h3>'
        f"<p>{_e(first)}{_e(_trailing(kpi))}. {_e(' '.join(notes))}</p>"
        f'<p class="chart-key" aria-hidden="true">{shown}</p></div>'
    )


def _trailing(kpi: Kpi) -> str:
    qualifier = kpi.tile.qualifier or ""
    return f", {qualifier} to each week's end" if qualifier.endswith("weeks") else ""


# -- figures to date --------------------------------------------------------------------------


def _figure(label: str, value: str, note: str) -> str:
    """``note`` is HTML."""
    return f"<div><dt>{_e(label)}</dt><dd><b>{_e(value)}</b>{note}</dd></div>"


def to_date_html(kpi: Kpi, formats: Formats) -> str:
    """The headline, what it is compared with, and the longer periods so far."""
    tile = kpi.tile
    label = kpi.period.label.split(",")[0]
    cells = [_figure(label, words.headline(tile, formats), _aim(tile, formats))]
    cells += [_compared(found, kpi, formats) for found in kpi.compared]
    cells += [_longer(found, formats) for found in kpi.to_date]
    return f'<dl class="to-date" style="--cells:{len(cells)}">{"".join(cells)}</dl>'


def _aim(tile: Tile, formats: Formats) -> str:
    goal, state = words.target_words(tile, formats)
    return _judged(state if state.text else Words(goal))


def _compared(found: Compared, kpi: Kpi, formats: Formats) -> str:
    unit = kpi.metric.unit
    note = f"<span>{_e(formats.value(found.value, unit))}</span>"
    if found.change is None:
        return _figure(f"vs {found.label}", UNDEFINED, note)
    change = found.change.absolute
    if change is None:
        return _figure(f"vs {found.label}", "new", f"<span>nothing in {_e(found.label)}</span>")
    if found.change.percent is not None:
        share = formats.percent(found.change.percent)
        note = f"<span>{_e(share)}, from {_e(formats.value(found.value, unit))}</span>"
    return _figure(f"vs {found.label}", formats.difference(change, unit), note)


def _longer(tile: Tile, formats: Formats) -> str:
    value = words.headline(tile, formats)
    if tile.qualifier:
        return _figure(tile.label, value, f"<span>◔ {_e(tile.qualifier)}</span>")
    target = tile.target
    if target is not None and target.is_met is None and tile.value is not None and target.value:
        share = formats.target(round(tile.value / target.value, 2), Unit.SHARE)
        aim = formats.target(target.value, tile.metric.unit)
        return _figure(tile.label, value, f"<span>{_e(share)} of {_e(aim)}</span>")
    if tile.value is None and target is not None:
        tile = replace(tile, target=None)
    return _figure(tile.label, value, _aim(tile, formats))


# -- segments ---------------------------------------------------------------------------------


def _columns(metric: Metric) -> tuple[str, str]:
    """What numerator and denominator are called: of a ratio the parts of its formula."""
    if metric.kind is Kind.DURATION:
        return "", "Cases"
    if metric.stages is not None:
        start, end = metric.stages
        return end.upper() if len(end) == 3 else end, start.upper() if len(start) == 3 else start
    top, _, bottom = metric.formula.partition(" ÷ ")
    return top, bottom.strip("()")


def segments_html(kpi: Kpi, formats: Formats, *, titled: bool) -> str:
    """The members of the chosen dimension as a table with bars, and the total."""
    segments, metric = kpi.segments, kpi.metric
    by = segments.by.replace("_", " ")
    head = f'<div class="part-head"><h3>By {_e(by)}</h3></div>' if titled else ""
    if segments.reason is not None:
        return f'{head}<p class="chart-note">There is nothing to split: {_e(segments.reason)}.</p>'
    if not segments.rows:
        return f'{head}<p class="chart-note">Nothing was counted in this period.</p>'
    top, bottom = _columns(metric)
    is_additive = metric.kind in ADDITIVE
    names = [] if is_additive else [bottom] if metric.kind is Kind.DURATION else [bottom, top]
    heads = "".join(f'<th class="num side">{_e(name)}</th>' for name in names)
    value = "Part" if is_additive else "Value"
    longest = max(abs(row.value or 0.0) for row in segments.rows) or 1.0
    rows = [_row(row, kpi, formats, longest, len(names)) for row in segments.rows]
    rows.append(_row(_total(kpi), kpi, formats, longest, len(names), tag="total"))
    return (
        f'{head}<table class="segments"><thead><tr><th>{_e(by.capitalize())}</th>{heads}'
        f'<th class="bar-cell">{value}</th><th class="num">vs {_e(kpi.versus or "before")}</th>'
        f"</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _total(kpi: Kpi) -> Segment:
    tile = kpi.tile
    before = kpi.drivers.before
    if before is None and tile.change is not None and tile.value is not None:
        change = tile.change.absolute
        before = None if change is None else tile.value - change
    return Segment("All", tile.value, tile.numerator, tile.denominator, before)


def _row(
    row: Segment, kpi: Kpi, formats: Formats, longest: float, sides: int, tag: str = "member"
) -> str:
    unit = kpi.metric.unit
    name = f"{row.members} others" if row.members > 1 else member_words(row.member)
    parts: Iterable[float | None] = (row.denominator, row.numerator)
    cells = [f'<td class="num side">{_e(_plain(v, formats))}</td>' for v in [*parts][:sides]]
    shown = UNDEFINED if row.value is None else formats.value(row.value, unit)
    width = 0.0 if row.value is None else min(1.0, abs(row.value) / longest) * 100
    # The total of what adds up is no bar beside its parts.
    bar = f'<i style="width:{width:.1f}%"></i>'
    if tag == "total" and kpi.metric.kind in ADDITIVE:
        bar = ""
    change = UNDEFINED if row.change is None else formats.difference(row.change, unit)
    if row.value is not None and row.before is None:
        change = "new"
    return (
        f'<tr class="{tag}"><th>{_e(name)}</th>{"".join(cells)}'
        f'<td class="bar-cell"><div>{bar}<span>{_e(shown)}</span></div></td>'
        f'<td class="num">{_e(change)}</td></tr>'
    )


def _plain(value: float | None, formats: Formats) -> str:
    if value is None:
        return UNDEFINED
    return formats.value(value, Unit.COUNT)


# -- drivers ----------------------------------------------------------------------------------


def causes_html(kpi: Kpi, formats: Formats) -> str:
    """The heading of the waterfall, and the one or two causes in words."""
    drivers = kpi.drivers
    by = kpi.segments.by.replace("_", " ")
    key = ""
    if drivers.parts and kpi.metric.kind not in ADDITIVE:
        key = '<p class="mix-key"><i class="rate"></i>rate <i class="mix"></i>mix</p>'
    versus = f"by {by}, since {kpi.versus}" if drivers.parts else ""
    told = drivers.reason or "; ".join(kpi.causes)
    if not told:
        told = "No single part of the business explains most of it."
    return (
        f'<div class="part-head"><h3>What moved it</h3><p>{_e(versus)}</p>{key}</div>'
        f'<p class="cause">{_e(told[:1].upper() + told[1:])}</p>'
    )


# -- definition -------------------------------------------------------------------------------


def definition_html(metric: Metric) -> str:
    """Every field of a KPI's definition."""
    facts = [
        ("Definition", metric.definition),
        ("Formula", metric.formula),
        ("Counted by", metric.counted_by),
        ("Missing values", metric.null_rule),
        ("Unit", metric.unit.value),
        ("Better", {"up": "higher", "down": "lower"}.get(metric.direction.value, "neither")),
        ("Owner", metric.owner),
        ("Needs", ", ".join(metric.tables)),
        ("Can be split by", ", ".join(name.replace("_", " ") for name in metric.dimensions)),
    ]
    rows = "".join(f"<dt>{_e(name)}</dt><dd>{_e(text)}</dd>" for name, text in facts)
    return (
        f'<section class="definition"><div class="part-head"><h3>Definition</h3>'
        f"<p><code>{_e(metric.id)}</code></p></div><dl>{rows}</dl></section>"
    )
