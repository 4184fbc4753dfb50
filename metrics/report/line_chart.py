"""What the charts of a KPI over time share: their size, the columns of their rows, their axes.

All positions are made with the rows (0 at the bottom, 1 at the top), so that one cached spec
serves every KPI.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

COLUMNS = ("mark", "line", "x", "x2", "y", "y2", "text", "short", "period", "shown")


@dataclass(frozen=True)
class Size:
    """Of the chart, its text and what lies above and below its plot, in px."""

    height: int
    text: float
    top: int
    bottom: int

    @property
    def plot(self) -> int:
        return self.height - self.top - self.bottom


def chart_rows(rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    """The rows of a chart, with the columns ``COLUMNS``; ``mark`` names the layer."""
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(("x", "x2", "y", "y2"), "float64"))


def layers_on(size: Size, slots: int, left: str, right: str) -> Callable[..., Any]:
    """``layer(mark, drawn, **channels)``: what is drawn of the rows of one mark, on ``slots``
    places between two Vega expressions of px."""
    x_scale = alt.Scale(
        domain=[-0.5, slots - 0.5],
        range=[alt.ExprRef(left), alt.ExprRef(right)],
        nice=False,
        zero=False,
    )
    y_scale = alt.Scale(
        domain=[0, 1], range=[size.height - size.bottom, size.top], nice=False, zero=False
    )
    x, y = alt.X("x:Q", axis=None, scale=x_scale), alt.Y("y:Q", axis=None, scale=y_scale)

    def layer(mark: str, drawn: alt.Chart, **more: Any) -> Any:
        return drawn.transform_filter(alt.datum.mark == mark).encode(**({"x": x, "y": y} | more))

    return layer
