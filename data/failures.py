"""What an engine's error means for the person in front of it, and what to do about it."""

from __future__ import annotations

import re

from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from data.errors import WarehouseError

FILL = "Fill it with 'python -m data demo', 'data load' or 'data derive'."
OTHER_FILE = (
    "Check WAREHOUSE_URL; if the file is the right one, move it away and build it again with "
    "'python -m data demo' or 'python -m data load DIR'."
)

# (what the engine says, what it means, the remedy); the first that fits holds. Engines have no
# codes for most of these, and DuckDB has none at all.
_MEANINGS: tuple[tuple[str, str, str], ...] = (
    (
        r"Could not set lock on file|different configuration than existing connections",
        "is locked by another program.",
        "Close the program that has it open for writing, then try again.",
    ),
    (
        r"not a valid DuckDB database|Could not read (enough bytes )?from file"
        r"|external extensions is disabled",
        "is not a DuckDB file, or is damaged: {reason}",
        OTHER_FILE,
    ),
    (
        r"checksum|[Cc]orrupt|[Dd]eserializ",
        "is damaged: {reason}",
        OTHER_FILE,
    ),
    (
        r"version number|older version of DuckDB|newer version of DuckDB",
        "was written by another version of DuckDB: {reason}",
        "Build it again with this program, or use the DuckDB version that wrote it.",
    ),
    (
        r"FATAL:\s+database .* does not exist",
        "does not exist: {reason}",
        "Create the database, or name another in WAREHOUSE_URL.",
    ),
    (
        r"\[SCHEMA_NOT_FOUND\]",
        "does not exist: {reason}",
        "Create the schema (CREATE SCHEMA), or name another in WAREHOUSE_URL.",
    ),
    (
        r"The Spark server does not answer|The session on the Spark server is gone",
        "does not answer: {reason}",
        "Check that the Thrift server runs, its host and port in WAREHOUSE_URL, and that 'auth' "
        "there is what the server expects (NOSASL, NONE, LDAP, CUSTOM or KERBEROS).",
    ),
    (
        r"[Ee]xecutor|[Ss]tage failure|Job aborted",
        "could not finish the statement: {reason}",
        "Ask again; if it happens again, look at Spark's log for what ends its executors.",
    ),
    (
        r"password authentication failed|FATAL:\s+role|no password supplied|no pg_hba.conf entry",
        "refuses this user: {reason}",
        "Check user and password in WAREHOUSE_URL.",
    ),
    (
        r"permission denied|Permission denied|read-only transaction|\[INSUFFICIENT_PERMISSIONS",
        "may not be read by this user: {reason}",
        "Grant the user SELECT on its tables, or name another user in WAREHOUSE_URL.",
    ),
    (
        r"connection failed|failed to resolve|connection timeout|server closed the connection"
        r"|terminating connection|Connection refused|connection is (lost|closed)",
        "does not answer: {reason}",
        "Check that the server runs, and its host and port in WAREHOUSE_URL.",
    ),
    (
        r"\[(TABLE_OR_VIEW_NOT_FOUND|UNRESOLVED_COLUMN)|does not exist|Catalog Error"
        r"|Binder Error|not found in FROM",
        "lacks a table or column: {reason}",
        FILL,
    ),
)


def failure(url: URL, error: SQLAlchemyError) -> WarehouseError:
    """The error to raise in an engine error's place; it names the warehouse and a remedy."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    reason = (lines[0] if lines else type(error).__name__).rstrip(".! ") + "."
    where = public(url)
    # Paths and addresses are the user's own words: "lock" in a file's name says nothing.
    told = reason.replace(f'"{url.database}"', "")
    for pattern, meaning, remedy in _MEANINGS:
        if re.search(pattern, told):
            return WarehouseError(
                f"The warehouse {where} {meaning.format(reason=reason)}", remedy=remedy
            )
    return WarehouseError(
        f"The warehouse {where} cannot be read: {reason}",
        remedy="Check WAREHOUSE_URL, and the engine's own log.",
    )


def public(url: URL) -> str:
    """The URL as it may be shown: without passwords, in its query too."""
    secret = [name for name in url.query if "password" in name or "token" in name]
    return url.difference_update_query(secret).render_as_string(hide_password=True)
