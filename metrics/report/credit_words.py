"""The credit page's sentences, free of any markup."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from metrics.attribution.board import STANDING, CreditBoard
from metrics.attribution.deals import Story
from metrics.attribution.economics import ChannelEconomics, Economics
from metrics.attribution.model import MODELS, Basis
from metrics.attribution.paths import JourneyTouch
from metrics.attribution.teams import GROUPS, TeamSplit, Touched
from metrics.model import Metric, Unit
from metrics.query import Row
from metrics.report.cells import Cell
from metrics.report.credit_charts import member_name, whole_percent
from metrics.report.format import UNDEFINED, Formats
from metrics.report.words import member_words

NUMBERS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
SMALL = 30
# What a page has room for: members of the table, steps of a path; a longer one is told by its ends.
MAX_TABLE, MAX_STEPS = 60, 8
SHORT_LABELS = {
    "marketing": "marketing alone",
    "sales": "sales alone",
    "both": "both teams",
    "others": "others alone",
    "nobody": "nobody",
}
RULES_OF_STANDING = {
    STANDING[0]: ("Sourced", "who was first: pipeline created, marketing its source"),
    STANDING[1]: ("Influenced", "whether: won amount that marketing touched at all"),
}

Moment = Callable[[datetime], str]


def money(amount: Decimal | float, formats: Formats) -> str:
    return formats.value(float(amount), Unit.MONEY)


def what_is_credited(board: CreditBoard) -> str:
    """ "won in Q3 2026", "created in Q3 2026"."""
    verb = "won" if board.query.basis == Basis.WON else "of pipeline created"
    return f"{verb} in {board.span.label}"


def total_words(board: CreditBoard, formats: Formats) -> str:
    """What is shared out: its money, its opportunities, and the rule of the journeys."""
    assert board.facts is not None
    total = board.facts.total
    n = total.opportunities
    return (
        f"{money(total.amount, formats)} {what_is_credited(board)}, {formats.plain(n)} "
        f"{'opportunity' if n == 1 else 'opportunities'}"
    )


def facts_parts(board: CreditBoard) -> list[tuple[str, Touched]]:
    """The plain facts, those groups that occur, by the id of ``GROUPS``."""
    assert board.facts is not None
    parts = [(name, getattr(board.facts, name)) for name in GROUPS]
    return [(name, part) for name, part in parts if part.opportunities]


def number(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


def split_words(split: TeamSplit) -> tuple[str, str]:
    """Marketing's and sales' share, and how far the models differ; two sentences."""
    if split.marketing is None or split.low is None or split.high is None:
        return (
            "No team has a share: the money that can be credited is not above 0.",
            "The amounts by channel stand below.",
        )
    known = [share for share in split.shares.values() if share is not None]
    answer = split.answers[split.model]
    sales = float(answer.credit_of("sales") / answer.attributed)
    first = f"Marketing {whole_percent(split.marketing)}%, sales {whole_percent(sales)}%"
    rest = 1 - split.marketing - sales
    if round(abs(rest) * 100):
        first += f", others {whole_percent(rest)}%"
    low = next(name for name, share in split.shares.items() if share == split.low)
    high = next(name for name, share in split.shares.items() if share == split.high)
    return (
        first + ".",
        f"Marketing's share is {whole_percent(split.low)}–{whole_percent(split.high)}% over "
        f"{number(len(known))} models: least by {MODELS[low].label.lower()}, most by "
        f"{MODELS[high].label.lower()}.",
    )


def cautions(board: CreditBoard, formats: Formats) -> list[str]:
    """What a reader must know before believing the shares."""
    assert board.facts is not None
    total, nobody = board.facts.total, board.facts.nobody
    credited = total.opportunities - nobody.opportunities
    found = [board.span.note] if board.span.note else []
    if 0 < credited < SMALL:
        deals = "deal has" if credited == 1 else "deals have"
        found.append(
            f"Only {formats.plain(credited)} {deals} a journey: one of them can turn the shares."
        )
    if not credited:
        found.append("None of them has an eligible touch, so nothing can be credited.")
    if board.still_open:
        found.append(
            f"{formats.plain(board.still_open)} of the {formats.plain(total.opportunities)} are "
            "still open: theirs is credit for pipeline, not for revenue."
        )
    elif board.span.is_running and not board.span.note:
        found.append("The period is not over: more will be added.")
    if total.unknown_amounts:
        found.append(
            f"{formats.plain(total.unknown_amounts)} have no amount: they count, but carry no "
            "money."
        )
    if total.amount < 0:
        found.append("The amounts add up to less than 0: shares of them would mean nothing.")
    return found


def sum_words(board: CreditBoard, formats: Formats) -> str:
    """The line that adds up: credited + unattributed = total, in full."""
    chosen = board.chosen

    def exact(amount: Decimal) -> str:
        return formats.exact(float(amount), Unit.MONEY)

    return (
        f"{exact(chosen.attributed)} credited + {exact(chosen.unattributed)} unattributed = "
        f"{exact(chosen.total)} {what_is_credited(board)}"
    )


def economics_notes(economics: ChannelEconomics) -> list[str]:
    """What a reader must know of the channels' figures."""
    found = [_sentence(economics.reason)] if economics.reason else []
    rows = [*economics.rows.values(), *([economics.total] if economics.total else [])]
    if any(row.is_maturing and row.return_on_spend is not None for row in rows):
        found.append("◔ maturing: touches of the period can still earn, as long as the lookback.")
    if economics.cac_note:
        found.append(f"{economics.cac_label}: {economics.cac_note}.")
    if economics.rows:
        found.append("Credit earned is dated by its touches, customers by their first won deal.")
    if economics.unattributed_customers:
        found.append(
            f"{economics.unattributed_customers:.1f} customers are credited to no channel."
        )
    return found


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def deal_words(story: Story, board: CreditBoard, formats: Formats, day: Moment) -> str:
    """Whose journey it is: "Halden Robotics, $378,600, won 18 Sep 2026"."""
    deal = story.deal
    verb = "won" if board.query.basis == Basis.WON else "created"
    amount = "no amount" if deal.amount is None else formats.exact(float(deal.amount), Unit.MONEY)
    return f"{deal.account or deal.opportunity_id}, {amount}, {verb} {day(deal.anchor)}"


