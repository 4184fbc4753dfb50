"""What is wrong with a file, in the words of the one who has to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from data.errors import LoadError

SHOWN = 5
VALUE_LENGTH = 60


@dataclass(frozen=True)
class Problem:
    """One value that cannot be loaded. ``index`` is its record's place in the file, from 0."""

    index: int
    column: str
    reason: str


def shown(value: object) -> str:
    """A value in a message: quoted, on one line, and cut where it is long."""
    text = repr(value)
    if len(text) <= VALUE_LENGTH:
        return text
    return f"{text[:VALUE_LENGTH]}…' ({len(str(value)):,} characters)"


def refusal(file: str, lines: Sequence[str], count: int) -> LoadError:
    """One error for a file: its first problems, each on a line, and how many there are in all."""
    if count == 1:
        return LoadError(f"{file}, {lines[0]}.", remedy="Nothing was loaded.")
    listed = "".join(f"\n  {file}, {line}." for line in lines)
    more = f" The first {len(lines)}:" if count > len(lines) else ""
    return LoadError(f"{file} has {count:,} problems.{more}{listed}\nNothing was loaded.")
