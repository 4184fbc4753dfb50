"""A split in words: what is read adds up, whatever the unit and the rounding."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.calendar import Span
from metrics.model import Status, Unit
from metrics.report.format import MINUS, Formats
from metrics.report.split_words import shown_split
from metrics.review.changes import Cause, Changed, Step, _settled, split
from metrics.review.figures import Figure, Question
from tests.build import at

CAUSES = (Cause.DATA, Cause.AS_OF, Cause.DEFINITION)
USD = Formats("en_US", "USD")


def changed(unit: Unit, *values: float | None) -> Changed:
    """A figure that went through these values, the frozen one first."""
    day = at("2026-02-01").date()
    question = Question("mqls", Span(day, day))
    figure = Figure(
        1, question, "x", None, unit, "weekly", values[0], None, None, None, None, Status.FINAL, 0,
        None if values[0] is not None else "nothing to divide by",
    )  # fmt: skip
    steps = [Step(c, "now", v, "no data") for c, v in zip(CAUSES, values[1:], strict=True)]
    now = _settled(values[0], list(values[1:]))[-1]
    return Changed(figure, now, split(values[0], figure.reason, steps))


def texts(unit: Unit, *values: float | None) -> tuple[str, ...]:
    found = shown_split(changed(unit, *values), USD)
    return (found.then, found.now, found.change, *(part.text for part in found.parts))


def test_figures_as_they_are_read():
    assert texts(Unit.SHARE, 1.0, 2 / 3, 0.6, 0.2) == (
        "100.0%", "20.0%", "−80.0 pp", "−33.3 pp", "−6.7 pp", "−40.0 pp",
    )  # fmt: skip
    assert texts(Unit.COUNT, 4, 5, 5, 5) == ("4", "5", "+1", "+1", "0", "0")
    assert texts(Unit.MONEY, 1234.5, 1_240_310.55, 1_240_310.55, 1_240_310.55)[:4] == (
        "$1,234.50", "$1,240,310.55", "+$1,239,076.05", "+$1,239,076.05",
    )  # fmt: skip
    assert texts(Unit.HOURS, 2.0, 2.6, 2.6, 1.5) == (
        "2.0 h", "1.5 h", "−0.5 h", "+0.6 h", "0", "−1.1 h",
    )  # fmt: skip
    # A change that the usual decimals would hide gets more of them.
    assert texts(Unit.SHARE, 0.5, 0.50004, 0.50004, 0.50004)[:4] == (
        "50.000%", "50.004%", "+0.004 pp", "+0.004 pp",
    )  # fmt: skip
    assert texts(Unit.SHARE, None, None, 0.4, 0.5) == ("–", "50.0%", "–", "0", "–", "+10.0 pp")


def number(text: str) -> Decimal:
    plain = text.replace(MINUS, "-").replace("+", "").replace("$", "").replace(",", "")
    return Decimal(plain.split()[0].removesuffix("%").removesuffix("×"))


@settings(max_examples=150)
@given(
    st.sampled_from(list(Unit)),
    st.lists(st.floats(-1e7, 1e7).map(lambda v: round(v, 7)), min_size=4, max_size=4),
)
def test_what_is_read_adds_up(unit: Unit, values: list[float]):
    then, now, change, *parts = texts(unit, *values)
    assert sum(map(number, parts)) == number(change) == number(now) - number(then)
    one = changed(unit, *values)
    scale = 100 if unit is Unit.SHARE else 1
    for part, text in zip(one.parts, parts, strict=True):
        # Rounded by largest remainder no part is off by more than the last decimal.
        step = Fraction(1, 10 ** max(0, -int(number(text).as_tuple().exponent)))
        assert abs(Fraction(number(text)) - (part.change or 0) * scale) <= 2 * step
