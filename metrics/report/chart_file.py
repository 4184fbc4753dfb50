"""A chart of the app as a file: its own spec, drawn without a browser, in the light theme.

The specs name their colours by the style sheet's variables, which nobody resolves outside a
browser: here is the one place that puts the light theme's values in.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

# As in pages/view/styles/00_tokens.css, light; a test holds the two together.
LIGHT = {
    "page": "#ffffff",
    "surface": "#f5f6f8",
    "ink": "#12161c",
    "ink2": "#4a5361",
    "ink3": "#687180",
    "good": "#0a58b8",
    "bad": "#b03c00",
    "track": "#d5dae1",
    "hairline": "#e2e5ea",
    "band": "#eceff3",
}
FONTS = Path(__file__).resolve().parent / "fonts"
FONT = "Scorecard Sans"
_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_VARIABLE = re.compile(r"var\(--([\w-]+)\)")
PNG_SCALE = 2.0
MARGIN = 20  # px around a picture that stands by itself


def resolve_colours(spec: dict[str, Any]) -> dict[str, Any]:
    """A copy of a spec with the light theme's colours for ``var(--ink)`` and its like.

    Raises ``KeyError`` for a variable that is no colour of the theme: a chart drawn black without
    a word would be worse.
    """
    text = _VARIABLE.sub(lambda found: LIGHT[found[1]], json.dumps(spec))
    resolved: dict[str, Any] = json.loads(text)
    return resolved


@dataclass(frozen=True)
class Picture:
    """A chart to draw: its spec without data, its rows, its width in px, itself in words."""

    spec: dict[str, Any]
    data: pd.DataFrame
    width: int
    alt: str

    @property
    def height(self) -> int:
        """In px."""
        return int(self.spec["height"])

    def svg(self) -> str:
        """As SVG; its text stays text, set in ``FONT``."""
        return _converter().vegalite_to_svg(self._whole())

    def png(self, *, title: str = "", subtitle: str = "") -> bytes:
        """As PNG on white, ``PNG_SCALE`` pixels to one px; with a ``title`` as a picture that
        stands by itself, with a margin around it."""
        _register_fonts()
        spec = self._whole()
        if title:
            spec["padding"] = MARGIN
            spec["title"] = {
                "text": title,
                "subtitle": subtitle,
                "anchor": "start",
                "offset": 12,
                "font": FONT,
                "subtitleFont": FONT,
                "fontSize": 18,
                "fontWeight": 600,
                "subtitleFontSize": 13,
                "color": LIGHT["ink"],
                "subtitleColor": LIGHT["ink2"],
            }
        return _converter().vegalite_to_png(spec, scale=PNG_SCALE)

    def _whole(self) -> dict[str, Any]:
        spec = resolve_colours(self.spec)
        config = {**spec.get("config", {}), "font": FONT, "background": LIGHT["page"]}
        rows = json.loads(self.data.to_json(orient="records"))
        return {
            **spec,
            "$schema": _SCHEMA,
            "config": config,
            "width": self.width,
            "data": {"values": rows},
        }


def _converter() -> ModuleType:
    """The library that draws, loaded by whoever asks for the first picture."""
    import vl_convert

    return vl_convert


@cache
def _register_fonts() -> None:
    _converter().register_font_directory(str(FONTS))
