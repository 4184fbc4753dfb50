"""Numbers as people read them: by unit, in the company's locale and currency.

Short forms keep three significant figures (€1.24M, €412k, 14.2%, 2.6 h); a minus is a true minus;
what is undefined is "–". Nothing here ever returns "nan", "inf" or a negative zero.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from babel import Locale
from babel.numbers import (
    format_compact_currency,
    format_compact_decimal,
    format_currency,
    format_decimal,
    get_currency_precision,
)

from metrics.model import Unit
from metrics.scorecard import Change

UNDEFINED = "–"
MINUS = "−"
_SUFFIXES = {Unit.HOURS: " h", Unit.DAYS: " d", Unit.MULTIPLE: "×"}
# A count is written in full below this, money below the other; above, in short form.
_FULL_COUNT = 100_000
_FULL_MONEY = 10_000
# Beyond any company's figures: only a defect in the data gets here, and it shall look like one.
_ABSURD = 1e18
_CODE = re.compile(r"([A-Z]{3})(?=\d)")
_THOUSANDS = re.compile(r"(?<=\d)K")


def _short(value: float, write: Callable[[float, int], str]) -> str | None:
    """A compact form with at most three digits; None where the locale has no short form for it.

    ``write(value, decimals)`` gives the locale's compact form. Its units differ (k, 万, लाख), so
    the decimals are found by looking at what it wrote.
    """
    value = round(value, 2 - math.floor(math.log10(value)))  # 999,999 is 1M, not 1000k
    for decimals in (2, 1, 0):
        text = write(value, decimals)
        if sum(c.isdigit() for c in text) <= 3:
            return text
    return None if sum(c.isdigit() for c in text) > 4 else text


@dataclass(frozen=True)
class Formats:
    """How one company writes numbers. ``locale`` such as "en_US", ``currency`` ISO 4217."""

    locale: str
    currency: str

    def value(self, value: float | None, unit: Unit) -> str:
        """A headline: 612, €1.24M, 14.2%, 2.6 h."""
        return self._signed(value, unit, plus=False, trim=False)

    def target(self, value: float | None, unit: Unit) -> str:
        """The same without decimals that say nothing: 10%, €90, 2 h."""
        return self._signed(value, unit, plus=False, trim=True)

    def exact(self, value: float | None, unit: Unit) -> str:
        """In full, for a tooltip or a definition: €1,240,310.55."""
        if value is None or not math.isfinite(value) or abs(value) >= _ABSURD:
            return self.value(value, unit)
        if unit is Unit.MONEY:
            return _in_full(self, value)
        if unit is Unit.COUNT:
            return self.plain(value)
        return self.value(value, unit)

    def plain(self, value: float) -> str:
        """A bare number in full, without a unit: a numerator or denominator."""
        return _plain(self, value) if math.isfinite(value) else UNDEFINED

    def bound(self, value: float, unit: Unit) -> str:
        """A percentile that is only known to be more than this: "> 5.2 h"."""
        return f"> {self.value(value, unit)}"

    def size(self, value: float, unit: Unit) -> str:
        """How far from a target, without a sign: 28, €68k, 2.6 pp, 0.6 h."""
        return self._difference(abs(value), unit)

    def difference(self, value: float, unit: Unit) -> str:
        """A difference with its sign: +38, −€31k, +2.1 pp; "0" forms carry none."""
        size = self._difference(abs(value), unit)
        if self.is_zero(value, unit):
            return size
        return f"{'+' if value > 0 else MINUS}{size}"

    def is_zero(self, value: float, unit: Unit) -> bool:
        """Whether a difference vanishes at the precision in which it is shown."""
        shown = self._difference(abs(value), unit)
        return not any(c.isdigit() and c != "0" for c in shown)

    def percent(self, value: float) -> str:
        """A relative change with its sign: +6.6%."""
        return self._signed(value, Unit.SHARE, plus=True, trim=False)

    def change(self, change: Change, unit: Unit) -> str:
        """A change in words and sign: "▲ +38 (+6.6%)", "no change", "new"."""
        if change.absolute is None or not math.isfinite(change.absolute):
            return "new"
        if self.is_zero(change.absolute, unit):
            return "no change"
        arrow = "▲" if change.absolute > 0 else "▼"
        text = f"{arrow} {self.difference(change.absolute, unit)}"
        if change.percent is not None and math.isfinite(change.percent):
            text += f" ({self.percent(change.percent)})"
        return text

    # -- the parts ----------------------------------------------------------------------------

    def _signed(self, value: float | None, unit: Unit, *, plus: bool, trim: bool) -> str:
        if value is None or not math.isfinite(value):
            return UNDEFINED
        size = self._magnitude(abs(value), unit, trim=trim)
        if not any(c.isdigit() and c != "0" for c in size):
            return size
        sign = MINUS if value < 0 else "+" if plus else ""
        return sign + size

    def _difference(self, size: float, unit: Unit) -> str:
        if unit is Unit.SHARE:
            return _points(self, size)
        return self._magnitude(size, unit, trim=unit is Unit.MONEY)

    def _magnitude(self, size: float, unit: Unit, *, trim: bool) -> str:
        return _magnitude(self, size, unit, trim)

    def _write(self, size: float, unit: Unit, *, trim: bool) -> str:
        if size >= _ABSURD:
            return f"{size:.0e}"
        match unit:
            case Unit.COUNT:
                return self._count(size)
            case Unit.MONEY:
                return self._money(size, trim=trim)
            case Unit.SHARE:
                return self._share(size, trim=trim)
            case _:
                decimals = 0 if size >= 100 else 1
                return self._decimal(size, decimals, trim=trim) + _SUFFIXES[unit]

    def _count(self, size: float) -> str:
        if size >= _FULL_COUNT:
            short = _short(
                size,
                lambda x, n: format_compact_decimal(x, locale=self.locale, fraction_digits=n),
            )
            if short is not None:
                return self._clean(self._house_style(short))
        return self._decimal(size, 0 if size >= 100 else 1, trim=True)

    def _money(self, size: float, *, trim: bool) -> str:
        if size >= _FULL_MONEY:
            short = _short(
                size,
                lambda x, n: format_compact_currency(
                    x, self.currency, locale=self.locale, fraction_digits=n
                ),
            )
            if short is not None:
                return self._clean(self._house_style(short))
        precision = get_currency_precision(self.currency) if size < 100 else 0
        rounded = round(size, precision)
        decimals = 0 if rounded == round(size) and (trim or rounded == 0) else precision
        text = format_currency(
            rounded,
            self.currency,
            _money_pattern(self.locale, decimals),
            locale=self.locale,
            currency_digits=False,
        )
        return self._clean(self._house_style(text))

    def _share(self, size: float, *, trim: bool) -> str:
        percent = size * 100
        decimals = 0 if percent >= 1000 else 1
        if 0.005 <= percent < 1 and not trim:
            decimals = 2
        number = self._decimal(percent, decimals, trim=trim)
        return self._clean(self._percent_pattern.replace("#", number))

    def _decimal(self, size: float, decimals: int, *, trim: bool) -> str:
        fraction = ("#" if trim else "0") * decimals
        pattern = f"#,##0.{fraction}" if fraction else "#,##0"
        return self._clean(format_decimal(round(size, decimals), pattern, locale=self.locale))

    @cached_property
    def _percent_pattern(self) -> str:
        """The locale's percent sign and space around "#"."""
        pattern = str(Locale.parse(self.locale).percent_formats[None].pattern).split(";")[0]
        number = "".join(c for c in pattern if c in "#,0.")
        return pattern.replace(number, "#")

    def _house_style(self, text: str) -> str:
        """English thousands are a small k, and a currency code stands off its number."""
        text = _CODE.sub(r"\1" + "\N{NO-BREAK SPACE}", text)
        return _THOUSANDS.sub("k", text) if self.locale.startswith("en") else text

    @staticmethod
    def _clean(text: str) -> str:
        return text.replace("-", MINUS)


