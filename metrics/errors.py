"""Errors of metric questions; all read by a person (``data.errors.ScorecardError``)."""

from __future__ import annotations

from data.errors import ScorecardError


class QueryError(ScorecardError):
    """A metric, dimension, period or option that cannot be asked for as it was."""


class Unanswerable(QueryError):
    """A fact cannot count what is asked of it: the KPI is no data, and the message, put after its
    name, says why."""
