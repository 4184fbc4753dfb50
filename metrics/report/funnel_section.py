"""The funnel page as a section to write: stages, conversion, times, leaks, pool, pipeline."""

from __future__ import annotations

import pandas as pd

from data.warehouse import Warehouse
from metrics.funnel import build_funnel
from metrics.funnel.model import MOVES, Funnel, Leak, Movement, StageCounts, Sums
from metrics.funnel.question import STAGE_LABELS
from metrics.model import Unit
from metrics.report import funnel_charts as charts
from metrics.report import funnel_words as words
from metrics.report.cells import Cell, Table
from metrics.report.chart_file import Picture
from metrics.report.format import Formats
from metrics.report.native_chart import NativeChart, Role, Series, Shape
from metrics.report.page_section import PageSection, Part, lacking, plain
from metrics.view import View

TITLE = "Funnel"
PAPER, ROOM = 560, 1000


def funnel_section(
    warehouse: Warehouse, view: View, step: str | None, formats: Formats
) -> PageSection:
    """The funnel as its page shows it, its curve of one step (the first when None).

    Raises ``WarehouseError`` when the warehouse does not answer.
    """
    funnel = build_funnel(warehouse, view, step)
    parts = (
        *_stages(funnel, formats),
        _conversion(funnel, formats),
        _times(funnel, formats),
        _leaks(funnel, formats),
        _pool(funnel, formats),
        _movement(funnel, formats),
        _losses(funnel, formats),
        _sources(funnel, formats),
    )
    shown = tuple(part for part in parts if part is not None)
    return PageSection("funnel", TITLE, funnel.period_label, shown)


def _plain(n: float, formats: Formats) -> Cell:
    return Cell(formats.plain(n), n, "plain")


def _money(sums: Sums, formats: Formats) -> Cell:
    return Cell(words.money(sums, formats), float(sums.amount) if sums.count else None, Unit.MONEY)


def _rows_pictures(data: pd.DataFrame, alt: str) -> tuple[Picture, Picture]:
    """On paper, and before the room."""
    rows = int(data["row"].max()) + 1
    return (
        Picture(charts.rows_spec(rows, False), data, PAPER, alt),
        Picture(charts.rows_spec(rows, True), data, ROOM, alt),
    )


# -- stages ---------------------------------------------------------------------------------------


def _stages(funnel: Funnel, formats: Formats) -> tuple[Part, ...]:
    """The cohort and the period: two parts, and no figure made of both."""
    counts = funnel.counts
    if counts is None:
        return (lacking("stages", "Stage by stage", funnel.reasons["counts"]),)
    labels = tuple(STAGE_LABELS[stage] for stage in counts.stages)
    cohort, period = charts.cohort_rows(counts, formats), charts.period_rows(counts, formats)
    may = tuple(float(stage.maturing) for stage in counts.cohort)
    solid = cohort[cohort["kind"] == "solid"]
    reached = NativeChart(
        "The cohort",
        labels,
        (
            Series("reached", tuple(float(stage.reached) for stage in counts.cohort)),
            *((Series("may still", may, Role.OPEN),) if any(may) else ()),
        ),
        Unit.COUNT,
        tuple(f"{a} {b}".strip() for a, b in zip(solid["value"], solid["note"], strict=True)),
        Shape.STACKED,
    )
    entered = NativeChart(
        "The period",
        labels,
        (Series("entered", tuple(float(n) for n in counts.period)),),
        Unit.COUNT,
        tuple(formats.plain(n) for n in counts.period),
        Shape.BARS,
    )
    paper, room = _rows_pictures(cohort, charts.describe_stages(cohort, "cohort"))
    paper_period, room_period = _rows_pictures(period, charts.describe_stages(period, "period"))
    asides = words.cohort_aside(funnel, counts), words.period_aside(funnel)
    return (
        Part("cohort", "The cohort", asides[0], picture=paper, room=room, natives=(reached,),
             table=_split(counts, "cohort", formats)),
        Part("period", "The period", asides[1], picture=paper_period, room=room_period,
             natives=(entered,), table=_split(counts, "period", formats)),
    )  # fmt: skip


