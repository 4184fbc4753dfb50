"""``python -m data audit``: the audit log, oldest first."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from data.audit import AuditRow, read_events
from data.audit_report import csv_lines, details, local_text
from data.config import load_config
from data.errors import ScorecardError, WarehouseError
from data.secrets import has_demo_key
from data.warehouse import open_warehouse

HELP = "who did what, and when: sign-ins, exports, changes of accounts and links"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--since",
        metavar="DATE",
        help="from this day or moment on (ISO 8601; company time without an offset)",
    )
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table")


def run(options: argparse.Namespace) -> int:
    zone = _zone()
    rows = read_events(since=_moment(options.since, zone) if options.since else None)
    {"table": _print_table, "csv": _print_csv, "json": _print_json}[options.format](rows, zone)
    return 0


def _zone() -> ZoneInfo:
    """The company's time zone; the log is read while the warehouse is away, too."""
    try:
        return open_warehouse().config.company.zone
    except WarehouseError:
        return load_config(demo=has_demo_key()).company.zone


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return aware.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise ScorecardError(
            f"--since: {text[:40]!r} is not a date or a moment.",
            remedy="Write 2026-10-31 or 2026-10-31T18:00+02:00.",
        ) from error


def _print_json(rows: Iterable[AuditRow], zone: ZoneInfo) -> None:
    """One array, written as it is read: the log may be long."""
    between = "[\n"
    for row in rows:
        values = {
            "id": row.id,
            "at": local_text(row, zone),
            "source": row.source,
            "actor": row.actor,
            "event": row.event,
            "subject": row.subject,
            "detail": row.detail,
        }
        print(between + json.dumps(values, ensure_ascii=False), end="")
        between = ",\n"
    print("[]" if between == "[\n" else "\n]")


def _print_csv(rows: Iterable[AuditRow], zone: ZoneInfo) -> None:
    sys.stdout.writelines(csv_lines(rows, zone))


def _print_table(rows: Iterable[AuditRow], zone: ZoneInfo) -> None:
    print(f"{'WHEN':27}{'WHO':18}{'WHAT':20}ABOUT")
    for row in rows:
        who = f"{row.actor or '-'} ({row.source})"
        about = " · ".join([*([row.subject] if row.subject else []), *details(row)])
        print(_visible(f"{local_text(row, zone):27}{who:17} {row.event:19} {about}"))


def _visible(line: str) -> str:
    """A line that does nothing to the terminal it is read on."""
    return "".join(c if c.isprintable() else "·" for c in line).rstrip()
