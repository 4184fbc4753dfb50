"""Joint wins in words, free of any markup."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date

from metrics.model import Unit
from metrics.report.format import Formats
from metrics.review.wins import Win, Wins

TITLE = "Joint wins"


def aside(wins: Wins) -> str:
    return f"deals won in {wins.period_label} that both teams touched"


def none_words(wins: Wins) -> str:
    """Why there is no joint win; "" where there is one."""
    if wins.reason:
        return wins.reason
    if wins.count:
        return ""
    return (
        "No deal was won."
        if not wins.won
        else f"Of {wins.won} won, none had touches of both teams."
    )


def total_words(wins: Wins, formats: Formats) -> str:
    """ "12 of 30 won, $1.2M of $3.4M · 4 more"."""
    more = wins.count - len(wins.deals)
    rest = f" · {more} more" if more > 0 else ""
    return (
        f"{wins.count} of {wins.won} won, {formats.value(float(wins.amount), Unit.MONEY)} of "
        f"{formats.value(float(wins.won_amount), Unit.MONEY)}{rest}"
    )


def amount(one: Win) -> float | None:
    known: Decimal | None = one.amount
    return None if known is None else float(known)


def name(one: Win) -> str:
    return one.account or f"deal {one.opportunity_id}"


def day(moment: datetime, zone: ZoneInfo, locale: str) -> str:
    """ "12 Nov": a naive UTC moment in company time."""
    local = moment.replace(tzinfo=UTC).astimezone(zone)
    return format_date(local.date(), "d MMM", locale=locale)
