"""What agreements have to say of a number: marks on its tile, with a sentence behind each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from babel.dates import format_date

from data.agreements import Topic
from data.config import Config
from metrics.agreements.standing import Standing
from metrics.agreements.topics import TITLES, Content, changed_lines, touches
from metrics.calendar import Calendar, Span
from metrics.model import Metric
from metrics.scorecard import Mark

UNSIGNED, REDEFINED, OFF_RULE = "unsigned", "redefined", "off_rule"
_SHORT = {Topic.MQL: "rule", Topic.SLA: "SLA", Topic.WINDOWS: "window"}


def agreement_marks(
    standings: Sequence[Standing], metric: Metric, span: Span | None, config: Config
) -> tuple[Mark, ...]:
    """One mark where a KPI rests on an unsigned change, and one where the definition that was
    signed became another inside the span that its number is of."""
    unsigned = [text for one in standings if (text := _unsigned(one, metric, config))]
    marks = [Mark(UNSIGNED, "unsigned change", detail=" ".join(unsigned))] if unsigned else []
    changes = _changes(standings, metric, span, config.company.locale) if span is not None else []
    if changes:
        words = changes[0][0] if len(changes) == 1 else f"{len(changes)} rule changes"
        marks.append(Mark(REDEFINED, words, detail=" ".join(text for _, text in changes)))
    return tuple(marks)


def _unsigned(standing: Standing, metric: Metric, config: Config) -> str | None:
    reference = standing.reference
    if reference is None or not standing.is_changed:
        return None
    before, now = reference.content, standing.configured
    if not touches(standing.topic, metric, before, now):
        return None
    since = next(
        (v for v in reversed(standing.versions) if v.fingerprint == standing.fingerprint), None
    )
    when = ""
    if since is not None:
        seen = Calendar(config).day_of(since.proposed_at)
        when = f"since {_day(seen, config.company.locale)} "
    held = "signed" if reference.is_signed else "first on record"
    return (
        f"{TITLES[standing.topic]}: {when}the numbers follow a change that not both teams have "
        f"signed. Against what is {held}: {_changed(standing, metric, before, now)}."
    )


def _changes(
    standings: Sequence[Standing], metric: Metric, span: Span, locale: str
) -> list[tuple[str, str]]:
    """(short, sentence) of each change inside the span, the first one first."""
    found: list[tuple[date, str, str]] = []
    for standing in standings:
        for before, after in standing.changes_within(span):
            if not touches(standing.topic, metric, before.content, after.content):
                continue
            assert after.holds_from is not None
            short = f"{_SHORT[standing.topic]} changed {_short_day(after.holds_from, locale)}"
            last = span.end - timedelta(days=1)
            text = (
                f"{TITLES[standing.topic]}: from {_day(span.start, locale)} one signed version "
                f"held, from {_day(after.holds_from, locale)} to {_day(last, locale)} another. "
                f"{_changed(standing, metric, before.content, after.content)}."
            )
            found.append((after.holds_from, short, text))
    return [(short, text) for _, short, text in sorted(found)]


def _changed(standing: Standing, metric: Metric, before: Content, now: Content) -> str:
    if standing.topic is Topic.WINDOWS:  # its own alone
        before, now = ({metric.id: side.get(metric.id)} for side in (before, now))
    return "; ".join(changed_lines(standing.topic, before, now))


def _day(day: date, locale: str) -> str:
    return format_date(day, "d MMM yyyy", locale=locale)


def _short_day(day: date, locale: str) -> str:
    return format_date(day, "d MMM", locale=locale)


def off_rule_mark(off: float | None, of: float | None) -> tuple[Mark, ...]:
    """The mark of MQLs that do not meet the signed rule; none where all do, or none is signed."""
    if not off:
        return ()
    among = "" if of is None else f" of {of:,.0f}"
    do = "does" if off == 1 else "do"
    text = f"{off:,.0f}{among} {do} not meet the signed rule."
    return (Mark(OFF_RULE, f"{off:,.0f} off the rule", detail=text),)
