"""What the log and the metrics are told of a run of the app: its page, its time, how it ended.

A line of the log names the session and the viewer by hashes: enough to follow one visit through
the log, too little to take it over or to read names from it.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit.logger
from streamlit.runtime.scriptrunner import RerunException, get_script_run_ctx

from data import logs, statements
from data.errors import ConfigError, ScorecardError
from data.instruments import ERRORS, PART_SECONDS, PARTS, RUN_SECONDS, RUNS, kind_of
from pages.view.waiting import is_over_now

log = logging.getLogger(__name__)
# A page that nobody has got to: the sign-in, or a run that was cut short before.
NO_PAGE = "none"
# Streamlit's and its server's own loggers.
OF_THE_SERVER = ("streamlit", "uvicorn", "websockets")


@dataclass
class Run:
    """One run of the frame. ``outcome``: shown, signed_out, left (the visitor clicked again, went
    on or away before it was done), failed."""

    page: str = NO_PAGE
    outcome: str = "signed_out"


def start_logs() -> None:
    """Write the program's log and the server's own in one form. A wrong setting is told, and the
    log stays in the form it had."""
    try:
        logs.configure_logs()
    except ConfigError as error:
        log.error("%s", error)
        return
    # What somebody was shown in words is logged by ``failure.py``, in one line.
    logging.getLogger("streamlit.error_util").addFilter(_is_unforeseen)
    # Streamlit gives each of its loggers a handler, those of parts that are loaded later as well.
    streamlit.logger.setup_formatter = logs.adopt
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in OF_THE_SERVER:
            logs.adopt(logging.getLogger(name))


def _is_unforeseen(record: logging.LogRecord) -> bool:
    return record.exc_info is None or not isinstance(record.exc_info[1], ScorecardError)


@contextmanager
def observed_run(part: str | None = None) -> Iterator[Run]:
    """Around a run of the frame, or of a ``part`` of a page that draws itself anew: its lines carry
    the run's and the session's names."""
    logs.unbind_all()
    logs.bind(run=secrets.token_hex(4), session=_session_name())
    run, begun, is_over = Run(), time.perf_counter(), is_over_now()
    try:
        yield run
    except Exception:
        run.outcome = "failed"
        raise
    except BaseException as left:
        # How Streamlit ends a run: for the next one, or by st.stop().
        if is_over() or isinstance(left, RerunException):
            run.outcome = "left"
        raise
    finally:
        seconds = time.perf_counter() - begun
        counter, times = (RUNS, RUN_SECONDS) if part is None else (PARTS, PART_SECONDS)
        counter.labels(run.page, run.outcome).inc()
        if run.outcome == "shown":
            times.labels(run.page).observe(seconds)
        told = {"outcome": run.outcome, "seconds": round(seconds, 3)}
        log.info("run", extra=told if part is None else told | {"part": part})
        statements.page.set(NO_PAGE)


def note_page(run: Run, path: str, viewer: str | None) -> None:
    """The run is of this page, for somebody who is signed in and whom the log calls ``viewer``."""
    run.page, run.outcome = path, "shown"
    statements.page.set(path)
    logs.bind(page=path, viewer=viewer)


def count_error(error: BaseException) -> None:
    """Somebody was shown an error."""
    ERRORS.labels(kind_of(error)).inc()


def _session_name() -> str:
    # Who knows a session's id is half way into it (docs/security.md): the log has its hash.
    context = get_script_run_ctx(suppress_warning=True)
    found = "" if context is None else context.session_id
    return hashlib.sha256(found.encode()).hexdigest()[:12]
