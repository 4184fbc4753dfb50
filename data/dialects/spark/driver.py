"""The DB-API that SQLAlchemy talks to: PyHive's wire protocol with the ways of a web application.

What PyHive leaves out: a limit to every wait, a statement that can be stopped, parameters that keep
their type and never become SQL, errors in words, a session that is the same wherever it runs.
"""

from __future__ import annotations

import contextlib
import logging
import math
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import thrift_sasl
from pyhive import hive
from pyhive.exc import (
    DatabaseError,
    DataError,
    Error,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    Warning,
)
from TCLIService import ttypes
from thrift.Thrift import TException
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TBufferedTransport

from data.dialects.spark.literals import with_parameters
from data.dialects.spark.sql import schema_name

__all__ = [
    "DataError",
    "DatabaseError",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "Warning",
    "apilevel",
    "connect",
    "paramstyle",
    "threadsafety",
]

apilevel = "2.0"
threadsafety = 1
paramstyle = "pyformat"

# Seconds for a connection, and for one answer on the line. No call lasts as long as its statement:
# statements run in the background, and the server is asked every few seconds whether they are done.
CONNECT_SECONDS = 5
ANSWER_SECONDS = 30
# How a session reads literals, dates and numbers, whatever the server's own settings are.
SESSION = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
    # Else ${env:…} in a text, a filter or a name would become what the server's environment says.
    "spark.sql.variable.substitute": "false",
    "spark.sql.storeAssignmentPolicy": "ANSI",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.legacy.createHiveTableByDefault": "false",
    # Spark 4.1 breaks the plan of a UNION of facts with it (PLAN_VALIDATION_FAILED_RULE_IN_BATCH).
    "spark.sql.optimizer.excludedRules": (
        "org.apache.spark.sql.catalyst.optimizer.RemoveRedundantAliases"
    ),
}
AUTHENTICATIONS = ("NOSASL", "NONE", "LDAP", "CUSTOM", "KERBEROS")
logging.getLogger("pyhive.hive").setLevel(logging.WARNING)  # else a line a session
_STATES = ttypes.TOperationState
_GOING_ON = {
    _STATES.INITIALIZED_STATE,
    _STATES.RUNNING_STATE,
    _STATES.PENDING_STATE,
}
# "[TABLE_OR_VIEW_NOT_FOUND] org.apache.…Exception: [TABLE_OR_VIEW_NOT_FOUND] The table …"
_CODED = re.compile(r"(\[[A-Z][A-Z0-9_.]+\] (?!org\.|java\.)[^\n]*)")
_CLASS = re.compile(r"^(?:[\w$]+\.)+[\w$]+(?:Exception|Error): (?:Error running query: )?")


class IntegrityError(DatabaseError):
    """Rows that break a rule of their table; Spark holds none, SQLAlchemy wants the name."""


class TimeLimit(OperationalError):
    """A statement was stopped, because it ran longer than it may."""


class ConnectionLost(OperationalError):
    """The server, or the session on it, is gone."""

    is_disconnect = True


def connect(
    *,
    host: str,
    port: int,
    username: str | None = None,
    password: str | None = None,
    schema: str | None = None,
    auth: str = "NONE",
    kerberos_service_name: str | None = None,
) -> Connection:
    """Open a session. Raises ``OperationalError`` when there is no server, schema or right."""

    def transport() -> Any:
        return _transport(host, port, username, password, auth, kerberos_service_name)

    with _told():
        connection = Connection(
            thrift_transport=transport(),
            username=username,
            configuration={f"set:hiveconf:{name}": value for name, value in SESSION.items()},
        )
        connection.make_transport = transport
    try:
        with contextlib.closing(connection.cursor()) as cursor:
            # A server may take no settings with a new session, and would not say so.
            cursor.execute("SET")
            there = {row[0]: row[1] for row in cursor.fetchall()}
            for setting in SESSION.items() - there.items():
                statement = " ".join(("SET", "=".join(setting)))
                cursor.execute(statement)
            if schema:
                statement = " ".join(("USE", schema_name(schema)))
                cursor.execute(statement)
    except Error:
        connection.close()
        raise
    return connection


