"""Numbers as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.model import Unit
from metrics.report.format import Formats
from metrics.scorecard import Change

US = Formats("en_US", "EUR")
GERMAN = Formats("de_DE", "EUR")
NBSP = "\N{NO-BREAK SPACE}"
LOCALES = ("en_US", "de_DE", "fr_CH", "ja_JP", "id_ID", "pt_BR", "hi_IN", "sv_SE", "ar_EG")
CURRENCIES = ("USD", "EUR", "JPY", "IDR", "KWD", "CHF")
formats = st.builds(Formats, st.sampled_from(LOCALES), st.sampled_from(CURRENCIES))
numbers = st.none() | st.floats() | st.integers(-(10**15), 10**15)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1_240_310, Unit.MONEY, "€1.24M"),
        (412_345, Unit.MONEY, "€412k"),
        (999_999, Unit.MONEY, "€1M"),
        (4105.2, Unit.MONEY, "€4,105"),
        (86.4, Unit.MONEY, "€86.40"),
        (-31_000, Unit.MONEY, "−€31k"),
        (0, Unit.MONEY, "€0"),
        (612, Unit.COUNT, "612"),
        (2914, Unit.COUNT, "2,914"),
        (123_456, Unit.COUNT, "123k"),
        (0.142, Unit.SHARE, "14.2%"),
        (0.0042, Unit.SHARE, "0.42%"),
        (0, Unit.SHARE, "0.0%"),
        (1, Unit.SHARE, "100.0%"),
        (2.6, Unit.HOURS, "2.6 h"),
        (9.4, Unit.DAYS, "9.4 d"),
        (131.2, Unit.DAYS, "131 d"),
        (2.9, Unit.MULTIPLE, "2.9×"),
        (-0.0, Unit.HOURS, "0.0 h"),
        (None, Unit.COUNT, "–"),
        (float("nan"), Unit.SHARE, "–"),
        (float("inf"), Unit.MONEY, "–"),
    ],
)
def test_headlines(value: float | None, unit: Unit, text: str) -> None:
    assert US.value(value, unit) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(0.1, Unit.SHARE, "10%"), (90, Unit.MONEY, "€90"), (2, Unit.HOURS, "2 h"),
     (640, Unit.COUNT, "640"), (1.2e6, Unit.MONEY, "€1.2M")],
)  # fmt: skip
def test_targets_drop_decimals_that_say_nothing(value: float, unit: Unit, text: str) -> None:
    assert US.target(value, unit) == text


def test_german_figures_have_their_own_forms() -> None:
    assert GERMAN.value(1_240_310, Unit.MONEY) == f"1,24{NBSP}Mio.{NBSP}€"
    assert GERMAN.value(412_345, Unit.MONEY) == f"412.345{NBSP}€"
    assert GERMAN.value(0.142, Unit.SHARE) == f"14,2{NBSP}%"


def test_large_currencies_stay_short() -> None:
    assert Formats("ja_JP", "JPY").value(124e6, Unit.MONEY) == "￥1.24億"
    assert Formats("en_US", "IDR").value(18.4e9, Unit.MONEY) == f"IDR{NBSP}18.4B"


@given(formats, st.floats(0, 1e15), st.sampled_from(Unit))
def test_every_headline_fits_a_tile(shown: Formats, value: float, unit: Unit) -> None:
    if unit in (Unit.COUNT, Unit.MONEY):
        assert len(shown.value(value, unit)) <= 18


@given(formats, numbers, st.sampled_from(Unit))
def test_no_figure_is_nan_infinite_or_a_negative_zero(
    shown: Formats, value: float | None, unit: Unit
) -> None:
    texts = [shown.value(value, unit), shown.target(value, unit), shown.exact(value, unit)]
    if value is not None and abs(value) < 1e15:
        texts += [shown.difference(value, unit), shown.size(value, unit)]
    for text in texts:
        lowered = text.lower()
        assert "nan" not in lowered
        assert "inf" not in lowered
        assert "-" not in text
        if "−" in text:
            assert any(c.isdigit() and c != "0" for c in text)


@pytest.mark.parametrize(
    ("change", "unit", "text"),
    [
        (Change(38, 0.066, "W45", True), Unit.COUNT, "▲ +38 (+6.6%)"),
        (Change(-31_000, -0.07, "W45", False), Unit.MONEY, "▼ −€31k (−7.0%)"),
        (Change(0.021, None, "W45", True), Unit.SHARE, "▲ +2.1 pp"),
        (Change(-0.003, None, "W45", False), Unit.SHARE, "▼ −0.3 pp"),
        (Change(0.6, None, "W45", False), Unit.DAYS, "▲ +0.6 d"),
        (Change(12, None, "W45", True), Unit.COUNT, "▲ +12"),
        (Change(0, 0, "W45", None), Unit.COUNT, "no change"),
        (Change(0.0001, None, "W45", True), Unit.SHARE, "no change"),
        (Change(None, None, "W45", None), Unit.COUNT, "new"),
    ],
)
def test_changes(change: Change, unit: Unit, text: str) -> None:
    assert US.change(change, unit) == text


def test_a_bounded_percentile_says_more_than() -> None:
    assert US.bound(5.2, Unit.HOURS) == "> 5.2 h"
