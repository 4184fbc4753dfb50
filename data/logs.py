"""The program's log: one JSON object a line in production, readable lines at a desk.

Everything is written by ``logging`` as usual; structlog only draws it. What is bound to a run
(``bind``) stands in every line that is written during it. No line names a viewer: people are named
by ``log_name``, which whoever has the cookie key can work out, and nobody else.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from typing import Any, TextIO

import structlog

from data.errors import ConfigError, unknown

FORM, LEVEL = "SCORECARD_LOG", "SCORECARD_LOG_LEVEL"
FORMS = ("json", "text")
LEVELS = ("debug", "info", "warning", "error")
# Loggers of the server's libraries; what they have to say at "info" nobody asked for.
QUIET = ("alembic", "httpx", "httpcore", "websockets", "uvicorn.access", "watchdog", "PIL")


def configure_logs(stream: TextIO | None = None) -> None:
    """Send the log to ``stream`` (standard error) in the form that ``SCORECARD_LOG`` names: by
    default text at a terminal, else JSON. Raises ``ConfigError``; then it stays as it was."""
    out = stream or sys.stderr
    form = _choice(FORM, FORMS, "text" if out.isatty() else "json")
    level = _choice(LEVEL, LEVELS, "info")
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if form == "json":
        drawn: list[Any] = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ]
    else:
        drawn = [structlog.dev.ConsoleRenderer(colors=out.isatty())]
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *drawn],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _choice(variable: str, choices: tuple[str, ...], default: str) -> str:
    given = os.environ.get(variable, "").strip().lower()
    if given and given not in choices:
        raise ConfigError(f"{variable}: {unknown('value', given, choices)}")
    return given or default


def adopt(logger: logging.Logger) -> None:
    """Have a library's logger write as the program does, without a handler of its own."""
    logger.handlers.clear()
    logger.propagate = True


def bind(**fields: object) -> None:
    """Put fields into every line that this thread writes from now on."""
    structlog.contextvars.bind_contextvars(**fields)


def unbind_all() -> None:
    structlog.contextvars.clear_contextvars()


def log_name(username: str, key: str) -> str:
    """What the log calls somebody: twelve hex digits, the same as long as the cookie key is.

    Without the key nobody can tell them from a list of names, however short the list.
    """
    secret = hashlib.sha256(b"log name\0" + key.encode("utf-8", "surrogateescape")).digest()
    return hashlib.blake2b(username.encode(), key=secret, digest_size=6).hexdigest()