def _transport(
    host: str,
    port: int,
    username: str | None,
    password: str | None,
    auth: str,
    kerberos_service_name: str | None,
) -> Any:
    if auth not in AUTHENTICATIONS:
        raise OperationalError(
            f"'auth={auth}' is none of {', '.join(AUTHENTICATIONS)} in the server's URL."
        )
    socket = _Socket(host, port)
    socket.setTimeout(CONNECT_SECONDS * 1000)
    if auth == "NOSASL":
        return TBufferedTransport(socket)
    mechanism = "GSSAPI" if auth == "KERBEROS" else "PLAIN"
    return thrift_sasl.TSaslClientTransport(
        lambda: hive.get_installed_sasl(
            host=host,
            sasl_auth=mechanism,
            service=kerberos_service_name,
            username=username or "scorecard",
            password=password or "x",  # PLAIN takes no empty one, and NONE does not look at it
        ),
        mechanism,
        socket,
    )


class _Socket(TSocket):
    """Patient with answers, impatient with connections."""

    def open(self) -> None:
        super().open()
        self.setTimeout(ANSWER_SECONDS * 1000)


class Connection(hive.Connection):
    """A session. ``deadline`` (of ``time.monotonic``): when statements on it are stopped.
    ``running``: the handle of the statement that is waited for."""

    make_transport: Callable[[], Any]
    deadline: float | None = None
    running: Any = None

    def cursor(self, *arguments: Any, **options: Any) -> Any:
        if not hasattr(self, "make_transport"):
            return super().cursor(*arguments, **options)  # PyHive's own, while it opens
        return Cursor(self, *arguments, **options)

    def ping(self) -> None:
        """Raises ``ConnectionLost`` when the session is gone; asks nothing of Spark itself.

        Of the calls without a statement this is one that looks the session up; GetInfo does not,
        or breaks the connection.
        """
        with _told():
            answer = self.client.GetTableTypes(ttypes.TGetTableTypesReq(self.sessionHandle))
            _check(answer)
            self.client.CloseOperation(ttypes.TCloseOperationReq(answer.operationHandle))

    def close(self) -> None:
        try:
            with contextlib.suppress(Error, TException, OSError):
                super().close()
        finally:
            self._transport.close()

    def rollback(self) -> None:
        pass

    def cancel(self) -> None:
        """Stop what runs on this connection, if anything does; from another thread."""
        handle = self.running
        if handle is not None:
            self.cancel_elsewhere(handle)

    def cancel_elsewhere(self, handle: Any) -> None:
        """Stop a statement from another thread: this connection waits for it."""
        other = hive.TCLIService.Client(
            hive.thrift.protocol.TBinaryProtocol.TBinaryProtocol(transport := self.make_transport())
        )
        with contextlib.suppress(TException, OSError):
            transport.open()
            try:
                other.CancelOperation(ttypes.TCancelOperationReq(operationHandle=handle))
            finally:
                transport.close()


