"""The credit page's sentences, free of any markup."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from metrics.attribution.board import CreditBoard
from metrics.attribution.deals import Story
from metrics.attribution.economics import ChannelEconomics
from metrics.attribution.model import MODELS, Basis
from metrics.attribution.paths import JourneyTouch
from metrics.attribution.teams import GROUPS, TeamSplit, Touched
from metrics.model import Unit
from metrics.report.credit_charts import whole_percent
from metrics.report.format import Formats
from metrics.report.words import member_words

NUMBERS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
SMALL = 30

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
