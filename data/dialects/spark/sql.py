"""Spark SQL as SQLAlchemy writes it. Needs no driver: statements compile without PyHive.

PyHive brings a dialect of its own, for Hive. It is not used, because what it writes is wrong
without an error: casts to ``NUMERIC(p, s)`` lose the scale, casts to ``Date`` become timestamps, an
INSERT loses its list of columns, parameters of the type Decimal fail.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import CompileError
from sqlalchemy.schema import DDL
from sqlalchemy.sql.compiler import (
    RESERVED_WORDS,
    DDLCompiler,
    GenericTypeCompiler,
    IdentifierPreparer,
    SQLCompiler,
)

from data.dialects.spark.literals import literal

# Words that ANSI SQL reserves and SQLAlchemy's own list lacks, as Spark may be set to reserve them.
_RESERVED = frozenset(
    (
        "anti", "array", "at", "by", "clustered", "cross", "current_timezone", "day", "days",
        "exists", "extract", "fetch", "filter", "full", "hour", "inner", "insert", "interval",
        "lateral", "left", "local", "minute", "minus", "month", "natural", "no", "of", "only",
        "out", "outer", "overlaps", "percent", "position", "range", "recursive", "right",
        "row", "rows", "second", "semi", "set", "some", "sql", "start", "system", "table",
        "time", "timestamp", "to", "trailing", "truncate", "unknown", "value", "values",
        "window", "within", "without", "year", "zone",
    )
)  # fmt: skip


class SparkIdentifierPreparer(IdentifierPreparer):
    reserved_words = set(RESERVED_WORDS) | _RESERVED

    def __init__(self, dialect: Any, **options: Any) -> None:
        super().__init__(dialect, initial_quote="`", escape_quote="`", **options)


class SparkTypeCompiler(GenericTypeCompiler):
    """Spark has one kind of text, and numerics that keep precision and scale."""

    def visit_string(self, type_, **kw):
        return "STRING"

    visit_text = visit_unicode = visit_unicode_text = visit_enum = visit_string
    visit_VARCHAR = visit_NVARCHAR = visit_CHAR = visit_NCHAR = visit_TEXT = visit_string

    def visit_NUMERIC(self, type_, **kw):
        if type_.precision is None:
            # Spark's own default is DECIMAL(10, 0), which would cut the fraction off.
            return "DECIMAL(38, 10)"
        return f"DECIMAL({type_.precision}, {type_.scale or 0})"

    visit_DECIMAL = visit_NUMERIC

    def visit_FLOAT(self, type_, **kw):
        return "DOUBLE"  # Spark's FLOAT has 32 bits

    visit_REAL = visit_DOUBLE = visit_DOUBLE_PRECISION = visit_FLOAT

    def visit_INTEGER(self, type_, **kw):
        return "INT"

    def visit_DATE(self, type_, **kw):
        return "DATE"

    def visit_DATETIME(self, type_, **kw):
        return "TIMESTAMP"

    visit_TIMESTAMP = visit_DATETIME

    def visit_large_binary(self, type_, **kw):
        return "BINARY"

    def visit_TIME(self, type_, **kw):
        raise CompileError("Spark SQL has no time of day.")


class SparkCompiler(SQLCompiler):
    def visit_extract(self, extract, **kw):
        field = {"isodow": "DAYOFWEEK_ISO"}.get(extract.field, extract.field)
        return f"EXTRACT({field} FROM {extract.expr._compiler_dispatch(self, **kw)})"

    def render_literal_value(self, value, type_):
        """A value written into the statement, as the driver would write it."""
        text = literal(value)
        return text.replace("%", "%%") if self.preparer._double_percents else text

    def visit_trim_func(self, fn, **kw):
        """``trim(text, characters)``; as a call Spark takes the two the other way round."""
        text, *characters = (clause._compiler_dispatch(self, **kw) for clause in fn.clauses)
        return f"TRIM(BOTH {characters[0]} FROM {text})" if characters else f"TRIM({text})"

    def visit_delete(self, delete_stmt, visiting_cte=None, **kw):
        """A table is emptied whole by TRUNCATE, which tables of plain files can do as well."""
        text = super().visit_delete(delete_stmt, visiting_cte, **kw)
        if delete_stmt._where_criteria:
            return text
        return f"TRUNCATE TABLE {self.preparer.format_table(delete_stmt.table)}"


class SparkDDLCompiler(DDLCompiler):
    """Tables of Spark's default format: neither keys nor NOT NULL are held by it, so neither is
    declared; what the format would promise and not keep, a query might rely on."""

    def get_column_specification(self, column, **kw):
        kind = self.dialect.type_compiler_instance.process(column.type, type_expression=column)
        return f"{self.preparer.format_column(column)} {kind}"

    def create_table_constraints(self, table, _include_foreign_key_constraints=None, **kw):
        return ""

    def visit_create_index(self, create, include_schema=False, include_table_schema=True, **kw):
        raise CompileError("Spark SQL has no indexes.")


class SparkDialect(DefaultDialect):
    """``spark://user@host:port/schema``; connections come from ``driver.py``, over PyHive."""

    name = "spark"
    driver = "pyhive"
    default_paramstyle = "pyformat"
    supports_statement_cache = True
    statement_compiler = SparkCompiler
    ddl_compiler = SparkDDLCompiler
    type_compiler_cls = SparkTypeCompiler
    preparer: type[IdentifierPreparer] = SparkIdentifierPreparer
    max_identifier_length = 128
    supports_alter = False
    supports_default_values = False
    supports_empty_insert = False
    supports_multivalues_insert = True
    supports_native_boolean = True
    supports_native_decimal = True
    supports_sane_rowcount = False
    supports_sane_multi_rowcount = False
    supports_sequences = False
    supports_is_distinct_from = True
    supports_simple_order_by_label = True
    # 3 / 2 is 1.5 to Spark, whatever the types.
    div_is_floordiv = False
    # Many rows travel as one INSERT with many VALUES.
    use_insertmanyvalues = True
    use_insertmanyvalues_wo_returning = True
    insertmanyvalues_page_size = 1_000
    insertmanyvalues_max_parameters = 1_000_000
    postfetch_lastrowid = False
    insert_returning = False

    @classmethod
    def import_dbapi(cls) -> ModuleType:
        from data.dialects.spark import driver

        return driver

    def create_connect_args(self, url: URL) -> tuple[list[Any], dict[str, Any]]:
        arguments: dict[str, Any] = {
            "host": url.host or "localhost",
            "port": url.port or 10_000,
            "username": url.username,
            "password": url.password,
            "schema": url.database,
        }
        for name in ("auth", "kerberos_service_name"):
            if name in url.query:
                arguments[name] = url.query[name]
        return [], arguments

    def initialize(self, connection: Connection) -> None:
        """Nothing is asked of the server: all that SQLAlchemy would ask is fixed above."""
        self.default_schema_name = None

    def do_ping(self, dbapi_connection: Any) -> bool:
        dbapi_connection.ping()
        return True

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Spark has no transactions: every statement stands at once (``versions.py``)."""

    def do_commit(self, dbapi_connection: Any) -> None:
        pass

    def is_disconnect(self, e: Any, connection: Any, cursor: Any) -> bool:
        return bool(getattr(e, "is_disconnect", False))

    # -- what the inspector can say; types are declared and not reflected ----------------------

    def get_table_names(self, connection: Connection, schema: str | None = None, **kw) -> list[str]:
        """Tables and views alike: to a reader they are the same."""
        return [row[1] for row in shown(connection, "TABLES", schema)]

    def get_view_names(self, connection: Connection, schema: str | None = None, **kw) -> list[str]:
        return [row[1] for row in shown(connection, "VIEWS", schema)]

    def get_schema_names(self, connection: Connection, **kw: Any) -> list[str]:
        return [row[0] for row in shown(connection, "SCHEMAS")]

    def has_table(
        self, connection: Connection, table_name: str, schema: str | None = None, **kw: Any
    ) -> bool:
        return table_name.lower() in self.get_table_names(connection, schema)


def schema_name(schema: str) -> str:
    """A schema, or ``catalog.schema``, as it is named in a statement."""
    quote = SparkDialect().identifier_preparer.quote_identifier
    return ".".join(map(quote, schema.split(".")))


def shown(connection: Connection, what: str, schema: str | None = None) -> list[Any]:
    """The rows of ``SHOW TABLES`` and the like, in a schema or in the session's own."""
    if schema is None:
        return list(connection.execute(DDL("SHOW %(what)s", context={"what": what})))
    place = {"what": what, "schema": schema_name(schema)}
    return list(connection.execute(DDL("SHOW %(what)s IN %(schema)s", context=place)))
