"""The credit page as a section to write: facts, split by team, members, ranks, channels, paths."""

from __future__ import annotations

from collections.abc import Mapping

from babel.dates import format_date

from data.warehouse import Warehouse
from metrics.attribution.board import (
    Asked,
    ChannelReturns,
    CreditBoard,
    build_credit,
    build_returns,
)
from metrics.attribution.model import MODELS, Basis
from metrics.attribution.payback import MONTHS, PaybackRow
from metrics.calendar import Calendar
from metrics.model import Unit
from metrics.report import credit_charts as charts
from metrics.report import credit_words as words
from metrics.report import journey_chart, rank_chart
from metrics.report.cells import Cell, Table
from metrics.report.chart_file import Picture
from metrics.report.credit_charts import Line, whole_percent
from metrics.report.format import UNDEFINED, Formats
from metrics.report.native_chart import NativeChart, Series, Shape
from metrics.report.page_section import Headline, PageSection, Part, lacking, plain
from metrics.report.words import Words
from metrics.view import View

TITLE = "Credit"
# In px: what a picture is drawn as on paper, and before a room where 560 px are half a page.
PAPER, ROOM = 560, 900
ROW, TEXT = 27, 13.0
ROOM_ROW, ROOM_TEXT, ROOM_ROWS = 34, 20.0, 8


def credit_section(warehouse: Warehouse, view: View, asked: Asked, formats: Formats) -> PageSection:
    """Credit as its page shows it. Raises ``WarehouseError`` when the warehouse does not answer."""
    board = build_credit(warehouse, view, asked)
    model = MODELS[asked.model]
    beside = f"{board.span.label} · {model.label}"
    if board.reason:
        return PageSection("attribution", TITLE, beside, (lacking("credit", TITLE, board.reason),))
    returns = build_returns(warehouse, board.query)
    days = board.query.lookback_days or warehouse.config.attribution.lookback_days
    parts = (
        _facts(board, days, formats),
        _teams(board, formats),
        _members(board, formats),
        _standing(board, formats),
        _ranks(board),
        _journey(board, Calendar(warehouse.config), formats),
        _economics(returns, model.label, formats),
        _payback(returns),
        _paths(board, formats),
        _table(board, formats),
    )
    told = (f"{model.label}: {model.words}", *words.cautions(board, formats))
    shown = tuple(part for part in parts if part is not None)
    return PageSection("attribution", TITLE, beside, shown, told)


def _facts(board: CreditBoard, days: int, formats: Formats) -> Part:
    assert board.facts is not None
    total = float(board.facts.total.amount)
    parts = words.facts_parts(board)
    is_whole = total > 0 and all(part.amount >= 0 for _, part in parts)
    rows = []
    for name, part in parts:
        amount = float(part.amount)
        share = Cell(UNDEFINED)
        if is_whole:
            share = Cell(f"{whole_percent(amount / total)}%", amount / total, Unit.SHARE)
        shown = Cell(words.money(part.amount, formats), amount, Unit.MONEY)
        count = Cell(formats.plain(part.opportunities), part.opportunities, "plain")
        rows.append((Cell(words.SHORT_LABELS[name]), shown, share, count))
    table = Table("Who touched it", ("Touched by", "Amount", "Share", "Deals"), tuple(rows))
    aside = f"{words.total_words(board, formats)}; lookback {days} days"
    chart = NativeChart(
        "Who touched it",
        tuple(row[0].text for row in rows),
        (Series("amount", tuple(row[1].number for row in rows)),),
        Unit.MONEY,
        tuple(f"{row[1].text}, {row[2].text}" for row in rows),
        Shape.BARS,
    )
    return Part("facts", "Who touched it", aside, table=table, natives=(chart,), shows_table=False)


def _teams(board: CreditBoard, formats: Formats) -> Part:
    assert board.split is not None
    model = board.query.model
    first, rest = words.split_words(board.split)
    lines = charts.team_lines(board.split.answers, model)
    told = (Words(first), Words(rest), *map(plain, words.cautions(board, formats)))
    title, aside = "Who gets the credit", f"{MODELS[model].label}: {MODELS[model].words}"
    known = [line for line in lines if line.known()]
    if not known:
        return Part("teams", title, aside, told)
    table = _by_model("Credit by team", "Team", lines, model, Unit.SHARE, formats)
    return Part(
        "teams",
        title,
        aside,
        told,
        picture=_ranges(lines, model, Unit.SHARE, formats, whole=1.0),
        room=_ranges(lines, model, Unit.SHARE, formats, whole=1.0, is_room=True),
        table=table,
        notes=(KEY,),
        shows_table=False,
    )


