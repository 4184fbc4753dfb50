"""Which program made a number: a fingerprint of the code that numbers are made of."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from data.config import PROJECT_DIR

# What a page looks like changes no number; its code is left out.
LAYERS = ("data", "metrics")


@lru_cache(maxsize=1)
def code_version() -> str:
    """Twelve hex digits that change when any file of the two layers does."""
    digest = hashlib.sha256()
    for layer in LAYERS:
        for path in sorted((PROJECT_DIR / layer).rglob("*.py")):
            name = path.relative_to(PROJECT_DIR).as_posix()
            digest.update(f"{name}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
