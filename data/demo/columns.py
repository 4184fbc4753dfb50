"""Rows as columns: frozen dataclasses whose every field is an array of the same length."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np


@dataclass(frozen=True)
class Columns:
    """The base of such a class; its first field tells the length."""

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def take(self, rows: np.ndarray) -> Self:
        """The rows that a mask or an array of places names."""
        return type(self)(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def then(self, other: Self) -> Self:
        """These rows, and the other's after them."""
        pairs = {f.name: (getattr(self, f.name), getattr(other, f.name)) for f in fields(self)}
        return type(self)(**{name: np.concatenate(pair) for name, pair in pairs.items()})
