"""Business periods: the company's days, ISO weeks, months, fiscal quarters and years.

All days are business days, that is calendar days in the company's time zone; a period is a half
open range of them. Handbook §1 is the source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache, lru_cache, wraps
from zoneinfo import ZoneInfo

import holidays
from babel.dates import format_date

from data.config import WEEKDAYS, Config
from data.errors import unknown
from metrics.errors import QueryError

# Biweekly pairs count from the week of this Monday, 2024-W01.
FIRST_PAIR = date(2024, 1, 1)
# Periods outside these years are nobody's question, and near the ends of date arithmetic.
FIRST_YEAR, LAST_YEAR = 1900, 2200
ONE_DAY = timedelta(days=1)
ONE_WEEK = timedelta(days=7)


class Cadence(StrEnum):
    """How often the teams meet; the period of a view is one of its cadence's."""

    WEEKLY = "weekly"
    BIWEEKLY = "biweekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"


GRAINS = {
    "week": Cadence.WEEKLY,
    "month": Cadence.MONTHLY,
    "quarter": Cadence.QUARTERLY,
    "year": Cadence.YEARLY,
}
_EXAMPLES = {
    Cadence.WEEKLY: "2026-W42",
    Cadence.BIWEEKLY: "2026-W41~W42",
    Cadence.MONTHLY: "2026-10",
    Cadence.QUARTERLY: "2026-Q3",
    Cadence.YEARLY: "2026",
}
_PATTERNS = (
    (Cadence.BIWEEKLY, re.compile(r"(\d{4})-W(\d{2})~W(\d{2})")),
    (Cadence.WEEKLY, re.compile(r"(\d{4})-W(\d{2})")),
    (Cadence.QUARTERLY, re.compile(r"(\d{4})-Q([1-4])")),
    (Cadence.MONTHLY, re.compile(r"(\d{4})-(\d{2})")),
    (Cadence.YEARLY, re.compile(r"(\d{4})")),
)


@dataclass(frozen=True, order=True)
class Span:
    """Business days from ``start`` (inclusive) to ``end`` (exclusive).

    ``is_cut`` marks the part of a period that a question cut off: it is never final. ``part_of``
    holds the first day of that period and the day after its last; a whole one has none.
    """

    start: date
    end: date
    is_cut: bool = False
    part_of: tuple[date, date] | tuple[()] = ()

    @property
    def whole(self) -> Span:
        """The days of the period that this is a part of; itself, when it is all of it."""
        first, end = self.part_of or (self.start, self.end)
        return Span(first, end)


@dataclass(frozen=True)
class Period:
    """One week, pair of weeks, month, fiscal quarter or fiscal year."""

    cadence: Cadence
    start: date
    end: date
    id: str
    label: str
    short: str

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)

    def within(self, start: date, end: date) -> Span:
        """The part of the period inside the days from ``start`` to ``end`` (exclusive)."""
        first, last = max(self.start, start), min(self.end, end)
        if (first, last) == (self.start, self.end):
            return self.span
        return Span(first, last, is_cut=True, part_of=(self.start, self.end))


