"""Values as Spark SQL literals: the server takes no parameters, so they become part of the text.

What people write (names, filters, file contents) passes through here, so a value is one literal of
its exact type or an error, never SQL. Holds under ``spark.sql.parser.escapedStringLiterals=false``
and a session in UTC, which every connection sets (``driver.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

# A backslash and the quote are what Spark's lexer gives meaning to; the line ends are spelt out so
# that no log or proxy on the way cuts a statement in two.
_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r"})
MOST_DIGITS = 38


def literal(value: Any) -> str:
    """The literal of a value. Raises ``ValueError`` for one that Spark has no literal for."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return f"{float(value)!r}D" if isfinite(value) else f"DOUBLE('{float(value)}')"
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, datetime):
        return f"TIMESTAMP '{_utc(value).isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, bytes | bytearray | memoryview):
        return f"X'{bytes(value).hex()}'"
    raise ValueError(f"Spark takes no value of the type {type(value).__name__}.")


def with_parameters(statement: str, parameters: Mapping[str, Any] | None) -> str:
    """A statement in the ``pyformat`` style with its values in place."""
    if parameters is None:
        return statement
    return statement % {name: literal(value) for name, value in parameters.items()}


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError("A text holds half of a character and is none.") from error
    return f"'{value.translate(_ESCAPES)}'"


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"Spark has no decimal {value}.")
    digits = f"{value:f}"
    if len(digits.replace("-", "").replace(".", "").lstrip("0")) > MOST_DIGITS:
        raise ValueError(f"Spark's decimals have {MOST_DIGITS} digits at most.")
    return f"{digits}BD"


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
