"""One view's SLA page: every part, or why it cannot be computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from data.warehouse import Warehouse
from metrics.baselines import stamp_of_state
from metrics.cache import RESULTS
from metrics.compile import UnsupportedDimension
from metrics.engine import used_stages
from metrics.errors import QueryError
from metrics.model import Team
from metrics.sla.cost import cost
from metrics.sla.model import SlaPage
from metrics.sla.question import COST_WEEKS, WINDOW_WEEKS, Question
from metrics.sla.queue import Queue, missing_clock, refused
from metrics.sla.rejections import rejections
from metrics.sla.responses import answerers, heat_map, responses
from metrics.sla.sides import SEGMENTED_BY, effort, segments, sides
from metrics.view import View

T = TypeVar("T")


def build_sla(warehouse: Warehouse, view: View) -> SlaPage:
    """Every number of the page but the queue: the tiles' question, and one statement each for
    segments, priorities, hours, reps, rejections and cost. Cached.

    Raises ``WarehouseError`` when the warehouse does not answer.
    """
    key = ("sla", warehouse.config.fingerprint, view, stamp_of_state())
    return RESULTS.answer(warehouse, key, lambda: _Builder(Question(warehouse, view)).page())


class _Builder:
    def __init__(self, question: Question) -> None:
        self.question = question
        self.reasons: dict[str, str] = {}

    def _part(self, name: str, compute: Callable[[], T], lacking: str | None) -> T | None:
        """A part, or None with its reason."""
        if lacking is not None:
            self.reasons[name] = lacking
            return None
        try:
            return compute()
        except UnsupportedDimension as error:
            self.reasons[name] = refused(error)
            return None
        except QueryError as error:
            self.reasons[name] = error.message
            return None

    def page(self) -> SlaPage:
        question = self.question
        clock = missing_clock(question.warehouse)
        empty = question.warehouse.empty_tables(("handoffs",))
        no_handoffs = "The table handoffs is empty." if empty else None
        backlog = self._part("queue", self._backlog, clock)
        tiles = sides(question, backlog)
        found = segments(question)
        if isinstance(found, str):
            self.reasons["segments"] = f"{found[:1].upper()}{found[1:]}."
        by, by_segment = (SEGMENTED_BY[0], None) if isinstance(found, str) else found
        counted = self._part("responses", lambda: responses(question), clock)
        return SlaPage(
            period_short=question.period_short,
            window_label=question.label(WINDOW_WEEKS),
            cost_label=question.label(COST_WEEKS),
            marketing=tiles[Team.MARKETING],
            sales=tiles[Team.SALES],
            effort=effort(question),
            segmented_by=by,
            segments=by_segment,
            states=counted and counted[0],
            responses=counted and counted[1],
            heat=self._part("heat", lambda: heat_map(question), clock),
            answerers=self._part("answerers", lambda: answerers(question), clock),
            rejections=self._part("rejections", lambda: rejections(question), no_handoffs),
            cost=self._part("cost", lambda: cost(question), clock or self._no_sql()),
            reasons=self.reasons,
        )

    def _backlog(self) -> int:
        return Queue(self.question.warehouse, self.question.view).summary().overdue

    def _no_sql(self) -> str | None:
        if "sql" in used_stages(self.question.warehouse):
            return None
        return "No stage sql occurs in lead_stages, so that no conversion can be followed."
