"""From an Altair chart to the spec that a page sends: without its data, which pass beside it."""

from __future__ import annotations

from typing import Any

import altair as alt

FONT = '"Source Sans", sans-serif'  # the page's own


def without_data(chart: Any, **config: Any) -> dict[str, Any]:
    """A layered chart's Vega-Lite spec, on a transparent ground and without a frame.

    ``config`` are further settings of ``Chart.configure``, such as ``font``.
    """
    spec: dict[str, Any] = chart.configure(
        background="transparent", view=alt.ViewConfig(stroke=None), **config
    ).to_dict()
    for part in (spec, *spec["layer"]):
        for unused in ("data", "datasets", "$schema"):
            part.pop(unused, None)
    return spec
