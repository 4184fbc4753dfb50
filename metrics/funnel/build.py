"""One view's funnel: every part, or why it cannot be computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from data.warehouse import Warehouse
from metrics.cache import RESULTS
from metrics.compile import UnsupportedDimension
from metrics.funnel.counts import stage_counts
from metrics.funnel.curve import conversion, steps
from metrics.funnel.fates import fates
from metrics.funnel.model import Funnel
from metrics.funnel.pipeline import pipeline
from metrics.funnel.question import Question
from metrics.funnel.times import stage_times
from metrics.view import View

T = TypeVar("T")


def build_funnel(warehouse: Warehouse, view: View, step: str | None = None) -> Funnel:
    """Every number of the page, by five statements: stage counts, curve, times, fates, pipeline.

    ``step`` is the cohort KPI whose curve is drawn; one that the company's stages do not allow
    gives way to the default. Raises ``WarehouseError`` when the warehouse does not answer.
    """
    key = ("funnel", warehouse.config.fingerprint, view, step)
    return RESULTS.answer(warehouse, key, lambda: _Builder(Question(warehouse, view)).funnel(step))


class _Builder:
    def __init__(self, question: Question) -> None:
        self.question = question
        self.reasons: dict[str, str] = {}

    def _part(self, name: str, tables: Sequence[str], compute: Callable[[], T]) -> T | None:
        """A part, or None with its reason: an empty table, too few stages, a filter it lacks."""
        empty = self.question.warehouse.empty_tables(tables)
        if empty:
            self.reasons[name] = f"The table {' and '.join(empty)} is empty."
            return None
        if "lead_stages" in tables and len(self.question.stages) < 2:
            self.reasons[name] = "Fewer than two stages occur in lead_stages."
            return None
        try:
            return compute()
        except UnsupportedDimension as error:
            self.reasons[name] = f"This part {error.message}: clear that filter to see it."
            return None

    def funnel(self, step: str | None) -> Funnel:
        question = self.question
        offered = steps(question)
        chosen = step if step in offered else next(iter(offered), None)
        leads = ("lead_stages",)
        found = self._part("fates", leads, lambda: fates(question))
        if chosen is None and not question.warehouse.empty_tables(leads):
            self.reasons["conversion"] = (
                "No conversion can be followed: the company's data lack the stages for it."
            )
        return Funnel(
            period_label=question.view.period.label,
            period_short=question.period_short,
            is_running=question.frame.is_running,
            counts=self._part("counts", leads, lambda: stage_counts(question)),
            conversion=None
            if "conversion" in self.reasons
            else self._part("conversion", leads, lambda: conversion(question, chosen or "")),
            times=self._part("times", leads, lambda: stage_times(question)),
            leaks=found and found[0],
            recycled=found and found[1],
            recycled_ever=found and found[2],
            pipeline=self._part("pipeline", ("opportunities",), lambda: pipeline(question)),
            reasons=self.reasons,
            steps=offered,
        )
