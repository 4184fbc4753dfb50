"""The engines that a warehouse can be: one file each, named by SQLAlchemy's backend name.

One is loaded when a URL names it: what the others need, drivers above all, is megabytes.
"""

from __future__ import annotations

from importlib import import_module

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from data.dialects.base import Dialect
from data.errors import ConfigError, unknown

# Each is a module here, which holds a ``Dialect`` under its name in capitals.
DIALECTS = ("duckdb", "postgresql", "spark")


def parse_url(text: str, *, name: str) -> URL:
    """Parse a database URL; ``name`` is the setting it comes from, for the message."""
    try:
        return make_url(text)
    except ArgumentError as error:
        raise ConfigError(
            f"{name} is not a database URL.",
            remedy="Expected, for instance, duckdb:///warehouse.duckdb or postgresql+psycopg://user@host/name.",
        ) from error


def dialect_of(url: URL) -> Dialect:
    """The engine that a URL names. Raises ``ConfigError`` for one that is not supported."""
    backend = url.get_backend_name()
    if backend not in DIALECTS:
        raise ConfigError(f"WAREHOUSE_URL: {unknown('engine', backend, DIALECTS)}")
    found = getattr(import_module(f"{__name__}.{backend}"), backend.upper())
    assert isinstance(found, Dialect)
    return found
