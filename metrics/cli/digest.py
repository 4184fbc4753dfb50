"""``metrics digest``: a review as HTML and PDF, in files or by mail."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from data import mail
from data.audit import Event, command_line, record
from data.errors import MailError
from data.row_scope import RowScope
from data.warehouse import open_warehouse
from metrics.calendar import Cadence, Calendar
from metrics.digest import build_digest
from metrics.report.document import Document
from metrics.report.html_mail import write_html, write_text
from metrics.report.pdf import write_pdf

HELP = "the review's scorecard as HTML and PDF, exceptions first: in files, or by mail"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--review", required=True, choices=[*Cadence], help="which review")
    parser.add_argument("--to", action="append", default=[], metavar="ADDRESS", help="send it")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write it to this folder")
    parser.add_argument(
        "--where", action="append", default=[], metavar="DIM=VALUE", help="as an account's scope"
    )
    parser.add_argument("--as-of", metavar="TIMESTAMP")


def run(options: argparse.Namespace) -> int:
    if not options.to and options.out is None:
        raise MailError("A digest needs to go somewhere.", remedy="Give --out DIR or --to ADDRESS.")
    for address in options.to:
        mail.check_address(address)
    warehouse = open_warehouse()
    calendar = Calendar(warehouse.config)
    moment = calendar.parse_moment(options.as_of) if options.as_of else None
    scope = RowScope.parse(options.where)
    settings = warehouse.config.mail
    if options.to:
        mail.check_settings(settings)
    document = build_digest(warehouse, Cadence(options.review), scope, moment)
    page, pdf = write_html(document), write_pdf(document)
    name = f"{options.review}-review"
    if options.out is not None:
        for written in _write(options.out, {f"{name}.html": page.encode(), f"{name}.pdf": pdf}):
            print(written)
    if options.to:
        message = mail.compose(
            settings,
            options.to,
            subject_of(document),
            text=write_text(document),
            page=page,
            files={f"{name}.pdf": pdf},
        )
        mail.send(settings, message)
        print(f"Sent to {len(options.to)}: {', '.join(options.to)}")
    record(
        Event.EXPORT,
        by=command_line(),
        about=f"{name} digest",
        detail={"period": document.period, "scope": [*scope.pairs()], "readers": len(options.to)},
    )
    return 0


def subject_of(document: Document) -> str:
    """``Weekly review, Week 46, 9–15 Nov 2026 – Northwind Analytics``."""
    return f"{document.title}, {document.period} – {document.company}"


def _write(folder: Path, files: dict[str, bytes]) -> list[Path]:
    """Each file whole or not at all: written beside its place, then put there."""
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as part:
                part.write(content)
            os.chmod(part.name, 0o644)
            os.replace(part.name, folder / name)
            written.append(folder / name)
    except OSError as error:
        raise MailError(f"{folder} cannot be written to: {error}.") from error
    return written
