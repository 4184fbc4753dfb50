"""Where a view stands: the page's path and its query string, as links and saved views keep it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from data.errors import LinkError

MAX_QUERY_BYTES = 4_096
Settings = Mapping[str, Sequence[str]]
_PATH = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def _encoded(settings: Settings) -> str:
    return urlencode(settings, doseq=True, errors="replace")


def address_text(path: str, settings: Settings) -> str:
    """A page in a view as it stands in the address bar, however long: ``kpi?metric=mqls``."""
    return f"{path}?{_encoded(settings)}" if settings else path


@dataclass(frozen=True)
class ViewAddress:
    """``path`` is a page's name, ``query`` its URL-encoded settings: ``kpi``, ``metric=mqls``.

    It holds what a view shows and nothing of who may see it. Raises ``LinkError`` when made of
    what cannot be kept.
    """

    path: str
    query: str

    def __post_init__(self) -> None:
        if not _PATH.fullmatch(self.path):
            raise LinkError(f"{self.path[:40]!r} is not the path of a page.")
        size = len(self.query.encode("utf-8", "surrogatepass"))
        if size > MAX_QUERY_BYTES:
            raise LinkError(
                f"This view has {size:,} bytes of settings, a link keeps {MAX_QUERY_BYTES:,}.",
                remedy="Filter by fewer members, and try again.",
            )

    @classmethod
    def of(cls, path: str, settings: Settings) -> ViewAddress:
        """The address of a page with these settings, each once for each of its values."""
        return cls(path, _encoded(settings))

    @property
    def settings(self) -> dict[str, list[str]]:
        """The settings, decoded."""
        return parse_qs(self.query, keep_blank_values=True)

    def __str__(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path