def weights_words(story: Story, board: CreditBoard) -> str:
    """Under which model the weights are, and what that model says."""
    model, asked = MODELS[story.model], MODELS[board.query.model]
    text = f"Dot area = weight under {model.label}"
    if model is asked:
        return f"{text}."
    return f"{text}: {asked.label} exists over all journeys together, not for a single one."


def touch_words(touch: JourneyTouch, story: Story) -> str:
    """What a touch was: "webinar, event, “Forecast demo”"."""
    parts = [member_words(touch.channel)]
    if touch.kind and touch.kind != touch.channel:
        parts.append(touch.kind.replace("_", " "))
    if touch.campaign:
        parts.append(story.campaigns.get(touch.campaign, touch.campaign))
    if touch.asset:
        parts.append(touch.asset.replace("_", " "))
    return ", ".join(parts)


# -- sourced, influenced, credited ----------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """One of the three questions: its name, its figure, its rule, and what stands by the rule."""

    id: str
    title: str
    value: str
    rule: str
    aside: str


def standing(board: CreditBoard, formats: Formats) -> list[Standing]:
    """Sourced, influenced and credited, each with its own name; nothing is a sum of two."""
    found = {metric.id: (metric, row) for metric, row in board.beside}
    cells = []
    for name, (title, rule) in RULES_OF_STANDING.items():
        value, why = UNDEFINED, "this KPI is not in the catalog"
        if name in found:
            value, why = _kpi_value(*found[name], formats)
        cells.append(Standing(name, title, value, rule, why))
    chosen = board.chosen
    assert board.split is not None
    earned = board.split.answers[chosen.model].credit_of("marketing")
    basis = "won amount" if chosen.basis == Basis.WON else "pipeline created"
    rule = f"how much: marketing's part of the {basis}"
    label = MODELS[chosen.model].label
    return [*cells, Standing("credited", "Credited", money(earned, formats), rule, label)]


def _kpi_value(metric: Metric, row: Row, formats: Formats) -> tuple[str, str]:
    if row.value is None:
        return UNDEFINED, row.reason or "no value for this period"
    return formats.value(row.value, metric.unit), ""


# -- tables ---------------------------------------------------------------------------------------


def path_steps(steps: Sequence[str | None], called: Mapping[str, str]) -> list[tuple[str, bool]]:
    """The steps of a path by name; of a long one the middle is a count (True)."""
    named = [(member_name(step, called), False) for step in steps]
    if len(named) <= MAX_STEPS:
        return named
    hidden = (f"{len(named) - MAX_STEPS + 1} more", True)
    return [*named[: MAX_STEPS // 2], hidden, *named[-MAX_STEPS // 2 + 1 :]]


def economics_heads(found: ChannelEconomics) -> list[str]:
    return ["Channel", "Spend", "Credit earned", "Return", "Customers, 4 quarters", found.cac_label]


def economics_rows(found: ChannelEconomics) -> list[tuple[str, Economics]]:
    """The channels by name, then all of them."""
    rows = [(member_name(name, {}), row) for name, row in found.rows.items()]
    return [*rows, *([("All", found.total)] if found.total is not None else [])]


def economics_cells(row: Economics, formats: Formats) -> list[Cell]:
    """Spend, credit, return, customers and the cost of one."""

    def cell(value: float | None, unit: Unit, least: str = "") -> Cell:
        is_tiny = least and value is not None and 0 < value < 0.05
        return Cell(least if is_tiny else formats.value(value, unit), value, unit)

    return [
        cell(row.spend, Unit.MONEY),
        cell(row.credit, Unit.MONEY),
        cell(row.return_on_spend, Unit.MULTIPLE, "<0.1×"),
        cell(row.customers, Unit.COUNT, "<0.1"),
        cell(row.cac, Unit.MONEY),
    ]
