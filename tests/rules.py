"""The project's rules as functions of a file's text: each yields what breaks it, if anything.

``tests/test_layers.py`` holds the tree against them, and each against a file that breaks it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

# A module may import its own layer and those with a smaller number (docs/design.md).
LAYERS = {"data": 0, "metrics": 1, "pages": 2, "app": 3}

# Which files of the program may import a package; every other file of it may not.
ONLY_IN: dict[str, tuple[str, ...]] = {
    "streamlit": ("app.py", "pages/"),
    "streamlit_authenticator": ("pages/view/authenticator.py",),
    "extra_streamlit_components": ("pages/view/authenticator.py",),
    "sqlalchemy": ("metrics/", "data/"),
    "alembic": ("data/",),
    "duckdb": ("data/",),
    "psycopg": ("data/",),
    "tests": (),
    "bench": (),
}

MAX_LINES = 400
RUNS_SQL = {
    "text",
    "DDL",
    "execute",
    "executemany",
    "executescript",
    "exec_driver_sql",
    "sql",
    "read_sql",
    "read_sql_query",
}
SQL_START = re.compile(
    r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|COPY|WITH \w+ AS"
    r"|(CREATE|DROP|ALTER) (OR REPLACE )?(TEMP )?(TABLE|VIEW|SCHEMA|DATABASE|INDEX|SYSTEM))\b"
)
MACHINE_PATH = re.compile(r"(?<![\w.])(/home/|/Users/|/root/|[A-Z]:\\Users\\)\w")

Rule = Callable[[str, str], Iterator[str]]


def layer_of(path: str) -> str | None:
    """The layer that a file belongs to; None for tests, benchmarks and the like."""
    first = PurePosixPath(path).parts[0].removesuffix(".py")
    return first if first in LAYERS else None


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, module) of every import, inside functions and under TYPE_CHECKING as well."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module
        elif (
            isinstance(node, ast.Call)
            and _called(node) in {"import_module", "__import__"}
            and node.args
            and isinstance(node.args[0], ast.Constant)
            and isinstance(node.args[0].value, str)
        ):
            yield node.lineno, node.args[0].value


def imports_go_down(path: str, source: str) -> Iterator[str]:
    own = layer_of(path)
    if own is None:
        return
    for line, module in imports(ast.parse(source)):
        other = module.partition(".")[0]
        if LAYERS.get(other, 0) > LAYERS[own]:
            yield f"line {line}: {own} imports {module}, which lies above it"


def packages_keep_to_their_place(path: str, source: str) -> Iterator[str]:
    if layer_of(path) is None:
        return
    for line, module in imports(ast.parse(source)):
        package = module.partition(".")[0]
        if package in ONLY_IN and not path.startswith(ONLY_IN[package] or "\0"):
            places = ", ".join(ONLY_IN[package]) or "tests"
            yield f"line {line}: {module} may be imported in {places} only"


def _called(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_put_together(node: ast.expr) -> bool:
    """Is it an f-string with values, or text joined by +, % or .format()?"""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return any(_is_text(side) for side in (node.left, node.right))
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    # psycopg's sql.SQL("…").format(sql.Identifier(…)) quotes what it puts in.
    on = node.func.value
    return node.func.attr == "format" and not (isinstance(on, ast.Call) and _called(on) == "SQL")


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def sql_is_not_put_together(path: str, source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and _called(node) in RUNS_SQL
            and node.args
            and _is_put_together(node.args[0])
        ):
            yield f"line {node.lineno}: SQL put together for {_called(node)}()"
        elif isinstance(node, ast.JoinedStr) and _is_put_together(node):
            first = node.values[0]
            if isinstance(first, ast.Constant) and SQL_START.match(str(first.value)):
                yield f"line {node.lineno}: an f-string that begins as SQL"


def files_are_short(path: str, source: str) -> Iterator[str]:
    lines = source.count("\n")
    if lines > MAX_LINES:
        yield f"{lines} lines, more than {MAX_LINES}"


def no_file_lies_in_pages(path: str, source: str) -> Iterator[str]:
    """Streamlit would serve it as a page of its own, past the sign-in (docs/design.md)."""
    if PurePosixPath(path).parent == PurePosixPath("pages"):
        yield "a file directly in pages/; pages live in pages/<section>/"


def names_say_something(path: str, source: str) -> Iterator[str]:
    if PurePosixPath(path).stem in {"utils", "util", "helpers", "misc", "common"}:
        yield "a name that says nothing of what is inside"


def nothing_is_left_for_later(path: str, source: str) -> Iterator[str]:
    if layer_of(path) is None:
        return
    for number, line in enumerate(source.splitlines(), 1):
        if found := re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", line):
            yield f"line {number}: {found[0]}"


def skips_give_a_reason(path: str, source: str) -> Iterator[str]:
    tree = ast.parse(source)
    with_reason = {
        id(call.func)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and any(word.arg == "reason" for word in call.keywords)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and node.attr in {"skip", "skipif", "xfail"}
            and ast.unparse(node.value) in {"pytest", "pytest.mark"}
            and id(node) not in with_reason
        ):
            yield f"line {node.lineno}: {node.attr} without reason="


def downloads_are_logged(path: str, source: str) -> Iterator[str]:
    """A file leaves the app through one door, which keeps the audit log."""
    if path.startswith("pages/") and path != "pages/view/export.py":
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Attribute) and node.attr == "download_button":
                yield f"line {node.lineno}: a download past pages/view/export.py"


def no_path_of_a_machine(path: str, source: str) -> Iterator[str]:
    for number, line in enumerate(source.splitlines(), 1):
        if MACHINE_PATH.search(line):
            yield f"line {number}: a path of somebody's machine"


PYTHON_RULES: tuple[Rule, ...] = (
    imports_go_down,
    packages_keep_to_their_place,
    sql_is_not_put_together,
    files_are_short,
    names_say_something,
    nothing_is_left_for_later,
    skips_give_a_reason,
    downloads_are_logged,
)
TEXT_RULES: tuple[Rule, ...] = (no_file_lies_in_pages, no_path_of_a_machine)
