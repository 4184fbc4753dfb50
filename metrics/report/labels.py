"""Where the labels of a line chart stand so that they cover no line and no other label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# How far from its slot's middle, in slots, a label reaches; where it is looked at for lines.
REACH = (-0.34, -0.17, 0.0, 0.17, 0.34)


@dataclass(frozen=True)
class Label:
    """A text at a slot; ``y`` in px from the bottom, of the text's middle."""

    slot: int
    y: float
    text: str


Line = Sequence[float | None]


def place_labels(
    texts: Sequence[str], lines: Sequence[Line], font: float, height: float
) -> list[Label]:
    """A label at every point of the first of ``lines`` (px from the bottom, None: no point).

    Above or below its point, whichever side is freer; where both are alike, above a peak and
    below a trough, so that the line leaves the label.
    """
    placed = []
    for slot, (text, y) in enumerate(zip(texts, lines[0], strict=True)):
        if y is None or not text:
            continue
        offset = font * 0.95 + 3
        sides = [y + offset, y - offset] if _is_peak(lines[0], slot) else [y - offset, y + offset]
        best = min(sides, key=lambda at: _crossed(lines, slot, at, font, height))
        placed.append(Label(slot, best, text))
    return placed


def _is_peak(line: Line, slot: int) -> bool:
    around = [line[n] for n in (slot - 1, slot + 1) if 0 <= n < len(line)]
    known = [y for y in around if y is not None]
    own = line[slot]
    return own is None or not known or own >= sum(known) / len(known)


def _crossed(lines: Sequence[Line], slot: int, at: float, font: float, height: float) -> int:
    """How often a label whose middle is ``at`` is crossed, by lines or by the chart's edge."""
    if not font / 2 <= at <= height - font / 2 + 8:
        return 100
    return sum(
        abs(y - at) < font * 0.72 for line in lines for y in _near(line, slot) if y is not None
    )


def _near(line: Line, slot: int) -> Iterator[float | None]:
    """The line's height at the places that a slot's label covers."""
    for reach in REACH:
        other = slot + (1 if reach > 0 else -1)
        here = line[slot]
        there = line[other] if reach and 0 <= other < len(line) else here
        if here is not None and there is not None:
            yield here + (there - here) * abs(reach)


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """The positions, moved as little as it takes to lie ``gap`` apart; their order is kept."""
    order = sorted(range(len(positions)), key=lambda n: positions[n])
    found = [positions[n] for n in order]
    for _ in range(20 * len(found)):
        crowded = [n for n in range(1, len(found)) if found[n] - found[n - 1] < gap - 1e-9]
        if not crowded:
            break
        for n in crowded:
            push = (gap - (found[n] - found[n - 1])) / 2
            found[n - 1] -= push
            found[n] += push
    result = [0.0] * len(found)
    for place, n in enumerate(order):
        result[n] = found[place]
    return result
