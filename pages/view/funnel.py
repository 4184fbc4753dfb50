"""The funnel page's words and tables as HTML. Everything from data is escaped here."""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import partial

from metrics.funnel.model import (
    Conversion,
    Funnel,
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
from pages.view.html_table import html_table

NO_MEMBER = "(none)"
SPLIT_TITLES = {"segment": "Segment", "persona": "Persona"}
FATE_WORDS = {
    "advanced": "advanced",
    "rejected": "rejected",
    "recycled": "recycled",
    "waiting": "still, in time",
    "overdue": "still, aged",
}


def _e(text: object) -> str:
    return html.escape(str(text))


def member(name: str | None) -> str:
    return NO_MEMBER if name is None else name


def reason_words(name: str | None) -> str:
    """A reason as people say it; the data's own code, its underscores aside."""
    return "no reason given" if name is None else name.replace("_", " ")


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


def cohort_aside(funnel: Funnel, counts: StageCounts) -> str:
    stage = STAGE_LABELS[counts.stages[0]]
    note = " · pale ◔ maturing, no rate yet" if any(s.maturing for s in counts.cohort) else ""
    return f"first entered {stage} in {funnel.period_short}, reached since{note}"


def period_aside(funnel: Funnel) -> str:
    return f"first entries into each stage within {funnel.period_short}, whenever they began"


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


def conversion_words(conversion: Conversion, formats: Formats) -> str:
    """The cohorts side by side at the age that the newest has reached as a whole."""
    first = conversion.curves[0]
    here = first.at(first.age)
    if not first.leads:
        return f"{first.label}: nobody entered the first stage of this step."
    if not first.age or here is None:
        return f"{first.label}: {formats.plain(first.leads)} leads, none a day old as a whole yet."
    parts = [
        f"{curve.label} {formats.value(at.share, Unit.SHARE)}"
        for curve in conversion.curves
        if curve.age >= first.age and (at := curve.at(first.age)) is not None
    ]
    small = f" Only {formats.plain(first.leads)} leads: n is small." if first.leads < 30 else ""
    return f"Converted by day {first.age} of age: {', '.join(parts)}.{small}"


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
        named = [f"{reason_words(name)} {formats.plain(n)}" for name, n in leak.reasons[:3]]
        more = sum(n for _, n in leak.reasons[3:])
        named += [f"{formats.plain(more)} others"] if more else []
        return f'<div class="funnel-why">rejected: {_e(", ".join(named))}</div>' if named else ""

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
    return (
        f'<p class="funnel-key">{key}: still there, within the days that the step should take, '
        "or longer</p>"
    )


def pools_html(lately: Pool, ever: Pool, short: str, formats: Formats) -> str:
    rows = (
        ("Recycled", "recycled"),
        ("re-MQL", "re_mql"),
        ("SQL or opportunity", "sql"),
        ("Customer", "customer"),
        ("Still in the pool", "in_pool"),
    )
    return _table(
        ["First recycled", f"in {short}", "ever", ""],
        (
            [
                _e(words),
                formats.plain(getattr(lately, name)),
                formats.plain(getattr(ever, name)),
                _bar(getattr(ever, name), ever.recycled),
            ]
            for words, name in rows
        ),
        "pool",
    )


# -- pipeline ---------------------------------------------------------------------------------


def _money(sums: Sums, formats: Formats) -> str:
    return _e(formats.value(float(sums.amount), Unit.MONEY)) if sums.count else UNDEFINED


def sources_html(pipeline: Pipeline, formats: Formats) -> str:
    """Every source's movement in one line; all open pipeline at the end beside it."""
    names = ("opening", "created", "slipped_in", "grown", "shrunk", "slipped_out", "lost", "won")
    signs = ("", "+", "+", "+", "−", "−", "−", "−")
    heads = [
        f"{sign} {name.replace('_', ' ')}".strip() for sign, name in zip(signs, names, strict=True)
    ]
    return _table(
        ["Source", *heads, "= closing", "all open"],
        (
            [
                _e("All" if move is pipeline.total else member(move.source)),
                *(_money(move.moves[name], formats) for name in names),
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