class Cursor(hive.Cursor):
    def execute(
        self, operation: str, parameters: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        try:
            statement = with_parameters(operation, parameters)
        except ValueError as error:
            raise DataError(str(error)) from error
        with _told():
            self._reset_state()
            self._state = self._STATE_RUNNING
            left = self._seconds_left()
            request = ttypes.TExecuteStatementReq(
                self._connection.sessionHandle,
                statement,
                runAsync=True,
                # Should this process end meanwhile, the server stops it alone, a little later.
                queryTimeout=0 if left is None else math.ceil(left) + 1,
            )
            response = self._connection.client.ExecuteStatement(request)
            _check(response)
            self._operationHandle = response.operationHandle
            self._wait(left)

    def executemany(self, operation: str, parameters: Sequence[Mapping[str, Any]]) -> None:
        for row in parameters:
            self.execute(operation, row)

    def _seconds_left(self) -> float | None:
        deadline = self._connection.deadline
        if deadline is None:
            return None
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeLimit("The time limit was over before the statement began.")
        return float(left)

    def _wait(self, seconds: float | None) -> None:
        """Until it is done; the server holds its answer back for up to five seconds each time."""
        handle = self._operationHandle
        timer = threading.Timer(seconds or 0, self._connection.cancel_elsewhere, [handle])
        timer.daemon = True
        if seconds is not None:
            timer.start()
        self._connection.running = handle
        try:
            request = ttypes.TGetOperationStatusReq(operationHandle=handle)
            while True:
                status = self._connection.client.GetOperationStatus(request)
                _check(status)
                if status.operationState not in _GOING_ON:
                    break
        finally:
            self._connection.running = None
            timer.cancel()
        if status.operationState == _STATES.FINISHED_STATE:
            return
        stopped = (_STATES.CANCELED_STATE, _STATES.TIMEDOUT_STATE)
        if status.operationState in stopped or (
            seconds is not None
            and time.monotonic() >= (self._connection.deadline or math.inf)
            and "cancel" in (status.errorMessage or "").lower()
        ):
            raise TimeLimit("The statement was stopped.")
        raise _error(status.errorMessage)

    def _fetch_more(self) -> None:
        with _told():
            handle = self._operationHandle
            if handle is None or not handle.hasResultSet:
                raise ProgrammingError("No result set.")
            response = self._connection.client.FetchResults(
                ttypes.TFetchResultsReq(
                    operationHandle=handle,
                    orientation=ttypes.TFetchOrientation.FETCH_NEXT,
                    maxRows=self.arraysize,
                )
            )
            _check(response)
            columns = [
                _values(column, described[1])
                for column, described in zip(
                    response.results.columns, self.description, strict=True
                )
            ]
            rows = list(zip(*columns, strict=True))
            self._data += rows
            if not rows:
                self._state = self._STATE_FINISHED

    def close(self) -> None:
        with contextlib.suppress(Error, TException, OSError):
            super().close()


def _values(column: Any, kind: str) -> list[Any]:
    """A column of results as Python values."""
    filled = next(part for part in vars(column).values() if part is not None)
    values: list[Any] = list(filled.values)
    convert = {"DATE_TYPE": date.fromisoformat}.get(kind) or hive.TYPES_CONVERTER.get(kind)
    nulls = filled.nulls
    for place, value in enumerate(values):
        byte = place >> 3
        if byte < len(nulls) and nulls[byte] >> (place & 7) & 1:
            values[place] = None
        elif convert is not None:
            values[place] = convert(value)
    return values


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What fails on the line, as an error of this DB-API."""
    try:
        yield
    except (TException, OSError, EOFError) as error:
        raise ConnectionLost(f"The Spark server does not answer: {error}") from error


def _check(response: Any) -> None:
    status = response.status
    if status.statusCode not in (
        ttypes.TStatusCode.SUCCESS_STATUS,
        ttypes.TStatusCode.SUCCESS_WITH_INFO_STATUS,
        ttypes.TStatusCode.STILL_EXECUTING_STATUS,
    ):
        raise _error(status.errorMessage)


def _error(message: str | None) -> OperationalError:
    """The server's error in one line, without the names of its classes."""
    text = message or "no reason given"
    if "Invalid SessionHandle" in text or "SparkContext was shut down" in text:
        return ConnectionLost(f"The session on the Spark server is gone: {text.splitlines()[0]}")
    coded = _CODED.search(text)
    line = coded[1] if coded else text.splitlines()[0]
    while (bare := _CLASS.sub("", line)) != line:
        line = bare
    return OperationalError(line.strip())
