"""Runs questions against a warehouse and turns sums into values with their states."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from typing import Any

from sqlalchemy import Select, select

from data.derive import stale_reason
from data.tables import CONTRACT, lead_stages
from data.warehouse import Warehouse
from metrics.cache import RESULTS, cached_rows
from metrics.calendar import Calendar, Span
from metrics.compile import (
    Compiler,
    Key,
    ValuesKey,
    keys_of,
    member_label,
)
from metrics.derived import Derivation, Members, by_name, no_data
from metrics.dispute_events import counts_disputes, with_disputes
from metrics.errors import Unanswerable
from metrics.fallback import note_of
from metrics.model import Kind, Metric, Status
from metrics.query import MetricQuery, Row
from metrics.reps import Roster, add_up_reps, not_of_reps
from metrics.together import apart, as_one
from metrics.values import cell_name, cohort, duration, ratio_or_sum, still_open

Cells = dict[tuple[Span, Members], dict[str, Any]]


def sql_of(warehouse: Warehouse, statement: Select) -> str:
    """The statement as text with its values in place, to read or to run by itself."""
    # A parameter style of the driver may double every % in a text; the server takes them as two.
    dialect: Any = type(warehouse.engine.dialect)
    plain = dialect(paramstyle="named")
    admitted: Any = warehouse.admitted(statement)
    return str(admitted.compile(dialect=plain, compile_kwargs={"literal_binds": True}))


def used_stages(warehouse: Warehouse) -> frozenset[str]:
    """The stages that occur in the company's data at all, whoever asks."""
    stages = select(lead_stages.c.stage).distinct()
    return frozenset(row["stage"] for row in cached_rows(warehouse.whole, stages))


