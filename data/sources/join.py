"""A file's columns together with those of the files it is joined with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.errors import LoadError, unknown
from data.sources.convert import as_text
from data.sources.mapping import Block, Join
from data.sources.problems import shown
from data.sources.raw import RawFile


class Joined:
    """Columns by name, one value for each row of the main file.

    A bare name is the main file's column if it has it, else that of the one joined file that has
    it; ``teams.territory`` names the joined file. Raises ``LoadError`` for a name that is unknown
    or in two joined files.
    """

    def __init__(self, block: Block, main: RawFile, others: Mapping[str, RawFile]) -> None:
        self.block = block
        self.main = main
        self.others = others
        self.matches = {join.name: self._matches(join) for join in block.joins}

    def column(self, name: str) -> pa.Array:
        if name in self.main.columns:
            return self.main.column(name)
        owner, _, column = name.partition(".")
        if owner in self.others and column:
            return self._looked_up(owner, column)
        owners = [other for other, file in self.others.items() if name in file.columns]
        if len(owners) > 1:
            raise LoadError(
                f"{self.block.place}: the column {name!r} is in several joined files.",
                remedy=f"Say which: {' or '.join(f'{owner}.{name}' for owner in owners)}.",
            )
        if owners:
            return self._looked_up(owners[0], name)
        raise LoadError(f"{self.block.place}: {self._unknown(self.main, name)}")

    def _looked_up(self, owner: str, column: str) -> pa.Array:
        file = self.others[owner]
        if column not in file.columns:
            raise LoadError(f"{self.block.place}: {self._unknown(file, column)}")
        return file.column(column).take(self.matches[owner])

    def _unknown(self, file: RawFile, name: str) -> str:
        options = list(file.columns)
        if file is self.main:
            options += [f"{o}.{c}" for o, other in self.others.items() for c in other.columns]
        hint = ""
        if len(file.columns) == 1 and any(mark in file.columns[0] for mark in ";\t|"):
            hint = " The file's fields seem to be separated by another mark than a comma."
        return unknown(f"column of {file.name}", name, options) + hint

    def _matches(self, join: Join) -> pa.Array:
        """For each row of the main file the matching row of the other, or NULL."""
        other = self.others[join.name]
        left = self._keys(self.main, [pair[0] for pair in join.on])
        right = self._keys(other, [pair[1] for pair in join.on])
        keys = [f"key{number}" for number in range(len(join.on))]
        pairs = (
            pa.table([*left, pa.array(np.arange(len(left[0])))], [*keys, "row"])
            .join(
                pa.table([*right, pa.array(np.arange(len(right[0])))], [*keys, "match"]),
                keys=keys,
                join_type="left outer",
            )
            .sort_by([("row", "ascending"), ("match", "ascending")])
        )
        rows = np.asarray(pairs["row"])
        again = np.flatnonzero(rows[1:] == rows[:-1])
        if len(again):
            self._refuse_second_match(join, other, int(rows[again[0]]), pairs)
        return pairs["match"].combine_chunks()

    def _keys(self, file: RawFile, names: list[str]) -> list[pa.Array]:
        for name in names:
            if name not in file.columns:
                reason = unknown(f"column of {file.name}", name, file.columns)
                raise LoadError(f"{self.block.place} join: {reason}")
        return [as_text(file.column(name)) for name in names]

    def _refuse_second_match(self, join: Join, other: RawFile, row: int, pairs: pa.Table) -> None:
        found = pairs.filter(pc.equal(pairs["row"], row))["match"].to_pylist()[:2]
        first, second = other.rows_at(found)
        key = ", ".join(
            f"{left} = {shown(as_text(self.main.column(left))[row].as_py())}" for left, _ in join.on
        )
        raise LoadError(
            f"{self.main.name}, row {self.main.rows_at([row])[0]}: more than one match in "
            f"{other.name} for {key} (rows {first} and {second}).",
            remedy="A join looks up at most one row; make the key of the second file unique.",
        )
