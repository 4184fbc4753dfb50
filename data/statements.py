"""Every statement that runs in the warehouse is timed and counted; a slow one is logged.

The log has its SQL, with places for its values and never the values: they are what somebody looked
for (an address, a name) or what their account is kept to.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import Engine, Executable
from sqlalchemy.exc import SQLAlchemyError

from data.instruments import RUNNING, STATEMENT_SECONDS, STATEMENTS

SLOW = "SCORECARD_SLOW_SECONDS"
SLOW_SECONDS = 2.0
log = logging.getLogger(__name__)
# On the command line, where no log is set up, nothing is said of slow statements.
log.addHandler(logging.NullHandler())

# The page for which statements run, as the metrics name it.
page: ContextVar[str] = ContextVar("page", default="none")


def slow_seconds() -> float:
    """From how long on a statement is slow; what is no number counts as not set."""
    try:
        return float(os.environ.get(SLOW, SLOW_SECONDS))
    except ValueError:
        return SLOW_SECONDS


@contextmanager
def observed(engine: Engine, statement: Executable) -> Iterator[None]:
    """Time the block, in which the statement is run and its rows are fetched."""
    begun = time.perf_counter()
    outcome = "ok"
    try:
        with RUNNING.track_inprogress():
            yield
    except SQLAlchemyError:
        outcome = "failed"
        raise
    except BaseException:
        outcome = "left"
        raise
    finally:
        seconds = time.perf_counter() - begun
        STATEMENTS.labels(page.get(), outcome).inc()
        STATEMENT_SECONDS.labels(engine.dialect.name).observe(seconds)
        if seconds >= slow_seconds():
            log.warning("slow statement", extra=_told(engine, statement, seconds, outcome))


def _told(engine: Engine, statement: Executable, seconds: float, outcome: str) -> dict[str, object]:
    compiled = statement.compile(engine)  # type: ignore[attr-defined]
    return {
        "seconds": round(seconds, 3),
        "outcome": outcome,
        "engine": engine.dialect.name,
        "page": page.get(),
        "sql": str(compiled),
        "values": len(compiled.params),
    }
