"""One CSV or Parquet file as columns, with the row numbers that a person sees in it.

CSV: comma-separated, UTF-8 with or without a byte-order mark, a header row, quotes doubled
inside quotes. Every column is text; an empty field, quoted or not, is NULL and nothing else is.
Parquet: columns keep their types.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from data.errors import LoadError
from data.sources.problems import shown

SUFFIXES = (".csv", ".parquet")
CHUNK_BYTES = 1 << 24
# Arrow reads in blocks of this size; one record must fit into two of them.
BLOCK_BYTES = 1 << 24
BOM = b"\xef\xbb\xbf"
UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class RawFile:
    """A file's columns as it has them. ``name`` is its path inside the loaded folder."""

    name: str
    path: Path
    table: pa.Table

    @property
    def columns(self) -> list[str]:
        return self.table.column_names

    def column(self, name: str) -> pa.Array:
        chunked = self.table.column(name)
        return chunked.combine_chunks() if chunked.num_chunks else pa.array([], chunked.type)

    def rows_at(self, indices: list[int]) -> list[int]:
        """The row numbers of some records. CSV: the line where it starts, the header being 1."""
        if self.path.suffix.lower() != ".csv":
            return [index + 1 for index in indices]
        last = max(indices, default=-1)
        lines = [line for line, _ in islice(_records(self.path), 1, last + 2)]
        return [lines[index] for index in indices]


def read_raw(path: Path, name: str) -> RawFile:
    """Read one file. Raises ``LoadError`` that names the file, the row and the reason."""
    try:
        if path.suffix.lower() == ".parquet":
            table = _read_parquet(path, name)
        elif path.suffix.lower() == ".csv":
            table = _read_csv(path, name)
        else:
            raise LoadError(
                f"{name} is neither CSV nor Parquet by its name.",
                remedy=f"Expected a name that ends in {' or '.join(SUFFIXES)}.",
            )
    except OSError as error:
        reason = error.strerror or str(error)
        raise LoadError(
            f"{name} cannot be read: {reason}.", remedy="Nothing was loaded."
        ) from error
    return RawFile(name, path, table)


def _read_parquet(path: Path, name: str) -> pa.Table:
    try:
        table = pa.parquet.ParquetFile(path).read()
    except (pa.ArrowException, ValueError) as error:
        raise LoadError(
            f"{name} is not a readable Parquet file: {_first_line(error)}.",
            remedy="Export it again.",
        ) from error
    _refuse_bad_header(table.column_names, name)
    return table


def _read_csv(path: Path, name: str) -> pa.Table:
    _scan_bytes(path, name)
    header = _header(path, name)
    _refuse_bad_header(header, name)
    convert = pa.csv.ConvertOptions(
        column_types={column: pa.string() for column in header},
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )
    if sum(1 for _ in islice(_records(path), 2)) < 2:
        return pa.table({column: pa.array([], pa.string()) for column in header})
    try:
        return pa.csv.read_csv(
            path,
            read_options=pa.csv.ReadOptions(block_size=BLOCK_BYTES),
            parse_options=pa.csv.ParseOptions(newlines_in_values=True),
            convert_options=convert,
        )
    except pa.ArrowInvalid as error:
        raise _explained(path, name, len(header), error) from error


def _scan_bytes(path: Path, name: str) -> None:
    """Refuse what no CSV reader may let pass: no bytes, NUL bytes, an open quote, UTF-16."""
    quotes = 0
    size = 0
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            if size == 0 and chunk.startswith(UTF16_BOMS):
                raise LoadError(
                    f"{name}, row 1: the file is in UTF-16, not in UTF-8 (byte 1).",
                    remedy="Save it as 'CSV UTF-8'.",
                )
            if b"\0" in chunk:
                raise _nul_byte(path, name)
            quotes += chunk.count(b'"')
            size += len(chunk)
    if size == 0 or (size <= len(BOM) + 2 and not path.read_bytes().removeprefix(BOM).strip()):
        raise LoadError(
            f"{name} is empty.", remedy="Expected at least a header row with the column names."
        )
    if quotes % 2:
        _refuse_open_quote(path, name)


def _nul_byte(path: Path, name: str) -> LoadError:
    with path.open("rb") as stream:
        for row, line in enumerate(stream, start=1):
            if b"\0" in line:
                place = f"row {row}, byte {line.index(0) + 1} of the row"
                return LoadError(
                    f"{name}, {place}: a NUL byte, which no text has.",
                    remedy="The file is damaged or not a CSV file; export it again.",
                )
    return LoadError(f"{name} changed while it was read.", remedy="Try again.")


def _refuse_open_quote(path: Path, name: str) -> None:
    """An odd number of quotes: fine inside bare text, an error where a field never ends."""
    starts = 1
    try:
        for line, _ in _records(path, strict=True):
            starts = line
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise LoadError(
                f"{name}: a quoted field that begins after row {starts} is never closed.",
                remedy='Close it, or double the quote (""), and load again.',
            ) from error
    except UnicodeDecodeError as error:
        raise _wrong_encoding(path, name) from error


def _header(path: Path, name: str) -> list[str]:
    try:
        return next(_records(path))[1]
    except StopIteration:
        raise LoadError(f"{name} is empty.", remedy="Expected a header row.") from None
    except UnicodeDecodeError as error:
        raise _wrong_encoding(path, name) from error


def _refuse_bad_header(header: list[str], name: str) -> None:
    seen: set[str] = set()
    for place, column in enumerate(header, start=1):
        if column == "":
            raise LoadError(
                f"{name}, row 1: column {place} has no name.", remedy="Give every column a name."
            )
        if column in seen:
            raise LoadError(
                f"{name}, row 1: the column {column!r} occurs twice.",
                remedy="Give every column a name of its own.",
            )
        seen.add(column)


def _explained(path: Path, name: str, width: int, error: Exception) -> LoadError:
    """Why Arrow refused a file, found by reading it again record by record."""
    try:
        for line, record in _records(path):
            if len(record) != width:
                return LoadError(
                    f"{name}, row {line}: {len(record)} fields where the header has {width} "
                    f"(the row begins {shown(record[0])}).",
                    remedy="A comma inside a value needs quotes around it.",
                )
    except UnicodeDecodeError:
        return _wrong_encoding(path, name)
    except csv.Error as reason:
        return LoadError(f"{name} is not valid CSV: {reason}.", remedy="Export it again.")
    if "straddl" in str(error):
        return LoadError(
            f"{name} has a row of more than {2 * BLOCK_BYTES >> 20} MB.",
            remedy="Leave the long text out of the export.",
        )
    return LoadError(f"{name} is not valid CSV: {_first_line(error)}.", remedy="Export it again.")


def _wrong_encoding(path: Path, name: str) -> LoadError:
    with path.open("rb") as stream:
        for row, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                found = f"byte {error.start + 1} of the row is 0x{line[error.start]:02x}"
                return LoadError(
                    f"{name}, row {row}: the text is not UTF-8 ({found}).",
                    remedy="Save it as 'CSV UTF-8' or convert it, for instance from Windows-1252.",
                )
    return LoadError(f"{name} changed while it was read.", remedy="Try again.")


def _records(path: Path, *, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Every record with the line on which it starts; blank lines are none, as to Arrow."""
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, strict=strict)
        line = 1
        for record in reader:
            if record:
                yield line, record
            line = reader.line_num + 1


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".")
