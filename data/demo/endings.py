"""When a lead's record ceases to be one of its own: merged into another, or deleted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.demo.clock import Window
from data.demo.draws import NEVER, Draws, Ints, Times, days
from data.demo.funnel import Passes
from data.demo.leads import Leads

DELETED = 0.009


@dataclass(frozen=True)
class Endings:
    """When a lead's record ceased to be one of its own; NaT is never."""

    merged: Times
    deleted: Times
    into: Ints  # the lead that it was merged into, else -1

    def merging(self, lead: Ints, into: Ints, at: Times) -> Endings:
        """The same, with further leads merged."""
        merged, target = self.merged.copy(), self.into.copy()
        merged[lead], target[lead] = at, into
        return Endings(merged, self.deleted, target)

    @property
    def ended(self) -> Times:
        far = np.datetime64("2200-01-01", "us")
        merged = np.where(np.isnat(self.merged), far, self.merged)
        return np.minimum(merged, np.where(np.isnat(self.deleted), far, self.deleted))


def build_endings(draws: Draws, window: Window, leads: Leads, passes: Passes) -> Endings:
    """Duplicates are merged within weeks; a few leads that never qualified are deleted."""
    rng = draws.named("endings")
    size = len(leads)
    merged = leads.created + days(0.2 + rng.exponential(12.0, size))
    deleted = leads.created + days(1 + rng.exponential(30.0, size))
    never_qualified = np.ones(size, dtype=bool)
    never_qualified[passes.lead] = False
    gone = (rng.random(size) < DELETED) & never_qualified & ~leads.duplicate & ~leads.is_show
    is_merged = leads.duplicate & (merged < window.end)
    return Endings(
        np.where(is_merged, merged, NEVER),
        np.where(gone & (deleted < window.end), deleted, NEVER),
        np.where(is_merged, leads.parent, -1),
    )
