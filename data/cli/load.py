"""``python -m data load DIR [--mapping FILE.toml]``: replace the warehouse by files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from data.attempts import trying
from data.cli.progress import Progress
from data.config import load_config
from data.load import load_tables
from data.sources.files import read_folder
from data.warehouse import warehouse_url

HELP = "replace the whole warehouse by a folder of CSV or Parquet files"
# Reading the files takes about this share of the time, writing and deriving the rest.
READ = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", metavar="DIR", type=Path, help="the folder; without a mapping, files named after "
        "a table of the warehouse, such as leads.csv"
    )  # fmt: skip
    parser.add_argument(
        "--mapping", metavar="FILE.toml", type=Path, help="which file and column feeds which table"
    )


def run(options: argparse.Namespace) -> int:
    url = warehouse_url()
    config = load_config(demo=False)
    progress = Progress()
    with trying("load", url) as told:
        found = read_folder(
            options.folder, config, mapping=options.mapping, progress=progress.part(0, READ)
        )
        for note in found.notes:
            print(f"note: {note}", file=sys.stderr)
        report = load_tables(url, found.tables, config=config, progress=progress.part(READ, 1))
        told.loaded(report)
    width = max(map(len, report.rows))
    for table, rows in report.rows.items():
        print(f"{table:<{width}}  {rows:>12,} rows  {', '.join(found.files[table])}")
    through = f"{report.data_through} UTC" if report.data_through else "no event"
    print(f"Loaded into {url.render_as_string(hide_password=True)}; data through {through}.")
    return 0