class Run:
    """One question on one warehouse: its statements, their answers and the rows made of them."""

    def __init__(self, warehouse: Warehouse, query: MetricQuery) -> None:
        self.warehouse = warehouse
        # A scope is a filter too: what cannot be filtered by it is no data, not less data.
        query = replace(query, where=warehouse.scope.narrowed(query.where))
        self.query = query = with_disputes(warehouse, query)
        self.config = warehouse.config
        self.calendar = Calendar(self.config)
        self.compiler = Compiler(query, self.config)
        self.reasons: dict[str, str] = {}
        self.statements: dict[Key, Select] = {}
        self._spans: dict[Key, tuple[Span, ...]] = {}
        self._sharing: set[Key] = set()
        self._plan()

    # -- which statements -------------------------------------------------------------------

    def _plan(self) -> None:
        readers: dict[Key, list[Metric]] = {}
        for metric in self.query.definitions:
            reason = self.missing(metric)
            if reason is not None:
                self.reasons[metric.id] = reason
                continue
            for key in keys_of(metric):
                readers.setdefault(key, []).append(metric)
        for key, metrics in readers.items():
            spans = tuple(dict.fromkeys(s for m in metrics for s in self.query.spans_of(m.id)))
            self._spans[key] = spans
            try:
                self.compiler.shared.read.clear()
                self.statements[key] = self.compiler.over(spans).statement(key, metrics)
                if self.compiler.shared.read:
                    self._sharing.add(key)
            except Unanswerable as error:
                for metric in metrics:
                    self.reasons[metric.id] = f"{metric.label} {error.message}"
        for metric in self.query.definitions:
            if metric.id in self.reasons:
                continue
            unread = [key for key in keys_of(metric) if key not in self.statements]
            assert not unread, unread

    @cached_property
    def _stale_clock(self) -> str | None:
        return stale_reason(self.warehouse.whole)

    def missing(self, metric: Metric) -> str | None:
        """Why a metric has no data here, or None."""
        contract = [name for name in metric.tables if name in CONTRACT]
        empty = self.warehouse.empty_tables(contract)
        if empty:
            return f"the table {' and '.join(empty)} is empty"
        if metric.whole_company and not self.warehouse.scope.is_whole:
            return f"{metric.label} is made of all deals, of which this account sees a part"
        if "handoff_clock" in metric.tables and self._stale_clock is not None:
            return self._stale_clock
        if metric.needs_stages:
            unused = [s for s in metric.needs_stages if s not in used_stages(self.warehouse)]
            if unused:
                return f"no stage {' and '.join(unused)} in lead_stages"
        if self.query.unit == "account" and not (metric.needs_stages and metric.by_account):
            return f"{metric.label} cannot be counted by account"
        return None

    # -- their answers ----------------------------------------------------------------------

    def _answers(self) -> dict[Key, Cells]:
        """The rows of every statement; those that share what they are made of asked as one."""
        common = ["span", *(member_label(name) for name in self.query.by)]
        rows: dict[Key, list[dict[str, Any]]] = {}
        together = [key for key in self.statements if key in self._sharing]
        if len(together) > 1:
            all_of_them = as_one([self.statements[key] for key in together], common)
            rows = apart(together, common, self.warehouse.rows(all_of_them))
        for key, statement in self.statements.items():
            if key not in rows:
                rows[key] = self.warehouse.rows(statement)
        return {key: self._cells(key, found) for key, found in rows.items()}

    def _cells(self, key: Key, rows: list[dict[str, Any]]) -> Cells:
        labels = [member_label(name) for name in self.query.by]
        spans = self._spans[key]
        return {(spans[row["span"]], tuple(row[label] for label in labels)): row for row in rows}

    def rows(self) -> list[Row]:
        """Every metric × span × member combination that occurs, in that order."""
        answers = self._answers()
        found: list[Row] = []
        for metric in self.query.definitions:
            reason, spans = self.reasons.get(metric.id), self.query.spans_of(metric.id)
            if reason is not None:
                found.extend(self.no_data(metric, reason, spans))
                continue
            cells = [answers[key] for key in keys_of(metric)]
            every = self._members(cells)
            for span in spans:
                for members in every:
                    parts = [cell.get((span, members), {}) for cell in cells]
                    found.append(self._row(metric, span, members, parts))
        return found

    def _members(self, cells: Iterable[Cells]) -> list[Members]:
        if not self.query.by:
            return [()]
        return sorted({members for cell in cells for _, members in cell}, key=by_name)

    def no_data(self, metric: Metric, reason: str, spans: Iterable[Span]) -> Iterable[Row]:
        """A row a span that says that there is none."""
        nobody: Members = (None,) * len(self.query.by)
        for span in spans:
            yield no_data(metric, span, nobody, reason)

    # -- sums to values ---------------------------------------------------------------------

    def _row(
        self, metric: Metric, span: Span, members: Members, parts: list[dict[str, Any]]
    ) -> Row:
        merged: dict[str, Any] = {}
        for key, part in zip(keys_of(metric), parts, strict=True):
            merged |= {cell_name(key, name): value for name, value in part.items()}
        bound = None
        if metric.kind is Kind.COHORT:
            value, numerator, denominator, maturing = cohort(metric, merged)
        elif metric.kind is Kind.DURATION:
            value, numerator, denominator, bound = duration(metric, merged)
            maturing = still_open(metric, merged)
        else:
            value, numerator, denominator = ratio_or_sum(metric, merged)
            maturing = still_open(metric, merged)
        status = self.status_of(metric, span, maturing)
        return Row(
            metric.id,
            span,
            members,
            value,
            numerator,
            denominator,
            status,
            maturing=maturing,
            bound=bound,
            note=note_of(self.warehouse, metric),
        )

    def status_of(self, metric: Metric, span: Span, maturing: int = 0) -> Status:
        through = self.warehouse.data_through(metric.tables)
        known_until = min(self.query.as_of, through) if through else self.query.as_of
        if span.is_cut or self.calendar.starts_at(span.end) > known_until:
            return Status.PARTIAL
        return Status.MATURING if maturing else Status.FINAL


class Answer:
    """A question of any KPIs: derived ones are asked as their inputs and combined here.

    ``statements`` is the SQL that answers it, ``reasons`` says by KPI why it has no data.
    """

    def __init__(self, warehouse: Warehouse, query: MetricQuery) -> None:
        # A scope is a filter too: its members' targets are held against its figures.
        self.query = query = replace(query, where=warehouse.scope.narrowed(query.where))
        over_reps = [m.id for m in query.definitions if m.derived is not None and m.derived.over]
        self._by_rep = ByRep(warehouse, query, over_reps) if over_reps else None
        own = replace(query, metrics=tuple(m for m in query.metrics if m not in over_reps))
        self._plain = Combined(warehouse, own)
        self.reasons = self._plain.reasons | (self._by_rep.reasons if self._by_rep else {})

    @property
    def statements(self) -> list[Select]:
        return [*self._plain.statements, *(self._by_rep.statements if self._by_rep else ())]

    def rows(self) -> list[Row]:
        """Every metric × span × member combination that occurs, in that order."""
        found = self._plain.rows()
        if self._by_rep is not None:
            found += self._by_rep.rows()
        order = {metric_id: place for place, metric_id in enumerate(self.query.metrics)}
        return sorted(found, key=lambda row: order[row.metric])