def _split(counts: StageCounts, twofold: str, formats: Formats) -> Table:
    """By dimension and member; all of them on top."""
    whole = [stage.reached for stage in counts.cohort] if twofold == "cohort" else [*counts.period]
    rows = [(Cell(""), Cell("All"), *(_plain(n, formats) for n in whole))]
    for name, members in counts.splits.items():
        for row in members:
            numbers = row.cohort if twofold == "cohort" else row.period
            title = Cell(words.SPLIT_TITLES[name])
            cells = (_plain(n, formats) for n in numbers)
            rows.append((title, Cell(words.member(row.member)), *cells))
    heads = ("By", "Member", *(STAGE_LABELS[stage] for stage in counts.stages))
    return Table(f"The {twofold}", heads, tuple(rows))


# -- conversion, times ----------------------------------------------------------------------------


def _conversion(funnel: Funnel, formats: Formats) -> Part:
    conversion = funnel.conversion
    if conversion is None:
        return lacking("conversion", "Conversion over age", funnel.reasons["conversion"])
    title = f"Conversion over age, {conversion.label}"
    told = words.conversion_words(conversion, formats)
    aside = "Kaplan–Meier, 95% band"
    data = charts.curve_data(conversion, formats)
    if data.empty:
        return Part("conversion", title, aside, (plain(told),))
    days = charts.shown_days(conversion)
    by_cohort = [{p.day: p.share for p in curve.points} for curve in conversion.curves]
    labels = tuple(range(days + 1))
    series = tuple(
        Series(
            curve.label,
            tuple(at.get(day) for day in labels),
            Role.MAIN if n == 0 else Role.OTHER,
        )
        for n, (curve, at) in enumerate(zip(conversion.curves, by_cohort, strict=True))
    )
    newest = conversion.curves[0]
    chart = NativeChart(
        title,
        tuple(str(day) for day in labels),
        series,
        Unit.SHARE,
        tuple(formats.value(by_cohort[0].get(day), Unit.SHARE) for day in labels),
        open_at=tuple(day for day in labels if day > newest.age and day in by_cohort[0]),
    )
    rows = tuple(
        (
            Cell(curve.label),
            _plain(point.day, formats),
            *(
                Cell(formats.value(v, Unit.SHARE), v, Unit.SHARE)
                for v in (point.share, point.low, point.high)
            ),
            _plain(point.at_risk, formats),
            _plain(point.converted, formats),
        )
        for curve in conversion.curves
        for point in curve.points
    )
    heads = ("Cohort", "Day", "Converted", "95% from", "95% to", "At risk", "Conversions")
    return Part(
        "conversion",
        title,
        aside,
        (plain(told),),
        picture=Picture(charts.curve_spec(days, False), data, PAPER, told),
        room=Picture(charts.curve_spec(days, True), data, ROOM, told),
        natives=(chart,),
        table=Table("Conversion over age", heads, rows, is_data=True),
    )


def _times(funnel: Funnel, formats: Formats) -> Part:
    title = "Time in each stage"
    if funnel.times is None:
        return lacking("times", title, funnel.reasons["times"])
    rows = tuple(
        (
            Cell(STAGE_LABELS[time.stage]),
            Cell(formats.value(time.days, Unit.DAYS), time.days, Unit.DAYS),
            _plain(time.completed, formats),
            _plain(time.running, formats),
        )
        for time in funnel.times
    )
    table = Table(title, ("Stage", "Median", "Completed", "Still running"), rows)
    aside = f"left in {funnel.period_short}; running at its end"
    return Part("times", title, aside, table=table)


# -- leaks, pool ----------------------------------------------------------------------------------


