"""The reconciliation page's sentences, free of any markup."""

from __future__ import annotations

from metrics.catalog.reconciliation import stage_name
from metrics.reconcile import Balance
from metrics.report.format import Formats

FILTERED = (
    "Filtered by the lead of each record, or of its e-mail address; a pair that both sides count "
    "is marketing's lead's. A record of no known lead is in no filter but “(none)”."
)
ONLY = {"marketing": "Marketing", "sales": "Sales"}
WATERFALL = "From marketing’s count to sales’"
NO_RECORD = "Neither side counts a record in this period under these filters."
SAME = "Both sides count the same records."
TREND, TREND_ASIDE = "The gap over time", "marketing’s count less sales’"
REASONS_ASIDE = "each record that only one side counts has exactly one"


def headline_words(stage: str, balance: Balance, formats: Formats) -> list[tuple[str, bool]]:
    """Both counts, what they agree on, and how many records still have no reason: pieces of one
    text, True for those that are figures."""
    counts = (balance.marketing, balance.sales, balance.matched, balance.not_found)
    marketing, sales, matched, open_ = (formats.plain(n) for n in counts)
    pieces = [("Marketing counts ", False), (marketing, True)]
    pieces += [(f" {stage_name(stage, balance.marketing)}, sales ", False), (sales, True)]
    pieces += [(". They agree on ", False), (matched, True), (".", False)]
    if balance.parts:
        pieces.append((" Every other record has one reason; ", False))
        if balance.not_found:
            pieces += [("for ", False), (open_, True), (" it is", False)]
        else:
            pieces.append(("none is", False))
        pieces.append((" still “not found”.", False))
    return pieces


def headline_text(stage: str, balance: Balance, formats: Formats) -> str:
    return "".join(text for text, _ in headline_words(stage, balance, formats))


def starts_words(base: int, formats: Formats) -> str:
    return f"Bars start at {formats.plain(base)}, not at 0."