# Writing one number takes a fifth of a millisecond, and every run of a page writes the same ones.
_NUMBERS = 20_000


@lru_cache(_NUMBERS)
def _magnitude(formats: Formats, size: float, unit: Unit, trim: bool) -> str:
    return formats._write(size, unit, trim=trim)


@lru_cache(_NUMBERS)
def _points(formats: Formats, size: float) -> str:
    points = f"{size:.0e}" if size >= _ABSURD else formats._decimal(size * 100, 1, trim=False)
    return f"{points} pp"


@lru_cache(_NUMBERS)
def _in_full(formats: Formats, value: float) -> str:
    rounded = round(value, get_currency_precision(formats.currency)) + 0.0
    text = format_currency(rounded, formats.currency, locale=formats.locale)
    return formats._clean(text)


@lru_cache(_NUMBERS)
def _plain(formats: Formats, value: float) -> str:
    # Adding 0.0 takes the sign off a negative zero.
    rounded = round(value, 2) + 0.0
    return formats._clean(format_decimal(rounded, "#,##0.##", locale=formats.locale))


@lru_cache
def _money_pattern(locale: str, decimals: int) -> str:
    """The locale's currency pattern with exactly so many decimals."""
    pattern = str(Locale.parse(locale).currency_formats["standard"].pattern).split(";")[0]
    wanted = "0." + "0" * decimals if decimals else "0"
    return pattern.replace("0.00", wanted)
