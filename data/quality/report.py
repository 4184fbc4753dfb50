"""Results of checks as text, as JSON, and the list of checks as a page of documentation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from data.quality.model import Check, Level, Result

DOCUMENT_HEAD = """\
# Data quality

`python -m data check` reads the warehouse and names what in it makes numbers wrong (*error*) or
doubtful (*warning*): the table, the rule, how many rows break it and up to five of their ids.
It exits 1 when a check of level *error* fails, and changes nothing. `--format json` gives the
same to programs.

This page is written by the program: `python -m data check --list > docs/quality.md`.
"""


def as_json(results: Sequence[Result], *, as_of: str, data_version: str) -> dict[str, Any]:
    """The report for programs: what failed, worst first, and how many checks were made."""
    return {
        "as_of": as_of,
        "data_version": data_version,
        "checks": len(results),
        "errors": len(_failed(results, Level.ERROR)),
        "warnings": len(_failed(results, Level.WARNING)),
        "findings": [
            {
                "id": result.check.id,
                "table": result.check.table,
                "rule": result.check.rule,
                "level": result.check.level.value,
                "count": result.found.count,
                "sample": list(result.found.sample),
                "note": result.found.note,
                "why": result.check.why,
                "remedy": result.check.remedy,
            }
            for result in failed(results)
        ],
    }


def as_text(results: Sequence[Result]) -> str:
    """The report for people: one paragraph a failed check, worst first, and a last line."""
    paragraphs = [_paragraph(result) for result in failed(results)]
    errors, warnings = _failed(results, Level.ERROR), _failed(results, Level.WARNING)
    passed = len(results) - len(errors) - len(warnings)
    last = (
        f"{len(results)} checks: {len(errors)} errors, {len(warnings)} warnings, {passed} passed."
    )
    return "\n\n".join([*paragraphs, last])


def failed(results: Iterable[Result]) -> list[Result]:
    """Results of failed checks, errors before warnings, each in the order of the checks."""
    return [*_failed(results := list(results), Level.ERROR), *_failed(results, Level.WARNING)]


def _failed(results: Iterable[Result], level: Level) -> list[Result]:
    return [r for r in results if not r.passed and r.check.level is level]


def _paragraph(result: Result) -> str:
    check, found = result.check, result.found
    sample = ", ".join("NULL" if row is None else row for row in found.sample)
    more = ", …" if found.count > len(found.sample) else ""
    lines = [
        f"{check.level.upper():8} {check.table}: {check.rule}",
        f"         {found.count:,} row{'s' if found.count != 1 else ''} not so"
        + (f": {sample}{more}" if sample else ""),
        *([f"         {found.note}"] if found.note else [f"         {check.why} {check.remedy}"]),
        f"         [{check.id}]",
    ]
    return "\n".join(lines)


def as_document(checks: Iterable[Check]) -> str:
    """docs/quality.md: every check by table."""
    parts = [DOCUMENT_HEAD]
    for table, its_checks in groupby(sorted(checks, key=lambda c: c.table), lambda c: c.table):
        parts.append(
            f"\n## {table}\n\n| check | level | rule | why | remedy |\n|---|---|---|---|---|\n"
        )
        parts.extend(
            f"| `{c.id}` | {c.level} | {c.rule} | {c.why} | {c.remedy} |\n" for c in its_checks
        )
    return "".join(parts)
