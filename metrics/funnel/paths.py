"""One row a lead: its first and last entry into every stage, from one pass over the stages."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, case, func, select

from data.tables import STAGE_ORDER, STAGES, lead_stages
from metrics.facts.base import Column, Context
from metrics.facts.stages import later_stages, own_entry

OUTSIDE = ("rejected", "recycled")


def last_entry(stage: str) -> str:
    """The column that holds a lead's last own entry into a stage."""
    return f"last_{stage}"


def lead_paths(context: Context) -> FromClause:
    """``lead_id`` and, of every stage, the first (``own_…``) and last (``last_…``) entry by the
    as-of moment, NULL where there is none."""
    s = lead_stages.c

    def entry(aggregate, stage: str) -> ColumnElement:
        return aggregate(case((s.stage == stage, s.entered_at)))

    return (
        select(
            s.lead_id,
            *(entry(func.min, stage).label(own_entry(stage)) for stage in STAGES),
            *(entry(func.max, stage).label(last_entry(stage)) for stage in STAGES),
        )
        .where(s.entered_at <= context.as_of)
        .group_by(s.lead_id)
        .subquery("paths")
    )


def latest(*moments: Column) -> Column:
    """The latest of several moments; NULLs do not count."""
    return func.greatest(*moments) if len(moments) > 1 else moments[0]


def last_reached(paths: FromClause, stage: str) -> Column:
    """When a lead last reached a stage: by its own entries, else, where skipped, by later ones."""
    own = paths.c[last_entry(stage)]
    later = [paths.c[last_entry(name)] for name in later_stages(stage)]
    return func.coalesce(own, latest(*later)) if later else own


def last_up_to(paths: FromClause, stage: str) -> Column:
    """A lead's last own entry into a stage or any before it."""
    upto = STAGE_ORDER[: STAGE_ORDER.index(stage) + 1]
    return latest(*(paths.c[last_entry(name)] for name in upto))
