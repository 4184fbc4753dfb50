"""Why only one side counts a record: the handbook's reasons (§5), in their order.

``metrics/reconcile/clues.py`` says which of them fit a record; the first that does is its reason.
"""

from __future__ import annotations

from typing import NamedTuple


class Reason(NamedTuple):
    """``meaning`` follows "record that only one side counts:"; ``remedy`` says who can mend it."""

    id: str
    label: str
    meaning: str
    remedy: str


REASONS: tuple[Reason, ...] = (
    Reason(
        "merged",
        "merged",
        "merged there, or here, into a record that is counted",
        "Nobody: one buyer, counted once. Marketing operations merge it in their system too.",
    ),
    Reason(
        "duplicate",
        "duplicate",
        "a second record of a buyer who is counted already",
        "Operations of the side that has it twice: merge the two.",
    ),
    Reason(
        "deleted",
        "deleted",
        "deleted or archived in the other system",
        "Whoever deleted it says why; operations delete it here too, or restore it there.",
    ),
    Reason(
        "filtered",
        "filtered",
        "a test or spam, kept out of the other system",
        "Marketing operations: take it out of the count here as well.",
    ),
    Reason(
        "repeat",
        "repeat",
        "the buyer came back, and the other side counts only the first time",
        "Nobody: agree in the definition whether a return counts again.",
    ),
    Reason(
        "rejected",
        "rejected",
        "sales had it and turned it down",
        "Both leads: see the rejection's reason on the SLA page.",
    ),
    Reason(
        "period_differs",
        "period differs",
        "the other side counts it in another period",
        "Operations: a late sync or another time zone; it evens out over longer periods.",
    ),
    Reason(
        "existing_contact",
        "existing contact",
        "already a customer, or in an open deal, when it was counted",
        "Marketing operations: leave customers and open deals out of the stage.",
    ),
    Reason(
        "sync_excluded",
        "sync excluded",
        "a rule keeps it from being sent to the other system",
        "Operations of this side: check whether the rule is still meant.",
    ),
    Reason(
        "sync_error",
        "sync error",
        "it could not be sent to the other system",
        "Operations of this side: mend the error that the record shows, and send it again.",
    ),
    Reason(
        "sync_pending",
        "sync pending",
        "it waits to be sent to the other system",
        "Nobody yet; operations, if it still waits tomorrow.",
    ),
    Reason(
        "unrouted",
        "unrouted",
        "it arrived at sales and was given to nobody",
        "Sales operations: give it to a rep and mend the routing.",
    ),
    Reason(
        "created_by_sales",
        "created by sales",
        "sales made it itself; it never passed marketing",
        "Nobody: it was never meant to be on marketing's side.",
    ),
    Reason(
        "created_by_marketing",
        "created by marketing",
        "marketing's own, not part of any sync",
        "Nobody: it was never meant to be on sales' side.",
    ),
    Reason(
        "stage_differs",
        "stage differs",
        "the other side has the buyer at another stage",
        "Both leads: agree on the stage, record by record.",
    ),
    Reason(
        "no_key",
        "no key",
        "neither a lead nor an e-mail address to match it by",
        "Operations of this side: fill in the e-mail address.",
    ),
    Reason(
        "not_found",
        "not found",
        "no match by lead or e-mail, and no other reason: look here first",
        "Operations of both sides, together.",
    ),
)
BY_ID = {reason.id: reason for reason in REASONS}
ORDER = tuple(BY_ID)
NOT_FOUND = "not_found"
# What the page opens with: the stage at which marketing hands over.
DEFAULT_STAGE = "mql"
SIDES = ("marketing", "sales")


def part_id(side: str, reason: str) -> str:
    """``marketing.merged``: what marketing alone counts, for one reason."""
    return f"{side}.{reason}"


PARTS = tuple(part_id(side, reason) for side in SIDES for reason in ORDER)