class Combined:
    """A question whose derived KPIs are made of its own rows, member by member."""

    def __init__(self, warehouse: Warehouse, query: MetricQuery) -> None:
        self.query = query
        self._derivation = Derivation(
            warehouse, query, lambda metric, span: self._run.status_of(metric, span)
        )
        wanted: dict[str, dict[Span, None]] = {
            metric.id: dict.fromkeys(query.spans_of(metric.id))
            for metric in query.definitions
            if metric.derived is None
        }
        for metric_id, span in sorted(self._derivation.asked()):
            wanted.setdefault(metric_id, {})[span] = None
        self._run = Run(
            warehouse,
            replace(
                query,
                metrics=tuple(wanted),
                apart=tuple((metric_id, tuple(spans)) for metric_id, spans in wanted.items()),
            ),
        )
        self.reasons = self._reasons()

    @property
    def statements(self) -> list[Select]:
        return list(self._run.statements.values())

    def _reasons(self) -> dict[str, str]:
        reasons: dict[str, str] = {}
        for metric in self.query.definitions:
            made_of = [metric.id]
            if metric.derived is not None:
                made_of = self._derivation.made_of(metric)
                reason = self._run.missing(metric)
                if reason is not None:
                    reasons[metric.id] = reason
            missing = [self._run.reasons[m] for m in made_of if m in self._run.reasons]
            if missing:
                reasons.setdefault(metric.id, missing[0])
        return reasons

    def rows(self) -> list[Row]:
        """Every metric × span × member combination that occurs, in that order."""
        answers: dict[tuple[str, Span], dict[Members, Row]] = {}
        for row in self._run.rows():
            answers.setdefault((row.metric, row.span), {})[row.members] = row
        found: list[Row] = []
        for metric in self.query.definitions:
            if metric.id in self.reasons:
                spans = self.query.spans_of(metric.id)
                found.extend(self._run.no_data(metric, self.reasons[metric.id], spans))
                continue
            for span in self.query.spans_of(metric.id):
                if metric.derived is None:
                    found.extend(answers.get((metric.id, span), {}).values())
                else:
                    found.extend(self._derivation.rows(metric, span, answers))
        return found


class ByRep:
    """The KPIs of a question that are made rep by rep and added up (``metrics/reps.py``)."""

    def __init__(self, warehouse: Warehouse, query: MetricQuery, metrics: list[str]) -> None:
        self._query = replace(query, metrics=tuple(metrics))
        self._reps = Combined(warehouse, replace(self._query, by=("rep",), where=()))
        self._warehouse = warehouse
        self.reasons = dict(self._reps.reasons)
        stranger = not_of_reps(query)
        if stranger is not None:
            for metric in self._query.definitions:
                self.reasons[metric.id] = (
                    f"{metric.label} cannot be split or filtered by {stranger}: it is made by rep"
                )

    @property
    def statements(self) -> list[Select]:
        return self._reps.statements

    def rows(self) -> list[Row]:
        roster = Roster(self._warehouse)
        by_span: dict[tuple[str, Span], list[Row]] = {}
        for row in self._reps.rows() if len(self.reasons) < len(self._query.metrics) else ():
            by_span.setdefault((row.metric, row.span), []).append(row)
        found: list[Row] = []
        nobody: Members = (None,) * len(self._query.by)
        for metric in self._query.definitions:
            reason = self.reasons.get(metric.id)
            for span in self._query.spans_of(metric.id):
                if reason is not None:
                    found.append(no_data(metric, span, nobody, reason))
                    continue
                rows = by_span.get((metric.id, span), [])
                found += add_up_reps(metric, span, self._query, rows, roster)
        return found


def run_query(warehouse: Warehouse, query: MetricQuery) -> list[Row]:
    """Answer a question. Raises ``WarehouseError`` when the warehouse cannot.

    A question and the configuration decide the SQL, so that a repeated one is not compiled anew.
    """
    query = with_disputes(warehouse, query)
    if query.disputes is None and counts_disputes(query):
        # The state database is silent: that answer is not for keeping.
        return Answer(warehouse, query).rows()
    key = (warehouse.config.fingerprint, query)
    return RESULTS.answer(warehouse, key, lambda: Answer(warehouse, query).rows())


__all__ = ["Run", "ValuesKey", "cached_rows", "run_query", "sql_of", "used_stages"]
