"""The rows to keep: the small language of ``where`` in a mapping file.

    opened is not null and (stage in ('Won', 'Lost') or amount >= 1000)

A column, a comparison (``= != <> < <= > >=``), ``is [not] null``, ``[not] in (…)``, ``and``,
``or`` and parentheses; nothing else is accepted. Text stands in single quotes, '' is a quote
inside it; a column name that is not a plain word stands in double quotes. As in SQL a comparison
with NULL is neither true nor false, and a row is kept only where the whole is true.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data.errors import LoadError
from data.sources.convert import as_text

MAX_LENGTH = 4_000
MAX_DEPTH = 40
Literal = str | Decimal
Lookup = Callable[[str], pa.Array]

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<text>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")+")
      | (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?![\w.]))
      | (?P<word>[^\W\d]\w*(?:\.\w+)*)
      | (?P<sign><>|!=|<=|>=|=|<|>)
      | (?P<mark>[(),])""",
    re.VERBOSE,
)
_COMPARISONS = {
    "=": pc.equal,
    "!=": pc.not_equal,
    "<>": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}
_KEYWORDS = ("and", "or", "is", "not", "null", "in")
_GRAMMAR = (
    "Allowed are a column, = != < <= > >=, is [not] null, [not] in (…), and, or, parentheses."
)


@dataclass(frozen=True)
class Compared:
    column: str
    sign: str
    value: Literal

    def evaluate(self, lookup: Lookup) -> pa.Array:
        left, right = _comparable(lookup(self.column), self.column, [self.value])
        return _COMPARISONS[self.sign](left, right[0])


@dataclass(frozen=True)
class Contained:
    column: str
    values: tuple[Literal, ...]
    negated: bool

    def evaluate(self, lookup: Lookup) -> pa.Array:
        left, right = _comparable(lookup(self.column), self.column, self.values)
        found = pc.is_in(left, value_set=right)
        known = pc.if_else(pc.is_null(left), None, found)
        return pc.invert(known) if self.negated else known


@dataclass(frozen=True)
class IsNull:
    column: str
    negated: bool

    def evaluate(self, lookup: Lookup) -> pa.Array:
        empty = pc.is_null(as_text(lookup(self.column)))
        return pc.invert(empty) if self.negated else empty


@dataclass(frozen=True)
class Both:
    left: Condition
    right: Condition

    def evaluate(self, lookup: Lookup) -> pa.Array:
        return pc.and_kleene(self.left.evaluate(lookup), self.right.evaluate(lookup))


@dataclass(frozen=True)
class Either:
    left: Condition
    right: Condition

    def evaluate(self, lookup: Lookup) -> pa.Array:
        return pc.or_kleene(self.left.evaluate(lookup), self.right.evaluate(lookup))


Condition = Compared | Contained | IsNull | Both | Either


def _comparable(
    values: pa.Array, column: str, literals: list[Literal] | tuple[Literal, ...]
) -> tuple[pa.Array, pa.Array]:
    """Column and literals in one type: numbers where the literals are, else text."""
    text = as_text(values)
    if all(isinstance(literal, str) for literal in literals):
        return text, pa.array(list(literals), pa.string())
    try:
        numbers = pc.utf8_trim_whitespace(text).cast(pa.float64())
    except pa.ArrowInvalid as error:
        raise LoadError(
            f"where: the column {column!r} is compared with a number and has other values "
            f"({error}).",
            remedy="Put the value in quotes to compare it as text.",
        ) from error
    return numbers, pa.array([float(literal) for literal in literals], pa.float64())


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    place: int


def parse_where(text: str) -> Condition:
    """Parse a condition. Raises ``LoadError`` with the position of what is not understood."""
    if len(text) > MAX_LENGTH:
        raise LoadError(f"where is longer than {MAX_LENGTH:,} characters.")
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.next = 0

    def whole(self) -> Condition:
        condition = self._any_of(0)
        if self._token().kind != "end":
            raise self._unexpected("'and', 'or' or the end")
        return condition

    def _any_of(self, depth: int) -> Condition:
        condition = self._all_of(depth)
        while self._took("or"):
            condition = Either(condition, self._all_of(depth))
        return condition

    def _all_of(self, depth: int) -> Condition:
        condition = self._one(depth)
        while self._took("and"):
            condition = Both(condition, self._one(depth))
        return condition

    def _one(self, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            raise LoadError(f"where has more than {MAX_DEPTH} parentheses inside each other.")
        if self._took("("):
            condition = self._any_of(depth + 1)
            self._need(")")
            return condition
        column = self._column()
        if self._took("is"):
            negated = self._took("not")
            self._need("null")
            return IsNull(column, negated)
        negated = self._took("not")
        if negated or self._token().text.lower() == "in":
            self._need("in")
            return Contained(column, self._list(), negated)
        if self._token().kind != "sign":
            raise self._unexpected("a comparison, 'is' or 'in'")
        return Compared(column, self._take().text, self._literal())

    def _column(self) -> str:
        token = self._token()
        if token.kind == "quoted":
            return self._take().text[1:-1].replace('""', '"')
        if token.kind == "word" and token.text.lower() not in _KEYWORDS:
            return self._take().text
        raise self._unexpected("a column")

    def _list(self) -> tuple[Literal, ...]:
        self._need("(")
        values = [self._literal()]
        while self._took(","):
            values.append(self._literal())
        self._need(")")
        if len({type(value) for value in values}) > 1:
            raise LoadError(f"where: a list mixes text and numbers. {_GRAMMAR}")
        return tuple(values)

    def _literal(self) -> Literal:
        token = self._token()
        if token.kind == "text":
            return self._take().text[1:-1].replace("''", "'")
        if token.kind == "number":
            return Decimal(self._take().text)
        raise self._unexpected("a number or a text in single quotes")

    def _token(self) -> _Token:
        return self.tokens[self.next]

    def _take(self) -> _Token:
        self.next += 1
        return self.tokens[self.next - 1]

    def _took(self, text: str) -> bool:
        token = self._token()
        if token.kind in ("word", "mark") and token.text.lower() == text:
            self.next += 1
            return True
        return False

    def _need(self, text: str) -> None:
        if not self._took(text):
            raise self._unexpected(repr(text))

    def _unexpected(self, expected: str) -> LoadError:
        token = self._token()
        found = "the end" if token.kind == "end" else repr(token.text[:40])
        return LoadError(
            f"where, position {token.place + 1}: expected {expected}, found {found}. {_GRAMMAR}"
        )


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise LoadError(
                f"where, position {place + 1}: {text[place : place + 20]!r} is not understood. "
                f"{_GRAMMAR}"
            )
        kind: Any = match.lastgroup
        if kind != "space":
            tokens.append(_Token(kind, match.group(), place))
        place = match.end()
    return [*tokens, _Token("end", "", len(text))]
