"""Filters as text: one spelling for each, in whatever order a link names things.

A comment or dispute belongs to a number, and the filters are part of what the number is.
"""

from __future__ import annotations

import json

from data.row_scope import Filters


def as_text(where: Filters) -> str:
    """``[["region", ["AMER", null]]]``: dimensions and members sorted, the NULL member last."""
    named = [
        [name, sorted(set(members), key=lambda member: (member is None, member or ""))]
        for name, members in sorted(where)
    ]
    return json.dumps(named, ensure_ascii=False)


def from_text(text: str) -> Filters:
    return tuple((name, tuple(members)) for name, members in json.loads(text))


def lies_within(named: Filters, where: Filters) -> bool:
    """Whether filters ask for no more than others do: of each dimension that ``where`` names they
    name some members, and none that it does not."""
    asked = dict(named)
    return all(
        bool(asked.get(name)) and set(asked[name]) <= set(members) for name, members in where
    )
