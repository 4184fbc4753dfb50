"""The funnel page's words and tables as HTML. Everything from data is escaped here."""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import partial

from metrics.funnel.model import (
    MOVES,
    Leak,
    Pipeline,
    Pool,
    SplitRow,
    StageCounts,
    StageTime,
    Sums,
)
from metrics.funnel.question import STAGE_LABELS
from metrics.model import Unit
from metrics.report.format import UNDEFINED, Formats
from metrics.report.funnel_words import (
    FATE_WORDS,
    KEY_OF_FATES,
    POOLS,
    SPLIT_TITLES,
    member,
    money,
    move_heads,
    reason_words,
    reasons_of,
)
from pages.view.html_table import html_table


def _e(text: object) -> str:
    return html.escape(str(text))


def heading(title: str, aside: str = "") -> str:
    """A part's title with what it counts beside it."""
    return f'<div class="funnel-head"><h2>{_e(title)}</h2><span>{_e(aside)}</span></div>'


def sentence(text: str) -> str:
    return f'<p class="funnel-words">{_e(text)}</p>'


_table = partial(html_table, style="funnel")


def _bar(part: float, whole: float) -> str:
    width = round(100 * part / whole, 1) if whole > 0 and part > 0 else 0.0
    return f'<i class="cell-bar" style="width:{width}%"></i>'


# -- stage by stage ---------------------------------------------------------------------------


def split_html(counts: StageCounts, name: str, twofold: str, formats: Formats) -> str:
    """One dimension's members by stage; ``twofold`` is "cohort" or "period"."""
    rows = counts.splits[name]

    def numbers(row: SplitRow) -> tuple[int, ...]:
        return row.cohort if twofold == "cohort" else row.period

    tallest = [max((numbers(row)[n] for row in rows), default=0) for n in range(len(counts.stages))]
    return _table(
        [SPLIT_TITLES[name], *(STAGE_LABELS[stage] for stage in counts.stages)],
        (
            [
                _e(member(row.member)),
                *(
                    f"{formats.plain(n)}{_bar(n, top)}"
                    for n, top in zip(numbers(row), tallest, strict=True)
                ),
            ]
            for row in rows
        ),
        f"{twofold}-{name}",
    )


# -- conversion, times ------------------------------------------------------------------------


def times_html(times: Sequence[StageTime], formats: Formats) -> str:
    longest = max((time.days or 0 for time in times), default=0)
    return _table(
        ["Stage", "Median", "", "Completed", "Still running"],
        (
            [
                _e(STAGE_LABELS[time.stage]),
                UNDEFINED if time.days is None else _e(formats.value(time.days, Unit.DAYS)),
                _bar(time.days or 0, longest),
                formats.plain(time.completed),
                formats.plain(time.running),
            ]
            for time in times
        ),
        "times",
    )


# -- leaks, pool ------------------------------------------------------------------------------


def _fates(leak: Leak) -> str:
    """One bar that is the whole: every fate its part."""
    parts = "".join(
        f'<i class="fate-{fate}" style="width:{100 * getattr(leak, fate) / leak.entered:.2f}%" '
        f'title="{words}"></i>'
        for fate, words in FATE_WORDS.items()
        if leak.entered and getattr(leak, fate)
    )
    return f'<div class="fates" aria-hidden="true">{parts}</div>'


def leaks_html(leaks: Sequence[Leak], formats: Formats) -> str:
    def reasons(leak: Leak) -> str:
        named = reasons_of(leak, formats)
        return f'<div class="funnel-why">rejected: {_e(named)}</div>' if named else ""

    return _table(
        ["Entered", "n", "", *FATE_WORDS.values()],
        (
            [
                _e(STAGE_LABELS[leak.stage]),
                formats.plain(leak.entered),
                _fates(leak) + reasons(leak),
                *(formats.plain(getattr(leak, fate)) for fate in FATE_WORDS),
            ]
            for leak in leaks
        ),
        "leaks",
    )


def leaks_key() -> str:
    key = "".join(
        f'<span class="fate-item"><i class="fate-key fate-{fate}"></i>{_e(words)}</span> '
        for fate, words in FATE_WORDS.items()
    )
    return f'<p class="funnel-key">{key}: {KEY_OF_FATES}</p>'


def pools_html(lately: Pool, ever: Pool, short: str, formats: Formats) -> str:
    return _table(
        ["First recycled", f"in {short}", "ever", ""],
        (
            [
                _e(words),
                formats.plain(getattr(lately, name)),
                formats.plain(getattr(ever, name)),
                _bar(getattr(ever, name), ever.recycled),
            ]
            for words, name in POOLS
        ),
        "pool",
    )


# -- pipeline ---------------------------------------------------------------------------------


def _money(sums: Sums, formats: Formats) -> str:
    return _e(money(sums, formats))


def sources_html(pipeline: Pipeline, formats: Formats) -> str:
    """Every source's movement in one line; all open pipeline at the end beside it."""
    return _table(
        ["Source", *move_heads(), "= closing", "all open"],
        (
            [
                _e("All" if move is pipeline.total else member(move.source)),
                *(_money(move.moves[name], formats) for name in MOVES),
                f"<b>{_money(move.closing, formats)}</b>",
                _money(move.open, formats),
            ]
            for move in (*pipeline.sources, pipeline.total)
        ),
        "sources",
    )


def losses_html(pipeline: Pipeline, formats: Formats) -> str:
    largest = max((float(sums.amount) for _, sums in pipeline.losses), default=0.0)
    return _table(
        ["Reason", "Deals", "Amount", ""],
        (
            [
                _e(reason_words(name)),
                formats.plain(sums.count),
                _money(sums, formats) + (f" · {sums.unknown} unknown" if sums.unknown else ""),
                _bar(float(sums.amount), largest),
            ]
            for name, sums in pipeline.losses
        ),
        "losses",
    )
