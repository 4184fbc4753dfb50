"""PostgreSQL through psycopg 3."""

from __future__ import annotations

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL

from data.dialects.base import Dialect

QUERY_CANCELED = "57014"


def _create_engine(url: URL, *, read_only: bool, timeout_seconds: float) -> Engine:
    options = "-c timezone=UTC"
    if read_only:
        options += " -c default_transaction_read_only=on"
        options += f" -c statement_timeout={int(timeout_seconds * 1000)}"
    return create_engine(
        url,
        connect_args={"options": options, "connect_timeout": 5},
        pool_pre_ping=True,
        pool_size=4,
        max_overflow=28,
    )


def _is_timeout(error: BaseException) -> bool:
    return getattr(getattr(error, "orig", error), "sqlstate", None) == QUERY_CANCELED


POSTGRESQL = Dialect(
    name="postgresql",
    create_engine=_create_engine,
    is_timeout=_is_timeout,
    swaps_in_place=True,
)