KEY = "● chosen model  ○ other models  ▽ first touch  △ last touch"


def _by_model(
    name: str, head: str, lines: list[Line], model: str, unit: Unit, formats: Formats
) -> Table:
    """A figure by member under every model, the chosen one first."""
    models = [model, *(m for m in MODELS if m != model and any(m in x.figures for x in lines))]

    def cell(line: Line, name: str) -> Cell:
        figure = line.figures.get(name)
        return Cell(formats.value(figure, unit), figure, unit)

    rows = tuple((Cell(line.name), *(cell(line, m) for m in models)) for line in lines)
    return Table(name, (head, *(MODELS[m].label for m in models)), rows)


def _ranges(
    lines: list[Line],
    model: str,
    unit: Unit,
    formats: Formats,
    *,
    whole: float | None = None,
    is_room: bool = False,
) -> Picture:
    row, text, width = (ROOM_ROW, ROOM_TEXT, ROOM) if is_room else (ROW, TEXT, PAPER)
    has_notes = any(line.note for line in lines)
    return Picture(
        charts.range_spec(len(lines), row, text, charts.left_width(lines), has_notes),
        charts.range_data(lines, model, unit, formats, whole),
        width,
        charts.describe_lines(lines),
    )


def _members(board: CreditBoard, formats: Formats) -> Part:
    model, title = board.query.model, f"By {board.query.by}, under every model"
    lines = charts.member_lines(board.answers, model, board.called, formats)
    if not lines:
        return lacking("members", title, "Nothing is credited to anyone.")
    unattributed = float(board.chosen.unattributed)
    shown = formats.value(unattributed, Unit.MONEY)
    last = charts.Line("unattributed", {model: unattributed}, shown)
    few = charts.member_lines(board.answers, model, board.called, formats, ROOM_ROWS)
    bars = [*few, last]
    return Part(
        "members",
        title,
        "credit",
        picture=_ranges([*lines, last], model, Unit.MONEY, formats),
        room=_ranges(bars, model, Unit.MONEY, formats, is_room=True),
        notes=(words.sum_words(board, formats), KEY),
    )


def _standing(board: CreditBoard, formats: Formats) -> Part:
    figures = tuple(
        Headline(one.title, one.value, tuple(plain(t) for t in (one.rule, one.aside) if t), one.id)
        for one in words.standing(board, formats)
    )
    aside = f"marketing, {board.span.label}; three questions, never added up"
    return Part("standing", "Sourced, influenced, credited", aside, figures=figures)


def _ranks(board: CreditBoard) -> Part | None:
    data = rank_chart.rank_data(board.answers, board.query.model, board.called)
    rows = int(data["y"].max())
    if not rows:
        return None

    def picture(row: int, text: float, width: int) -> Picture:
        spec = rank_chart.rank_spec(rows, row, text)
        return Picture(spec, data, width, rank_chart.describe_ranks(data))

    return Part(
        "ranks",
        "Who ranks where",
        "dark: the largest moves; – no credit",
        picture=picture(24, TEXT, PAPER),
        room=picture(38, ROOM_TEXT, 950),
    )


def _journey(board: CreditBoard, calendar: Calendar, formats: Formats) -> Part:
    story, title = board.story, "One journey"
    if story is None:
        return lacking("journey", title, "No opportunity here has an eligible touch.")
    data = journey_chart.journey_data(story, board.query.basis)
    lanes = len(journey_chart.lanes_of(story))
    touches = [words.touch_words(touch, story) for touch in story.journey.touches]
    alt = journey_chart.describe_journey(story, touches)

    def picture(lane: int, text: float, width: int) -> Picture:
        return Picture(journey_chart.journey_spec(lanes, lane, text), data, width, alt)

    aside = words.deal_words(
        story,
        board,
        formats,
        lambda at: format_date(calendar.day_of(at), "d MMM yyyy", locale=formats.locale),
    )
    return Part(
        "journey",
        title,
        aside,
        picture=picture(96, TEXT, PAPER),
        room=picture(118, ROOM_TEXT, 1000),
        notes=(words.weights_words(story, board),),
    )


