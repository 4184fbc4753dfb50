"""The SLA page as a section to write: both sides, response times, heat, teams, what came back.

Single reps are not named: a deck is projected (handbook, §3), and the spreadsheet of it shared.
"""

from __future__ import annotations

from collections.abc import Sequence

from data.warehouse import Warehouse
from metrics.calendar import Calendar
from metrics.errors import QueryError
from metrics.model import Status, Unit
from metrics.report import sla_charts as charts
from metrics.report import sla_trend as trend
from metrics.report import sla_words as words
from metrics.report import words as tile_words
from metrics.report.cells import POINTS, Cell, Table
from metrics.report.chart_file import Picture
from metrics.report.format import Formats
from metrics.report.native_chart import NativeChart, Role, Series, Shape
from metrics.report.page_section import Headline, PageSection, Part, lacking, plain
from metrics.report.view_words import moment_words
from metrics.report.words import Words, member_words
from metrics.scorecard import Tile
from metrics.sla import Queue, SlaPage, build_sla
from metrics.sla.model import CostRow, Rate, ReasonRow, SegmentRow
from metrics.view import View

TITLE = "SLA"
PAPER, ROOM = 560, 900
MARKS = {"partial": "◐", "maturing": "◔", "small": "○"}
SIDES = {"marketing": "Marketing delivers", "sales": "Sales answers"}


def sla_section(warehouse: Warehouse, view: View, formats: Formats) -> PageSection:
    """The SLA as its page shows it. Raises ``WarehouseError`` when the warehouse does not
    answer."""
    page = build_sla(warehouse, view)
    hours = warehouse.config.sla.response_hours
    promised = words.promised(page.sales, hours, formats)
    parts = (
        _side("marketing", page.marketing, words.committed(page.marketing, formats), formats),
        _segments(page, formats),
        _side("sales", page.sales, promised, formats),
        _states(page, formats),
        _responses(page, formats),
        _heat(page, warehouse.config.company.timezone, formats),
        _waiting(warehouse, view, formats),
        _teams(page, formats),
        _cost(page, formats),
        _effort(page, formats),
        *_rejected(page, formats),
    )
    told = tuple(
        f"{tile.label}: {tile.metric.definition}" for tile in (*page.marketing, *page.sales)
    )
    shown = tuple(part for part in parts if part is not None)
    return PageSection("sla", TITLE, page.period_short, shown, told)


def _plain(n: float, formats: Formats) -> Cell:
    return Cell(formats.plain(n), n, "plain")


def _share(rate: Rate, formats: Formats) -> Cell:
    return Cell(words.share_words(rate, formats), rate.share, Unit.SHARE)


# -- the two sides --------------------------------------------------------------------------------


def figure_of(tile: Tile, formats: Formats) -> Headline:
    """A tile as it stands by itself: value, what it is of, target, change."""
    goal, state = tile_words.target_words(tile, formats)
    marks = [f"{MARKS.get(m.kind, '○')} {m.text}" for m in tile.marks if m.kind != "partial"]
    beside = " · ".join([*([tile.qualifier] if tile.qualifier else []), *marks])
    aim = Words(f"{state.text} · {goal}" if state.text else goal, state.judgement)
    lines = (Words(beside), aim, tile_words.change_words(tile, formats))
    return Headline(
        tile.label,
        tile_words.headline(tile, formats),
        tuple(line for line in lines if line.text),
        tile.metric.id,
    )


def _side(name: str, tiles: Sequence[Tile], aside: str, formats: Formats) -> Part:
    running = next((m.text for t in tiles for m in t.marks if m.kind == "partial"), None)
    tile = tiles[0]
    data = trend.trend_data(tile, formats, trend.DESK)
    has_trend = not data.empty
    alt = trend.describe(tile, formats)
    table = Table(
        f"{SIDES[name]}, trend",
        ("KPI", "Period", "Value", "State"),
        tuple(
            (
                Cell(one.label),
                Cell(point.label),
                Cell(formats.value(point.value, one.metric.unit), point.value, one.metric.unit),
                Cell(point.status.value),
            )
            for one in tiles
            for point in one.points
        ),
        is_data=True,
    )
    return Part(
        f"{name}-side",
        SIDES[name],
        f"{aside} · ◐ {running}" if running else aside,
        figures=tuple(figure_of(one, formats) for one in tiles),
        picture=Picture(trend.trend_spec(trend.DESK), data, PAPER, alt) if has_trend else None,
        room=_in_room(tile, formats, alt) if has_trend else None,
        natives=(trend_chart(tile, formats),) if has_trend else (),
        table=table,
    )


def _in_room(tile: Tile, formats: Formats, alt: str) -> Picture:
    data = trend.trend_data(tile, formats, trend.ROOM)
    return Picture(trend.trend_spec(trend.ROOM), data, ROOM, alt)


