"""The handbook as Markdown: ``docs/metrics.md`` is this, word for word."""

from __future__ import annotations

import re
from collections.abc import Iterator

from data.config import Config
from metrics.handbook import Entry, all_entries, by_team
from metrics.handbook_rules import RULES

HEAD = """\
# KPIs

Every KPI with its definition, and the rules that hold for all of them. Made from the catalog with
`python -m metrics list --format markdown > docs/metrics.md`; change it there, not here. Windows are
the defaults; the Handbook page of the app shows your company's.
"""
_SPECIAL = re.compile(r"([|*_<>`\[\]\\])")


def _plain(text: str) -> str:
    """Text as Markdown that shows it as it is."""
    return _SPECIAL.sub(r"\\\1", text)


def _entry(entry: Entry) -> Iterator[str]:
    yield f"### {_plain(entry.label)}\n"
    yield f"`{entry.id}`: {_plain(entry.definition)}\n"
    yield f"| Formula | {_plain(entry.formula)} |\n|---|---|"
    yield "\n".join(f"| {name} | {_plain(words)} |" for name, words in entry.facts) + "\n"


def to_markdown() -> str:
    """All entries by team, then the rules; ends with one newline."""
    lines = [HEAD]
    for title, entries in by_team(all_entries(Config())).items():
        lines.append(f"## {title}\n")
        for entry in entries:
            lines += _entry(entry)
    lines.append("## Rules for every KPI\n")
    for rule in RULES:
        lines.append(f"### {_plain(rule.title)}\n")
        lines.append("\n".join(f"- {_plain(sentence)}" for sentence in rule.sentences) + "\n")
    return "\n".join(lines).rstrip("\n") + "\n"
