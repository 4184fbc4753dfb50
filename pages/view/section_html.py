"""A page of parts as HTML: headings, sentences, figures, tables. What data say is escaped."""

from __future__ import annotations

import html

from metrics.report.cells import Table
from metrics.report.page_section import Headline, Part
from metrics.report.words import Judgement, Words

# More of a table than this is in the spreadsheet.
MOST_ROWS = 40


def _e(text: object) -> str:
    return html.escape(str(text))


def _judged(part: Words) -> str:
    tag = "" if part.judgement is Judgement.NONE else f" {part.judgement}"
    return f'<span class="word{tag}">{_e(part.text)}</span>'


def part_head_html(part: Part) -> str:
    mark = f'data-part="{_e(part.id)}"'
    return f'<div class="part-head" {mark}><h3>{_e(part.title)}</h3><p>{_e(part.aside)}</p></div>'


def part_words_html(part: Part) -> str:
    """What stands above a part's chart: sentences and figures; "" where there are none."""
    said = "".join(f'<p class="part-words">{_judged(one)}</p>' for one in part.words if one.text)
    figures = "".join(map(_figure, part.figures))
    return said + (f'<div class="part-figures">{figures}</div>' if figures else "")


def _figure(one: Headline) -> str:
    lines = "".join(f"<p>{_judged(line)}</p>" for line in one.lines if line.text)
    return (
        f'<section data-figure="{_e(one.metric)}"><h4>{_e(one.label)}</h4>'
        f'<p class="part-value">{_e(one.value)}</p>{lines}</section>'
    )


def part_foot_html(part: Part) -> str:
    """What stands below a part's chart: its table and its notes."""
    table = part.table
    shown = "" if table is None or table.is_data or not table.rows else table_html(table)
    return shown + "".join(f'<p class="chart-note">{_e(note)}</p>' for note in part.notes)


def table_html(table: Table) -> str:
    """A table with its sums at the foot; of a long one the first rows and how many follow."""
    numeric = [table.is_numeric(m) for m in range(len(table.heads))]

    def cells(texts: list[str], tag: str) -> str:
        return "".join(
            f'<{tag} class="num">{_e(text)}</{tag}>' if is_number else f"<{tag}>{_e(text)}</{tag}>"
            for text, is_number in zip(texts, numeric, strict=True)
        )

    body = table.rows[: len(table.rows) - table.feet]
    feet = table.rows[len(table.rows) - table.feet :]
    rows = "".join(f"<tr>{cells([c.text for c in row], 'td')}</tr>" for row in body[:MOST_ROWS])
    rows += "".join(f'<tr class="total">{cells([c.text for c in row], "td")}</tr>' for row in feet)
    more = len(body) - MOST_ROWS
    told = f'<p class="chart-note">{more} more rows are in the spreadsheet.</p>' if more > 0 else ""
    return (
        f'<div class="changes-frame"><table class="segments frozen"><thead><tr>'
        f"{cells(list(table.heads), 'th')}</tr></thead><tbody>{rows}</tbody></table></div>{told}"
    )
