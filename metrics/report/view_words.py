"""What a view is of, in words: its filters and its moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from babel.dates import format_date, format_datetime

from data.audit import PEOPLE
from data.row_scope import Filters
from metrics.calendar import Calendar, Span
from metrics.report.words import member_words


def moment_words(moment: datetime, calendar: Calendar, locale: str) -> str:
    """A naive UTC moment in company time: "Mon 16 Nov 2026, 06:00"."""
    local = calendar.local(moment)
    return format_datetime(local, "EEE d MMM yyyy, HH:mm", tzinfo=local.tzinfo, locale=locale)


def filter_words(where: Filters, *, shows_people: bool = True) -> str:
    """``region EMEA, AMER; channel (none)``; "the whole company" without filters. A projected
    page names teams, not single people: "one rep"."""
    if not where:
        return "the whole company"
    return "; ".join(_members(name, members, shows_people) for name, members in where)


def _members(name: str, members: Sequence[str | None], shows_people: bool) -> str:
    kind = name.replace("_", " ")
    if name in PEOPLE and not shows_people:
        return f"one {kind}" if len(members) == 1 else f"{len(members)} {kind}s"
    return f"{kind} {', '.join(map(member_words, members))}"


def span_words(span: Span, locale: str) -> str:
    """The days of a figure, the last one included: "9 Nov – 15 Nov 2026"."""
    last = span.end.fromordinal(span.end.toordinal() - 1)
    first = format_date(span.start, "d MMM" if span.start.year == last.year else "d MMM yyyy",
                        locale=locale)  # fmt: skip
    end = format_date(last, "d MMM yyyy", locale=locale)
    return end if span.start == last else f"{first} – {end}"
