"""Reconciliation: why marketing's systems and sales' count a stage differently (handbook §5)."""

from metrics.reconcile.ledger import Balance, Ledger, Part, reconcilable_stages
from metrics.reconcile.reasons import BY_ID, NOT_FOUND, REASONS, Reason

__all__ = [
    "BY_ID",
    "NOT_FOUND",
    "REASONS",
    "Balance",
    "Ledger",
    "Part",
    "Reason",
    "reconcilable_stages",
]
