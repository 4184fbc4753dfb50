"""A table as HTML, for the pages that draw bars and intervals into its cells."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence


def html_table(
    head: Sequence[str], rows: Iterable[Sequence[str]], name: str, *, style: str, foot: str = ""
) -> str:
    """``rows`` and ``foot`` hold HTML, ``head`` text; the first column is the row's name.

    ``style`` is what the classes of its sheet begin with, ``name`` what tests find it by.
    """
    top = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in head)
    body = "".join(
        f'<tr><th scope="row">{cells[0]}</th>'
        + "".join(f"<td>{cell}</td>" for cell in cells[1:])
        + "</tr>"
        for cells in rows
    )
    return (
        f'<div class="{style}-scroll"><table class="{style}-table" data-part="{html.escape(name)}">'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody>{foot}</table></div>"
    )
