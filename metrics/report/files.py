"""The writers of files to take away, each loaded by whoever asks for the first file of its kind.

The libraries behind them take 25 MB and a third of a second to load: no start of the app waits for
that, and most of its lives need none of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from metrics.report.cells import Table
from metrics.report.document import Document

MIME = {
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def write_pptx(document: Document) -> bytes:
    """As PowerPoint: ``metrics/report/pptx.py``."""
    from metrics.report import pptx

    return pptx.write_pptx(document)


def write_pdf(document: Document) -> bytes:
    """As PDF: ``metrics/report/pdf.py``."""
    from metrics.report import pdf

    return pdf.write_pdf(document)


def write_xlsx(tables: Sequence[Table], currency: str, *, about: Sequence[str] = ()) -> bytes:
    """Tables as an Excel workbook: ``metrics/report/xlsx.py``."""
    from metrics.report import xlsx

    return xlsx.write_xlsx(tables, currency, about=about)