def trend_chart(tile: Tile, formats: Formats) -> NativeChart:
    """A tile's trend with its target and the edges of what is usual."""
    points = tile.points[-trend.POINTS :]
    unit = tile.metric.unit
    series = [Series(tile.label, tuple(p.value for p in points))]
    if tile.target is not None and not tile.target.is_pace:
        series.append(Series("target", (tile.target.value,) * len(points), Role.TARGET))
    for name, side in (("usual from", "low"), ("usual to", "high")):
        edge = tuple(None if p.limits is None else getattr(p.limits, side) for p in points)
        series.append(Series(name, edge, Role.LIMIT))
    return NativeChart(
        tile.label,
        tuple(point.label for point in points),
        tuple(line for line in series if line.role is Role.MAIN or line.has_values),
        unit,
        tuple(formats.value(point.value, unit) for point in points),
        open_at=tuple(
            n for n, p in enumerate(points) if p.status in (Status.PARTIAL, Status.MATURING)
        ),
    )


def _segments(page: SlaPage, formats: Formats) -> Part:
    title = f"Delivered, by {page.segmented_by}"
    if page.segments is None:
        return lacking("segments", title, page.reasons["segments"])
    total = sum(row.delivered for row in page.segments)
    if not total:
        told = f"No complete MQL was handed over in {page.period_short}."
        return lacking("segments", title, told)
    kept = words.kept_segments(page.segments)
    text = " + ".join(
        f"{formats.plain(row.delivered)}{words.segment_words(row, formats)}" for row in kept
    )
    told = f"{formats.plain(total)} delivered in {page.period_short} = {text}"

    def row(one: SegmentRow) -> tuple[Cell, ...]:
        complete = Cell("–") if one.complete is None else _share(one.complete, formats)
        target = Cell("") if one.target is None else _plain(round(one.target, 1), formats)
        return (
            Cell(member_words(one.segment)),
            _plain(one.delivered, formats),
            target,
            complete,
        )

    table = Table(
        title,
        (page.segmented_by.capitalize(), "Delivered", "Target", "Complete"),
        tuple(map(row, page.segments)),
    )
    return Part("segments", title, page.period_short, (plain(told),), table=table)


def _states(page: SlaPage, formats: Formats) -> Part:
    title = "Handed over"
    if page.states is None:
        return lacking("states", title, page.reasons["responses"])
    states = page.states
    if not states.handoffs:
        return lacking("states", title, f"No lead was handed over in {page.period_short}.")
    counts = {name: getattr(states, key) for key, name in words.STATE_WORDS.items()}
    chart = NativeChart(
        title,
        tuple(counts),
        (Series("handoffs", tuple(float(n) for n in counts.values())),),
        Unit.COUNT,
        tuple(formats.plain(n) for n in counts.values()),
        Shape.BARS,
    )
    rows = [(Cell(name), _plain(n, formats)) for name, n in counts.items()]
    rows.append((Cell("handed over"), _plain(states.handoffs, formats)))
    table = Table(title, ("State", "Handoffs"), tuple(rows), feet=1)
    return Part(
        "states", title, f"in {page.period_short}", natives=(chart,), table=table, shows_table=False
    )


# -- over the window ------------------------------------------------------------------------------


def _responses(page: SlaPage, formats: Formats) -> Part:
    title = "Response time ÷ target"
    found = page.responses
    if found is None:
        return lacking("responses", title, page.reasons["responses"])
    aside = f"business hours, {page.window_label}"
    if not found:
        return Part("responses", title, aside, (plain("No lead was handed over in this time."),))
    data, alt = charts.strip_data(found, formats), charts.strip_words(found, formats)
    table = Table(
        "Response times",
        ("Priority", "In time", "Met", "Late", "Unanswered", "Pending"),
        tuple(
            (
                Cell(charts.priority_name(one, formats)),
                Cell(
                    formats.value(one.window.adherence, Unit.SHARE),
                    one.window.adherence,
                    Unit.SHARE,
                ),
                *(
                    _plain(n, formats)
                    for n in (
                        one.window.met,
                        one.window.late,
                        one.window.unanswered,
                        one.window.pending,
                    )
                ),
            )
            for one in found
        ),
    )

    def picture(size: charts.StripSize, width: int) -> Picture:
        return Picture(charts.strip_spec(len(found), size), data, width, alt)

    return Part(
        "responses",
        title,
        aside,
        picture=picture(charts.STRIP_DESK, PAPER),
        room=picture(charts.STRIP_ROOM, ROOM),
        table=table,
    )


