"""How each topic stands: which version is signed and holds, and whether what is computed is it.

The configuration computes; people sign versions. An *unsigned change* is a configuration that says
something else than the signed version that holds today. Of a topic that nobody has signed yet the
first version on record takes its place: setting the program up is no change, changing it is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from data.agreements import SignedRule, Topic, Version, fingerprint_of, read_agreements
from data.config import Config
from data.errors import ConfigError, StateError
from data.state import has_state
from data.state.models import utc_now
from metrics.agreements.topics import Content, content_of
from metrics.calendar import Calendar, Span

STATE_TROUBLE = (StateError, ConfigError)


@dataclass(frozen=True)
class Standing:
    """One topic today. ``configured`` is what the configuration says, and what is computed."""

    topic: Topic
    versions: tuple[Version, ...]
    configured: Content
    today: date

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.configured)

    @property
    def in_force(self) -> Version | None:
        """The signed version that holds today."""
        return in_force_on(self.versions, self.today)

    @property
    def reference(self) -> Version | None:
        """What the configuration is held against: the signed version that holds, else the first on
        record; None where nothing is on record."""
        return self.in_force or (self.versions[0] if self.versions else None)

    @property
    def is_changed(self) -> bool:
        """Whether what is computed is an unsigned change."""
        reference = self.reference
        return reference is not None and reference.fingerprint != self.fingerprint

    @property
    def open(self) -> tuple[Version, ...]:
        """What waits for signatures: proposals, and what the configuration says now."""
        last = -1 if self.in_force is None else self.in_force.number
        return tuple(
            one
            for one in self.versions
            if not (one.is_signed or one.is_withdrawn)
            and (
                one.proposed_by is not None
                or (one.fingerprint == self.fingerprint and one.number > last)
            )
        )

    @property
    def coming(self) -> tuple[Version, ...]:
        """Signed versions that hold from a later day on."""
        return tuple(
            one
            for one in self.versions
            if one.is_signed and one.holds_from is not None and one.holds_from > self.today
        )

    @property
    def lacks_version(self) -> bool:
        """Whether what the configuration says is on record nowhere: it is then to be recorded."""
        if not self.versions:
            return True
        known = {one.fingerprint for one in (*self.open, *self.coming)}
        if self.in_force is not None:
            known.add(self.in_force.fingerprint)
        return self.fingerprint not in known

    def stretches(self) -> list[tuple[Version, date | None]]:
        """The signed versions in the order in which they hold, each with the day from which the
        next one does."""
        held = _holding(self.versions)
        following = [*(one.holds_from for one in held[1:]), None]
        return list(zip(held, following, strict=False))

    def changes_within(self, span: Span) -> Iterator[tuple[Version, Version]]:
        """(before, after) where another signed version began to hold inside a span."""
        for before, after in pairwise(_holding(self.versions)):
            begins = after.holds_from
            is_inside = begins is not None and span.start < begins < span.end
            if is_inside and before.fingerprint != after.fingerprint:
                yield before, after


def _holding(versions: Sequence[Version]) -> list[Version]:
    """The signed versions by the day from which they hold; of one day the newest alone."""
    by_day = {one.holds_from or date.min: one for one in versions if one.is_signed}
    return [by_day[day] for day in sorted(by_day)]


def in_force_on(versions: Sequence[Version], day: date) -> Version | None:
    """The signed version that holds on a day."""
    held = [one for one in _holding(versions) if (one.holds_from or date.min) <= day]
    return held[-1] if held else None


def business_today(config: Config) -> date:
    """The company's day right now: people keep their word by the clock on the wall."""
    return Calendar(config).day_of(utc_now())


def read_standings(config: Config, today: date | None = None) -> tuple[Standing, ...]:
    """How every topic stands. Raises ``StateError`` or ``ConfigError`` when the state database does
    not answer."""
    day = today or business_today(config)
    found = read_agreements(config.company.name) if has_state() else {}
    return tuple(
        Standing(topic, found.get(topic, ()), content_of(config, topic), day) for topic in Topic
    )


def known_standings(config: Config) -> tuple[Standing, ...]:
    """The same; nothing while the state database does not answer: numbers are shown without it."""
    try:
        return read_standings(config)
    except STATE_TROUBLE:
        return ()


def signed_rules(config: Config) -> tuple[SignedRule, ...]:
    """The MQL rules that both teams signed, in the order in which they hold.

    Raises ``StateError`` or ``ConfigError`` when the state database does not answer.
    """
    calendar = Calendar(config)
    standing = next(one for one in read_standings(config) if one.topic is Topic.MQL)
    return tuple(
        SignedRule(
            None if version.holds_from is None else calendar.starts_at(version.holds_from),
            None if until is None else calendar.starts_at(until),
            version.content["score_at_least"],
            tuple(version.content["required_facts"]),
            tuple(version.content["never_from"]),
            tuple(version.content["without_score"]),
        )
        for version, until in standing.stretches()
    )