def _economics(returns: ChannelReturns, model: str, formats: Formats) -> Part:
    found = returns.economics
    rows = tuple(
        (Cell(name), *words.economics_cells(row, formats))
        for name, row in words.economics_rows(found)
    )
    table = Table(
        "Channels",
        tuple(words.economics_heads(found)),
        rows,
        feet=0 if found.total is None else 1,
    )
    return Part(
        "channels",
        "What channels cost and earn",
        f"{model}, won deals",
        table=table if rows else None,
        notes=tuple(words.economics_notes(found)),
    )


def _payback(returns: ChannelReturns) -> Part:
    found, title = returns.payback, "Whose timeline is it"
    aside = "% of its credit by months since the first touch"
    if found.reason or not found.rows:
        reason = found.reason or "Nothing is credited to any channel."
        return Part("payback", title, aside, (plain(reason),))
    rows = [
        (charts.member_name(name, {}), found.rows[name])
        for name in returns.channels
        if name in found.rows
    ]
    if found.total is not None:
        rows.append(("All", found.total))
    months = [str(n) for n in range(MONTHS - 1)] + [f"{MONTHS - 1}+"]
    table = Table(
        "Months to credit",
        ("Month", *months, "Half by"),
        tuple((Cell(name), *_months(row)) for name, row in rows),
        feet=0 if found.total is None else 1,
    )
    told = "Months of 30 days. Half by: when half of the credit had come."
    return Part("payback", title, aside, table=table, notes=(told,))


def _months(row: PaybackRow) -> list[Cell]:
    if row.shares is None:
        return [Cell(UNDEFINED)] * (MONTHS + 1)
    cells = [
        Cell(whole_percent(share) if round(share * 100) else "", share, Unit.SHARE)
        for share in row.shares
    ]
    half = row.median_months
    return [*cells, Cell(UNDEFINED) if half is None else Cell(f"{half:.1f}", half, "plain")]


def _paths(board: CreditBoard, formats: Formats) -> Part:
    verb = "win" if board.query.basis == Basis.WON else "are taken"
    title, aside = f"The paths that {verb} most", f"by {board.query.by}, repeats once"
    if not board.paths:
        return lacking("paths", title, "No opportunity here has an eligible touch.")
    own = board.paths[0].opportunities == 1
    told = "Every deal went a way of its own; these are the largest."
    rows = tuple(
        (
            Cell(" → ".join(text for text, _ in words.path_steps(path.steps, board.called))),
            Cell(formats.plain(path.opportunities), path.opportunities, "plain"),
            Cell(words.money(path.amount, formats), float(path.amount), Unit.MONEY),
        )
        for path in board.paths
    )
    table = Table("Paths", ("Path", "Deals", "Amount"), rows)
    return Part("paths", title, aside, (plain(told),) if own else (), table=table)


def _table(board: CreditBoard, formats: Formats) -> Part:
    """Every member under every model, to the cent: what adds up."""
    models = [board.query.model, *(m for m in board.answers if m != board.query.model)]
    credit = charts.credits_by_member(board.answers, board.query.model)

    def row(name: str, amounts: Mapping[str, object]) -> tuple[Cell, ...]:
        figures = [float(str(amounts[m])) for m in models]
        return (Cell(name), *(Cell(words.money(f, formats), f, Unit.MONEY) for f in figures))

    rows = [row(charts.member_name(m, board.called), amounts) for m, amounts in credit.items()]
    for label, kind in (("Unattributed", "unattributed"), ("Total", "total")):
        rows.append(row(label, {m: getattr(a, kind) for m, a in board.answers.items()}))
    by = str(board.query.by).capitalize()
    table = Table(
        f"Credit by {board.query.by}",
        (by, *(MODELS[m].label for m in models)),
        tuple(rows),
        feet=2,
    )
    return Part(
        "models",
        f"Every {board.query.by} under every model",
        "the chosen model first",
        table=table,
        notes=(words.sum_words(board, formats),),
    )