def _leaks(funnel: Funnel, formats: Formats) -> Part:
    title = "Where leads leak"
    if funnel.leaks is None:
        return lacking("leaks", title, funnel.reasons["fates"])
    leaks = funnel.leaks
    chart = NativeChart(
        title,
        tuple(STAGE_LABELS[leak.stage] for leak in leaks),
        tuple(
            Series(
                name,
                tuple(float(getattr(leak, fate)) for leak in leaks),
                Role.MAIN if n == 0 else Role.OTHER,
            )
            for n, (fate, name) in enumerate(words.FATE_WORDS.items())
        ),
        Unit.COUNT,
        tuple(formats.plain(leak.entered) for leak in leaks),
        Shape.STACKED,
    )

    def row(leak: Leak) -> tuple[Cell, ...]:
        fates = (_plain(getattr(leak, fate), formats) for fate in words.FATE_WORDS)
        named = Cell(words.reasons_of(leak, formats))
        return (Cell(STAGE_LABELS[leak.stage]), _plain(leak.entered, formats), *fates, named)

    heads = ("Entered", "n", *words.FATE_WORDS.values(), "Rejected for")
    return Part(
        "leaks",
        title,
        f"what became of those that entered in {funnel.period_short}",
        natives=(chart,),
        table=Table("Leaks", heads, tuple(row(leak) for leak in leaks)),
        notes=(f"Still: {words.KEY_OF_FATES}.",),
    )


def _pool(funnel: Funnel, formats: Formats) -> Part:
    title, aside = "The recycled pool", "the furthest that they came since"
    lately, ever = funnel.recycled, funnel.recycled_ever
    if lately is None or ever is None:
        return lacking("pool", title, funnel.reasons["fates"])
    if not ever.recycled:
        return Part("pool", title, aside, (plain("No lead was recycled."),))
    rows = tuple(
        (Cell(name), *(_plain(getattr(pool, field), formats) for pool in (lately, ever)))
        for name, field in words.POOLS
    )
    heads = ("First recycled", f"in {funnel.period_short}", "ever")
    return Part("pool", title, aside, table=Table("Recycled", heads, rows))


# -- pipeline -------------------------------------------------------------------------------------


def _movement(funnel: Funnel, formats: Formats) -> Part:
    pipeline = funnel.pipeline
    if pipeline is None:
        return lacking("pipeline", "Pipeline", funnel.reasons["pipeline"])
    data = charts.movement_rows(pipeline.total, formats)
    paper, room = _rows_pictures(data, charts.describe_movement(data))
    return Part(
        "pipeline",
        f"Pipeline, what moved in {funnel.period_short}",
        f"open deals due by the end of {pipeline.due_label}; deals at the right",
        picture=paper,
        room=room,
    )


def _losses(funnel: Funnel, formats: Formats) -> Part | None:
    pipeline = funnel.pipeline
    if pipeline is None:
        return None
    title, aside = "Why deals were lost", f"closed in {funnel.period_short}"
    if not pipeline.losses:
        return Part("losses", title, aside, (plain("No deal was lost."),))
    has_unknown = any(sums.unknown for _, sums in pipeline.losses)

    def row(name: str | None, sums: Sums) -> tuple[Cell, ...]:
        known = (_plain(sums.count, formats), _money(sums, formats))
        unknown = (_plain(sums.unknown, formats),) if has_unknown else ()
        return (Cell(words.reason_words(name)), *known, *unknown)

    heads = ("Reason", "Deals", "Amount", *(("Without amount",) if has_unknown else ()))
    table = Table("Losses", heads, tuple(row(*loss) for loss in pipeline.losses))
    return Part("losses", title, aside, table=table)


def _sources(funnel: Funnel, formats: Formats) -> Part | None:
    pipeline = funnel.pipeline
    if pipeline is None or not pipeline.sources:
        return None

    def row(move: Movement, name: str) -> tuple[Cell, ...]:
        moved = (_money(move.moves[step], formats) for step in MOVES)
        return (Cell(name), *moved, _money(move.closing, formats), _money(move.open, formats))

    rows = [row(move, words.member(move.source)) for move in pipeline.sources]
    heads = ("Source", *words.move_heads(), "= closing", "all open")
    table = Table("Pipeline by source", heads, (*rows, row(pipeline.total, "All")), feet=1)
    aside = f"due by the end of {pipeline.due_label}"
    return Part("sources", "Pipeline by source", aside, table=table)