def add_months(day: date, months: int) -> date:
    """The first of the month so many months after ``day``'s."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _day_range(start: date, end: date, locale: str) -> str:
    last = end - ONE_DAY
    if (start.year, start.month) == (last.year, last.month):
        return f"{start.day}–{format_date(last, 'd MMM yyyy', locale=locale)}"
    first = "d MMM" if start.year == last.year else "d MMM yyyy"
    return (
        f"{format_date(start, first, locale=locale)} – "
        f"{format_date(last, 'd MMM yyyy', locale=locale)}"
    )


def _once(make: Callable[[Calendar, date], Period]) -> Callable[[Calendar, date], Period]:
    """Makes each period once: its label is the most of the work, and pace asks for many."""

    @wraps(make)
    def made(calendar: Calendar, first: date) -> Period:
        key = (make.__name__, first)
        return calendar.made.get(key) or calendar.made.setdefault(key, make(calendar, first))

    return made


class Calendar:
    """The company's calendar: builds, parses and steps through periods."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.zone: ZoneInfo = config.company.zone
        self.first_month = config.company.fiscal_year_starts
        self.locale = config.company.locale
        self.made: dict[tuple[str, date], Period] = {}

    # -- moments and days -------------------------------------------------------------------

    def day_of(self, moment: datetime) -> date:
        """The business day of a naive UTC moment."""
        return moment.replace(tzinfo=UTC).astimezone(self.zone).date()

    def local(self, moment: datetime) -> datetime:
        """A naive UTC moment as the company's (aware) wall clock."""
        return moment.replace(tzinfo=UTC).astimezone(self.zone)

    def starts_at(self, day: date) -> datetime:
        """The naive UTC moment at which a business day starts."""
        midnight = datetime.combine(day, time.min, tzinfo=self.zone)
        return midnight.astimezone(UTC).replace(tzinfo=None)

    def parse_moment(self, text: str) -> datetime:
        """ISO 8601 to naive UTC; without an offset it is company time, a bare date its midnight."""
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError as error:
            raise QueryError(
                f"{text[:40]!r} is not a date or timestamp.",
                remedy="Write 2026-10-31 or 2026-10-31T18:00, with an offset such as +02:00 or Z "
                "if it is not company time.",
            ) from error
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.zone)
        try:
            return moment.astimezone(UTC).replace(tzinfo=None)
        except OverflowError as error:
            raise QueryError(f"{text[:40]!r} lies outside the calendar.") from error

    # -- periods ----------------------------------------------------------------------------

    def period_of(self, day: date, cadence: Cadence) -> Period:
        """The period of a cadence in which a business day lies."""
        match cadence:
            case Cadence.WEEKLY:
                return self._week(day - timedelta(days=day.weekday()))
            case Cadence.BIWEEKLY:
                monday = day - timedelta(days=day.weekday())
                odd = ((monday - FIRST_PAIR).days // 7) % 2
                return self._pair(monday - odd * ONE_WEEK)
            case Cadence.MONTHLY:
                return self._month(day.replace(day=1))
            case Cadence.QUARTERLY:
                offset = (day.month - self.first_month) % 3
                return self._quarter(add_months(day, -offset))
            case Cadence.YEARLY:
                offset = (day.month - self.first_month) % 12
                return self._year(add_months(day, -offset))

    @_once
    def _week(self, monday: date) -> Period:
        year, week, _ = monday.isocalendar()
        end = monday + ONE_WEEK
        label = f"Week {week}, {_day_range(monday, end, self.locale)}"
        return Period(Cadence.WEEKLY, monday, end, f"{year}-W{week:02}", label, f"W{week}")

    @_once
    def _pair(self, monday: date) -> Period:
        year, first, _ = monday.isocalendar()
        second = (monday + ONE_WEEK).isocalendar().week
        end = monday + 2 * ONE_WEEK
        return Period(
            Cadence.BIWEEKLY,
            monday,
            end,
            f"{year}-W{first:02}~W{second:02}",
            f"Weeks {first}–{second}, {_day_range(monday, end, self.locale)}",
            f"W{first}–{second}",
        )

    @_once
    def _month(self, first: date) -> Period:
        return Period(
            Cadence.MONTHLY,
            first,
            add_months(first, 1),
            f"{first:%Y-%m}",
            format_date(first, "LLLL yyyy", locale=self.locale),
            format_date(first, "LLL", locale=self.locale).rstrip("."),
        )

    def _fiscal_year(self, first_of_year: date) -> int:
        """A fiscal year is named by the year in which it ends."""
        return (add_months(first_of_year, 12) - ONE_DAY).year

    @_once
    def _quarter(self, first: date) -> Period:
        months = (first.month - self.first_month) % 12
        year = self._fiscal_year(add_months(first, -months))
        number = months // 3 + 1
        end = add_months(first, 3)
        label = f"Q{number} {year}, {_month_range(first, end, self.locale)}"
        return Period(Cadence.QUARTERLY, first, end, f"{year}-Q{number}", label, f"Q{number}")

    @_once
    def _year(self, first: date) -> Period:
        year = self._fiscal_year(first)
        name = str(year) if self.first_month == 1 else f"FY {year}"
        return Period(Cadence.YEARLY, first, add_months(first, 12), str(year), name, name)

    def step(self, period: Period, count: int) -> Period:
        """The period ``count`` after (or before, negative) ``period``."""
        match period.cadence:
            case Cadence.WEEKLY:
                return self._week(period.start + count * ONE_WEEK)
            case Cadence.BIWEEKLY:
                return self._pair(period.start + 2 * count * ONE_WEEK)
            case Cadence.MONTHLY:
                return self._month(add_months(period.start, count))
            case Cadence.QUARTERLY:
                return self._quarter(add_months(period.start, 3 * count))
            case Cadence.YEARLY:
                return self._year(add_months(period.start, 12 * count))

    def previous(self, period: Period, count: int = 1) -> Period:
        return self.step(period, -count)

    def year_before(self, period: Period) -> Period:
        """The same period a year earlier: the same ISO week number, month or quarter.

        A week 53 whose year before has none is compared with that year's week 52.
        """
        if period.cadence in (Cadence.MONTHLY, Cadence.QUARTERLY, Cadence.YEARLY):
            return self.period_of(add_months(period.start, -12), period.cadence)
        year, week, _ = period.start.isocalendar()
        try:
            monday = date.fromisocalendar(year - 1, week, 1)
        except ValueError:
            monday = date.fromisocalendar(year - 1, week - 1, 1)
        return self.period_of(monday, period.cadence)

    def recent(self, last: Period, count: int) -> list[Period]:
        """``count`` periods up to and including ``last``, oldest first."""
        return [self.step(last, back) for back in range(1 - count, 1)]

    def between(self, start: date, end: date, cadence: Cadence) -> list[Period]:
        """Every period that overlaps the days from ``start`` to ``end`` (exclusive)."""
        periods = []
        period = self.period_of(start, cadence)
        while period.start < end:
            periods.append(period)
            period = self.step(period, 1)
        return periods

    def period_with(self, span: Span) -> Period | None:
        """The period that holds just these days; None where no period does."""
        for cadence in Cadence:
            period = self.period_of(span.start, cadence)
            if (period.start, period.end) == (span.start, span.end):
                return period
        return None

    def default_period(self, cadence: Cadence, as_of: datetime) -> Period:
        """The last complete period at ``as_of`` (naive UTC)."""
        running = self.period_of(self.day_of(as_of), cadence)
        if self.starts_at(running.end) <= as_of:
            return running
        return self.previous(running)

    def parse_period(self, text: str, cadence: Cadence | None = None) -> Period:
        """The period that an id such as ``2026-W42`` names; of ``cadence``, when that is given."""
        for kind, pattern in _PATTERNS:
            match = pattern.fullmatch(text)
            if match is None:
                continue
            try:
                period = self._parsed(kind, [int(part) for part in match.groups()])
            except (ValueError, OverflowError):
                break
            if period.id != text or (cadence is not None and cadence is not kind):
                break
            return period
        expected = _EXAMPLES[cadence] if cadence else ", ".join(_EXAMPLES.values())
        raise QueryError(f"{text[:40]!r} is not a period.", remedy=f"Expected the form {expected}.")

    def _parsed(self, kind: Cadence, parts: list[int]) -> Period:
        year = parts[0]
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise ValueError(year)
        match kind:
            case Cadence.WEEKLY | Cadence.BIWEEKLY:
                return self.period_of(date.fromisocalendar(year, parts[1], 1), kind)
            case Cadence.MONTHLY:
                return self._month(date(year, parts[1], 1))
            case Cadence.QUARTERLY:
                first = self._first_of_year(year)
                return self._quarter(add_months(first, 3 * (parts[1] - 1)))
            case Cadence.YEARLY:
                return self._year(self._first_of_year(year))

    def _first_of_year(self, year: int) -> date:
        return date(year if self.first_month == 1 else year - 1, self.first_month, 1)

    # -- working days -----------------------------------------------------------------------

    def is_working_day(self, day: date) -> bool:
        hours = self.config.business_hours
        return _is_working_day(hours.days, hours.holidays, day)

    def working_days(self, span: Span) -> list[date]:
        hours = self.config.business_hours
        return list(_working_days(tuple(hours.days), hours.holidays, span.start, span.end))

    def elapsed_working_days(self, span: Span, as_of: datetime) -> int:
        """Working days of the span whose business hours are over at ``as_of`` (naive UTC)."""
        now = self.local(as_of)
        closes = time.fromisoformat(self.config.business_hours.closes)
        today_is_over = now.time() >= closes and closes > time.min
        last = now.date() if today_is_over else now.date() - ONE_DAY
        return sum(1 for day in self.working_days(span) if day <= last)

    def first_working_days(self, span: Span, count: int) -> Span:
        """The part of a span up to its ``count``-th working day (all, when it has fewer)."""
        days = self.working_days(span)
        if count <= 0:
            return Span(span.start, span.start, part_of=(span.start, span.end))
        if count >= len(days):
            return span
        return Span(span.start, days[count - 1] + ONE_DAY, part_of=(span.start, span.end))


def _month_range(start: date, end: date, locale: str) -> str:
    last = end - ONE_DAY
    first = "LLL" if start.year == last.year else "LLL yyyy"
    return (
        f"{format_date(start, first, locale=locale)}–{format_date(last, 'LLL yyyy', locale=locale)}"
    )


def _is_working_day(weekdays: Collection[str], country: str, day: date) -> bool:
    return WEEKDAYS[day.weekday()] in weekdays and day not in _holidays(country, day.year)


@lru_cache(maxsize=8_192)
def _working_days(
    weekdays: tuple[str, ...], country: str, start: date, end: date
) -> tuple[date, ...]:
    days = (start + timedelta(days=n) for n in range((end - start).days))
    return tuple(day for day in days if _is_working_day(weekdays, country, day))


@cache
def _holidays(country: str, year: int) -> frozenset[date]:
    if not country:
        return frozenset()
    return frozenset(holidays.country_holidays(country, years=year))


def parse_grain(text: str) -> Cadence:
    if text not in GRAINS:
        raise QueryError(unknown("grain", text, GRAINS))
    return GRAINS[text]