def _heat(page: SlaPage, timezone: str, formats: Formats) -> Part:
    title = "Late, by time of handoff"
    heat = page.heat
    if heat is None:
        return lacking("heat", title, page.reasons["heat"])
    told = charts.worst_words(heat, formats)
    zone = timezone.rpartition("/")[2].replace("_", " ")
    aside = f"%, {zone} time, {page.window_label}"
    if not heat.cells:
        return Part("heat", title, aside, (plain(told),))
    data = charts.heat_data(heat, formats)
    cells = data[data["mark"] == "cell"]
    columns, rows = int(cells["column"].max()) + 1, int(cells["row"].max()) + 1

    def picture(size: charts.HeatSize, width: int) -> Picture:
        return Picture(charts.heat_spec(columns, rows, size), data, width, told)

    return Part(
        "heat",
        title,
        aside,
        picture=picture(charts.HEAT_DESK, PAPER),
        room=picture(charts.HEAT_ROOM, ROOM),
        notes=(told,),
    )


def _waiting(warehouse: Warehouse, view: View, formats: Formats) -> Part:
    """How many wait for an answer as of the view's moment; whose leads they are stays on the
    page."""
    try:
        summary = Queue(warehouse, view, shows_people=False).summary()
    except QueryError as error:
        return lacking("waiting", "No answer yet", str(error))
    at = f"at {moment_words(view.as_of, Calendar(warehouse.config), formats.locale)}"
    told = (plain(words.waiting_words(summary, formats)),)
    return Part("waiting", "No answer yet", at, told)


def _teams(page: SlaPage, formats: Formats) -> Part:
    title = "In time, by team"
    found = page.answerers
    if found is None:
        return lacking("teams", title, page.reasons["answerers"])
    aside = page.window_label
    if not found.teams:
        return Part("teams", title, aside, (plain("No lead was handed over in this time."),))
    rows = tuple(
        (
            Cell("(nobody assigned)" if row.name is None else row.name),
            _share(row.met, formats),
            Cell(words.interval_words(row.met)),
            _plain(row.met.total, formats),
            _plain(row.pending, formats),
            Cell(words.STANDING[row.standing]),
        )
        for row in found.teams
    )
    heads = ("Team", "In time", "95% interval", "Due", "Pending", "Against the rest")
    told = words.answerers_words(found, formats)
    return Part("teams", title, aside, table=Table(title, heads, rows), notes=(told,))


def _cost(page: SlaPage, formats: Formats) -> Part:
    title = "What goes with lateness"
    found = page.cost
    if found is None:
        return lacking("cost", title, page.reasons["cost"])
    aside = f"handed over in the {page.cost_label}, SQL within {found.window_days} days"

    def row(name: str, one: CostRow) -> tuple[Cell, ...]:
        return (
            Cell(name),
            _share(one.in_time, formats),
            _plain(one.in_time.total, formats),
            _share(one.late, formats),
            _plain(one.late.total, formats),
            Cell(words.difference_words(one, formats), one.difference, POINTS),
        )

    rows = [row("All", found.total), *(row(member_words(r.priority), r) for r in found.rows)]
    heads = ("Priority", "In time → SQL", "in time", "Late → SQL", "late", "Difference (95%)")
    told = words.cost_words(found, page.cost_label, formats)
    return Part("cost", title, aside, (plain(told),), table=Table(title, heads, tuple(rows)))


def _effort(page: SlaPage, formats: Formats) -> Part | None:
    if not page.effort:
        return None
    figures = tuple(
        Headline(
            one.metric.label,
            formats.value(one.row.value, one.metric.unit),
            (plain(words.effort_words(one, formats)),),
            one.metric.id,
        )
        for one in page.effort
    )
    return Part("effort", "Effort astray", f"in the {page.cost_label}", figures=figures)


def _rejected(page: SlaPage, formats: Formats) -> tuple[Part, ...]:
    title = "What sales gave back, and why"
    found = page.rejections
    if found is None:
        return (lacking("channels", title, page.reasons["rejections"]),)
    aside = f"rejected ÷ (accepted + rejected), {page.window_label}"
    if not found.total.rejected.count:
        return (Part("channels", title, aside, (plain("No lead was given back."),)),)

    def row(one: ReasonRow, name: str) -> tuple[Cell, ...]:
        rest = one.rejected.count - sum(one.counts[: len(found.reasons)])
        counts = [*one.counts[: len(found.reasons)], *([rest] if found.has_others else [])]
        return (
            Cell(name),
            _share(one.rejected, formats),
            _plain(one.rejected.count, formats),
            _plain(one.rejected.total, formats),
            *(_plain(n, formats) for n in counts),
        )

    def part(id_: str, title: str, by: str, aside: str, members: Sequence[ReasonRow]) -> Part:
        reasons = [words.reason_words(reason) for reason in found.reasons]
        heads = (by, "Given back", "Rejected", "of", *reasons)
        heads += ("others",) if found.has_others else ()
        rows = [row(one, words.row_name(one)) for one in members] + [row(found.total, "All")]
        return Part(id_, title, aside, table=Table(title, heads, tuple(rows), feet=1))

    return (
        part("channels", title, "Channel", aside, found.channels),
        part("campaigns", "Given back, by campaign", "Campaign", page.window_label,
             found.campaigns),
    )  # fmt: skip
