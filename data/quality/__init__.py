"""What can be wrong with the data of a warehouse, as declared checks (docs/quality.md)."""

from __future__ import annotations

from data.quality.model import Check, Level, Result, run_checks
from data.quality.rules import CHECKS

__all__ = ["CHECKS", "Check", "Level", "Result", "run_checks"]
