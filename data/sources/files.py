"""A folder of CSV and Parquet files as tables of the contract.

Without a mapping, files named after a table are read as they are; with one, only the files that
it names. Keys, types, enums and required columns are checked here, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from sqlalchemy import Table

from data.config import Config
from data.errors import LoadError, nearest, unknown
from data.sources.mapping import Block, ColumnRule, read_mapping
from data.sources.problems import SHOWN, Problem, shown
from data.sources.raw import SUFFIXES, RawFile, read_raw
from data.sources.rows import Part, read_part
from data.tables import CONTRACT

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class FileTables:
    """What a folder holds: rows by table, the files they came from, and words to the reader."""

    tables: dict[str, pa.Table]
    files: dict[str, tuple[str, ...]]
    notes: tuple[str, ...]


def read_folder(
    folder: Path, config: Config, *, mapping: Path | None = None, progress: Progress | None = None
) -> FileTables:
    """Read all tables of a folder, with all columns of the contract in each.

    ``progress`` gets a text and the share done (0–1). Raises ``LoadError`` that names file, row,
    column and reason.
    """
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise LoadError(f"{folder} {what}.", remedy="Name a folder with CSV or Parquet files.")
    reader = _Reader(folder, config.company.zone, progress)
    if mapping is not None:
        reader.blocks = list(read_mapping(mapping))
    else:
        reader.find_tables()
    return reader.read()


class _Reader:
    def __init__(self, folder: Path, zone: ZoneInfo, progress: Progress | None) -> None:
        self.folder = folder
        self.zone = zone
        self.progress = progress
        self.blocks: list[Block] = []
        self.notes: list[str] = []
        self._raw: dict[str, RawFile] = {}

    def read(self) -> FileTables:
        parts: dict[str, list[Part]] = {}
        for number, block in enumerate(self.blocks):
            if self.progress:
                self.progress(f"reading {', '.join(block.files)}", number / len(self.blocks))
            others = {join.name: self.raw(join.file) for join in block.joins}
            for file in block.files:
                part = read_part(block, self.raw(file), others, self.zone)
                parts.setdefault(block.table.name, []).append(part)
        for name, found in parts.items():
            _refuse_duplicate_keys(CONTRACT[name], found)
        return FileTables(
            tables={name: pa.concat_tables(p.rows for p in found) for name, found in parts.items()},
            files={
                name: tuple(dict.fromkeys(part.file.name for part in found))
                for name, found in parts.items()
            },
            notes=tuple(self.notes),
        )

    def raw(self, name: str) -> RawFile:
        if name not in self._raw:
            path = self.folder / name
            if not path.is_file():
                raise LoadError(f"{self.folder}: {unknown('file', name, self._file_names())}")
            self._raw[name] = read_raw(path, name)
        return self._raw[name]

    def find_tables(self) -> None:
        """A block for each file that is named after a table, with the columns of that name."""
        names = [name for name in self._file_names() if Path(name).suffix.lower() in SUFFIXES]
        found = {name: Path(name).stem for name in names if Path(name).stem in CONTRACT}
        for name in sorted(set(names) - set(found)):
            close = nearest(Path(name).stem, CONTRACT)
            meant = f" Nearest table: {close!r}." if close else ""
            self.notes.append(f"{name} was not read: it is not named after a table.{meant}")
        for table in dict.fromkeys(found.values()):
            files = [name for name, stem in found.items() if stem == table]
            if len(files) > 1:
                raise LoadError(
                    f"{' and '.join(files)} both hold the table {table!r}.",
                    remedy="Keep one, or name the files in a mapping.",
                )
        if not found:
            raise LoadError(
                f"{self.folder} has no file named after a table.",
                remedy=f"Expected one or more of {', '.join(f'{t}.csv' for t in CONTRACT)} "
                "(or .parquet), or a mapping file: --mapping FILE.toml.",
            )
        self.blocks = [self._plain_block(CONTRACT[stem], name) for name, stem in found.items()]

    def _plain_block(self, table: Table, name: str) -> Block:
        columns = self.raw(name).columns
        names = [column.name for column in table.columns]
        missing = [column for column in names if column not in columns]
        extra = [column for column in columns if column not in table.columns]
        for column in extra:
            close = nearest(column, missing)
            meant = f" Nearest: {close!r}." if close else ""
            self.notes.append(
                f"{name}: the column {column!r} is not part of {table.name} and was not "
                f"loaded.{meant}"
            )
        for column in missing:
            if not table.columns[column].nullable:
                close = nearest(column, extra)
                raise LoadError(
                    f"{name}, row 1: the required column {column!r} is missing."
                    + (f" Nearest in the file: {close!r}." if close else "")
                    + _other_delimiter(columns),
                    remedy="Name it so in the header, or map it with --mapping FILE.toml.",
                )
        rules = {c: ColumnRule(source=c) for c in names if c in columns}
        return Block(table, name, (name,), rules)

    def _file_names(self) -> list[str]:
        return sorted(file.name for file in self.folder.iterdir() if file.is_file())


def _other_delimiter(columns: Sequence[str]) -> str:
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t|"):
        return " Its fields seem to be separated by another mark than a comma."
    return ""


def _refuse_duplicate_keys(table: Table, parts: Sequence[Part]) -> None:
    for column in table.primary_key.columns:
        keys = pa.chunked_array([part.rows[column.name].combine_chunks() for part in parts])
        codes = np.asarray(keys.combine_chunks().dictionary_encode().indices)
        _, first = np.unique(codes, return_index=True)
        if len(first) == len(codes):
            continue
        starts = np.cumsum([0, *(len(part.records) for part in parts)])
        again = np.setdiff1d(np.arange(len(codes)), first)
        first_of = dict(zip(codes[first], first, strict=True))
        part_of = np.searchsorted(starts, again, side="right") - 1
        part = parts[part_of[0]]
        repeats = [(int(row), int(first_of[codes[row]])) for row in again[part_of == part_of[0]]]
        raise part.refuse(_duplicate_problems(parts, starts, column.name, keys, repeats))


def _duplicate_problems(
    parts: Sequence[Part],
    starts: np.ndarray,
    column: str,
    keys: pa.ChunkedArray,
    repeats: Sequence[tuple[int, int]],
) -> list[Problem]:
    """A problem for each (row, its first occurrence), rows counted over all parts."""
    problems: list[Problem] = []
    for row, first in repeats:
        here = int(np.searchsorted(starts, row, side="right")) - 1
        there = int(np.searchsorted(starts, first, side="right")) - 1
        record = int(parts[there].records[first - starts[there]])
        line = parts[there].file.rows_at([record])[0] if len(problems) < SHOWN else record
        reason = (
            f"{shown(keys[row].as_py())} occurs twice, first in {parts[there].file.name}, "
            f"row {line}"
        )
        place = int(parts[here].records[row - starts[here]])
        problems.append(Problem(place, repr(column), reason))
    return problems
