"""A KPI's page as HTML: header, figures to date, segments, definition. All data are escaped.

What it says is in ``metrics/report/kpi_words.py``, which the files to take away say as well.
"""

from __future__ import annotations

import html

from metrics.drivers import ADDITIVE
from metrics.kpi import Kpi
from metrics.model import Direction, Metric
from metrics.report import kpi_words, words
from metrics.report.format import Formats
from metrics.report.kpi_words import TEAMS, SegmentLine, ToDate
from metrics.report.words import Judgement, Words
from metrics.scorecard import Tile


def _e(text: object) -> str:
    return html.escape(str(text))


def _judged(part: Words) -> str:
    tag = "" if part.judgement is Judgement.NONE else f" {part.judgement}"
    return f'<span class="word{tag}">{_e(part.text)}</span>'


# -- header -----------------------------------------------------------------------------------


def header_html(kpi: Kpi, formats: Formats) -> str:
    """Name, figure, change and target; to the right what it is."""
    tile, metric = kpi.tile, kpi.metric
    lines = [
        f"<p>{_e(text)} {_judged(state) if state.text else ''}</p>"
        for text, state in kpi_words.change_lines(kpi, formats)
    ]
    return (
        f'<header class="kpi-head" data-kpi="{_e(metric.id)}">'
        f'<div class="kpi-name"><p>{_e(TEAMS[metric.team])} · {_e(metric.owner)}</p>'
        f"<h2>{_e(tile.label)}</h2>"
        f"<p>{_e(kpi_words.qualifier_line(kpi, formats))}</p></div>"
        f'<p class="kpi-figure">{_e(words.headline(tile, formats))}</p>'
        f'<div class="kpi-change">{"".join(lines)}</div>'
        f'<div class="kpi-about"><p>{_e(kpi_words.about(kpi, formats))}</p>'
        f"<p>{_e(metric.definition)}</p></div></header>{_agreed(tile)}"
    )


def _agreed(tile: Tile) -> str:
    """What agreements say of the number: an unsigned change, another definition within its days."""
    said = [mark.detail for mark in tile.marks if mark.detail]
    return f'<p class="kpi-agreed">§ {_e(" ".join(said))}</p>' if said else ""


# -- the trend's heading ----------------------------------------------------------------------


def trend_head_html(kpi: Kpi, formats: Formats) -> str:
    """The heading of the 6-12 chart; where the lines' names find no room, their key."""
    year, before = kpi.years
    limit = "limit" if kpi.metric.direction is Direction.DOWN else "target"
    keys = [("now", year), ("before", before)]
    if any(p.target is not None for p in (*kpi.weeks, *kpi.months)):
        keys.append(("aim", limit))
    if any(p.limits is not None for p in (*kpi.weeks, *kpi.months)):
        keys.append(("band", "usual"))
    keys.append(("open", "not final"))
    shown = "".join(f'<span><i class="key-{name}"></i>{_e(text)}</span>' for name, text in keys)
    return (
        f'<div class="part-head"><h3>Six weeks, twelve months</h3>'
        f"<p>{_e(kpi_words.trend_note(kpi))}</p>"
        f'<p class="chart-key" aria-hidden="true">{shown}</p></div>'
    )


# -- figures to date --------------------------------------------------------------------------


def to_date_html(kpi: Kpi, formats: Formats) -> str:
    """The headline, what it is compared with, and the longer periods so far."""
    cells = [_figure(figure) for figure in kpi_words.to_date(kpi, formats)]
    return f'<dl class="to-date" style="--cells:{len(cells)}">{"".join(cells)}</dl>'


def _figure(figure: ToDate) -> str:
    note = _judged(figure.note) if figure.is_aim else f"<span>{_e(figure.note.text)}</span>"
    return f"<div><dt>{_e(figure.label)}</dt><dd><b>{_e(figure.value)}</b>{note}</dd></div>"


# -- segments ---------------------------------------------------------------------------------


def segments_html(kpi: Kpi, formats: Formats, *, titled: bool) -> str:
    """The members of the chosen dimension as a table with bars, and the total."""
    found = kpi_words.segment_words(kpi, formats)
    head = f'<div class="part-head"><h3>By {_e(found.by)}</h3></div>' if titled else ""
    if found.reason is not None:
        return f'{head}<p class="chart-note">{_e(found.reason)}</p>'
    heads = "".join(f'<th class="num side">{_e(name)}</th>' for name in found.sides)
    longest = max(abs(row.value or 0.0) for row in kpi.segments.rows) or 1.0
    rows = [_row(line, kpi.metric, longest) for line in found.lines]
    return (
        f'{head}<table class="segments"><thead><tr><th>{_e(found.by.capitalize())}</th>{heads}'
        f'<th class="bar-cell">{found.value}</th><th class="num">{_e(found.versus)}</th>'
        f"</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _row(line: SegmentLine, metric: Metric, longest: float) -> str:
    cells = "".join(f'<td class="num side">{_e(side)}</td>' for side in line.sides)
    value = line.row.value
    width = 0.0 if value is None else min(1.0, abs(value) / longest) * 100
    # The total of what adds up is no bar beside its parts.
    bar = "" if line.is_total and metric.kind in ADDITIVE else f'<i style="width:{width:.1f}%"></i>'
    return (
        f'<tr class="{"total" if line.is_total else "member"}"><th>{_e(line.name)}</th>{cells}'
        f'<td class="bar-cell"><div>{bar}<span>{_e(line.value)}</span></div></td>'
        f'<td class="num">{_e(line.change)}</td></tr>'
    )


# -- drivers ----------------------------------------------------------------------------------


def causes_html(kpi: Kpi, formats: Formats) -> str:
    """The heading of the waterfall, and the one or two causes in words."""
    key = ""
    if kpi.drivers.parts and kpi.metric.kind not in ADDITIVE:
        key = '<p class="mix-key"><i class="rate"></i>rate <i class="mix"></i>mix</p>'
    return (
        f'<div class="part-head"><h3>What moved it</h3><p>{_e(kpi_words.split_line(kpi))}</p>{key}'
        f'</div><p class="cause">{_e(kpi_words.cause_line(kpi))}</p>'
    )


# -- definition -------------------------------------------------------------------------------


def definition_html(metric: Metric) -> str:
    """Every field of a KPI's definition."""
    facts = kpi_words.definition_facts(metric)
    rows = "".join(f"<dt>{_e(name)}</dt><dd>{_e(text)}</dd>" for name, text in facts)
    return (
        f'<section class="definition"><div class="part-head"><h3>Definition</h3>'
        f"<p><code>{_e(metric.id)}</code></p></div><dl>{rows}</dl></section>"
    )
