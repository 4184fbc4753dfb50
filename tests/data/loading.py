"""A folder of files, loaded into a warehouse: what the tests of ``data load`` share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import Connection, Table, select
from sqlalchemy.engine import make_url

from data.config import parse_config
from data.dialects import dialect_of
from data.errors import LoadError
from data.load import LoadReport, load_tables
from data.sources.files import FileTables, read_folder

LEADS = "lead_id,created_at,channel\n"


def write(folder: Path, **files: str | bytes) -> Path:
    """``write(folder, leads="…")`` writes ``leads.csv``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        content = text.encode() if isinstance(text, str) else text
        (folder / f"{name}.csv").write_bytes(content)
    return folder


def read(folder: Path, mapping: str | None = None, config: str = "") -> FileTables:
    """Read a folder, with the text of a mapping."""
    if mapping is None:
        return read_folder(folder, parse_config(config))
    path = folder / "mapping.toml"
    path.write_text(mapping, encoding="utf-8")
    return read_folder(folder, parse_config(config), mapping=path)


def refused(folder: Path, mapping: str | None = None, config: str = "") -> str:
    """The message with which a folder is refused."""
    with pytest.raises(LoadError) as caught:
        read(folder, mapping, config)
    return str(caught.value)


def load(url: str, tables: dict[str, pa.Table], config: str = "", **options: Any) -> LoadReport:
    return load_tables(make_url(url), tables, config=parse_config(config), **options)


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """A read-only connection, as the app has it."""
    parsed = make_url(url)
    engine = dialect_of(parsed).create_engine(parsed, read_only=True, timeout_seconds=30)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def rows_of(url: str, table: Table) -> list[tuple[Any, ...]]:
    """All rows, sorted, for comparing what a warehouse holds."""
    with reading(url) as connection:
        return sorted(map(tuple, connection.execute(select(table))), key=repr)


def leads(*ids: str, created: str = "2026-03-01T00:00:00") -> pa.Table:
    moments = [datetime.fromisoformat(created)] * len(ids)
    return pa.table({"lead_id": list(ids), "created_at": pa.array(moments, pa.timestamp("us"))})
