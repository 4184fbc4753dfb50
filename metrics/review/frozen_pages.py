"""The pages of a closed review as they were: figures, tables, words, charts with their data.

Kept as one compressed text that says its own format. What a later program adds to a page has a
default, what it takes away is passed over (``codec``); a format that it does not know is told in
words, never guessed.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, replace
from functools import lru_cache

from data import reviews
from data.errors import ReviewError
from data.row_scope import RowScope
from metrics.errors import RoleError
from metrics.report.document import Ask, Document, Section
from metrics.report.kpi_section import KpiSection
from metrics.report.page_section import PageSection
from metrics.report.scorecard_section import ScorecardSection
from metrics.review.codec import decode, encode
from metrics.review.snapshot import WHOLE_ONLY

FORMAT = 1
# By the name under which they are kept: names stay, classes may be called something else.
KINDS: dict[str, type[Section]] = {
    "scorecard": ScorecardSection,
    "kpi": KpiSection,
    "page": PageSection,
}


@dataclass(frozen=True)
class FrozenPage:
    """One page of a review. ``items`` are the numbers of the agenda's items that show it; none of
    what belongs to the review without being on its agenda. ``ask`` is the question that it
    answered; None of the review's own parts."""

    items: tuple[int, ...]
    section: Section
    ask: Ask | None = None


@dataclass(frozen=True)
class FrozenReview:
    """The pages of a review; ``frame`` is a document without them: whose numbers, as of when."""

    frame: Document
    pages: tuple[FrozenPage, ...]

    def page_of(self, item: int) -> FrozenPage | None:
        """The page that an item of the agenda showed."""
        return next((page for page in self.pages if item in page.items), None)

    def document_of(self, section: Section, notice: str) -> Document:
        """One page alone, to be written, with a word on when it was frozen."""
        notices = (*self.frame.notices, notice)
        return replace(self.frame, title=section.title, sections=(section,), notices=notices)


def pack(review: FrozenReview) -> bytes:
    """A review's pages as they are kept."""
    kept = {
        "format": FORMAT,
        "frame": encode(review.frame),
        "pages": [_packed(page) for page in review.pages],
    }
    text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return zlib.compress(text.encode("utf-8", "replace"), 9)


def _packed(page: FrozenPage) -> dict[str, object]:
    kind = next(name for name, type_ in KINDS.items() if isinstance(page.section, type_))
    return {
        "items": list(page.items),
        "kind": kind,
        "section": encode(page.section),
        "ask": None if page.ask is None else encode(page.ask),
    }


def unpack(kept: bytes) -> FrozenReview:
    """A review's pages as they were. Raises ``ReviewError`` for a format of a later program."""
    found = json.loads(zlib.decompress(kept))
    if found["format"] != FORMAT:
        raise ReviewError(
            f"The pages of this review were frozen in format {found['format']}, and this program "
            f"reads format {FORMAT}.",
            remedy="Open it with the program that froze it, or a newer one.",
        )
    pages = tuple(
        FrozenPage(
            tuple(page["items"]),
            decode(KINDS[page["kind"]], page["section"]),
            decode(Ask, page["ask"]),
        )
        for page in found["pages"]
    )
    return FrozenReview(decode(Document, found["frame"]), pages)


def read_pages(review_id: str, scope: RowScope) -> FrozenReview | None:
    """The frozen pages of a closed review, from the state database alone; None while it is open,
    and of one that was closed before pages were kept.

    Raises ``RoleError`` for somebody who may see a part of the data: the pages are of all.
    """
    try:
        found = _kept(review_id)
    except LookupError:
        return None
    if not scope.is_whole:
        raise RoleError(WHOLE_ONLY)
    return found


# They never change; that there are none yet may, and an error is not kept.
@lru_cache(maxsize=8)
def _kept(review_id: str) -> FrozenReview:
    kept = reviews.read_pages(review_id)
    if kept is None:
        raise LookupError(review_id)
    return unpack(kept)
