"""The URL is the state: query string ↔ ``ViewState`` (contract §5). Pure functions.

A value that is unknown, malformed or no longer in the data leaves its one setting at the default,
and a notice says so; nothing that stands in a link can break a page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from data.config import DIMENSIONS
from data.errors import ScorecardError, nearest
from data.reviews import is_review_id
from data.tables import STAGES
from metrics.attribution.model import MODELS, Basis, By
from metrics.calendar import Cadence, Calendar, Period
from metrics.catalog import CATALOG
from metrics.reconcile.reasons import DEFAULT_STAGE, PARTS
from metrics.review.agenda import MAX_ITEMS
from metrics.view import Compare, View
from metrics.view_link import NULL_MEMBER, Member, encode_member

BAR_FILTERS = ("region", "segment", "product_line", "channel")
SETTINGS = (
    "cadence",
    "period",
    "compare",
    "model",
    "as_of",
    "present",
    "names",
    "metric",
    "by",
    "lead",
    "find",
    "basis",
    "deal",
    "review",
    "item",
    "section",
    "stage",
    "reason",
)
# What a page can be split by: a KPI by a dimension, credit by an attribute of the touch.
SPLITS = tuple(dict.fromkeys((*DIMENSIONS, *By)))
# The parts of the admin page, the one that it opens with first.
ADMIN_SECTIONS = ("accounts", "sessions", "data", "audit")
_ITEMS = {str(number) for number in range(1, MAX_ITEMS + 1)}
MAX_ECHO = 40
MAX_UNKNOWN = 3
MAX_ID = 200

Query = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Bounds:
    """What the data and the company allow; a link is read against them.

    ``as_of`` is the default moment, ``newest`` the latest that can be asked for (naive UTC).
    ``members`` lists, by dimension, what can be filtered by.
    """

    calendar: Calendar
    as_of: datetime
    newest: datetime
    members: Mapping[str, Sequence[Member]]


@dataclass(frozen=True)
class ViewState:
    """Everything that a link says about a view. ``as_of`` is naive UTC, None the default."""

    cadence: Cadence
    period: Period
    compare: Compare = Compare.PREVIOUS
    filters: tuple[tuple[str, tuple[Member, ...]], ...] = ()
    model: str | None = None
    as_of: datetime | None = None
    present: bool = False
    names: bool = False  # of a projected page: single reps by name, not teams alone
    metric: str | None = None  # of the KPI page: a catalog id
    by: str | None = None  # of the KPI and the credit page: what it is split by
    lead: str | None = None  # of the lead page: a lead_id
    find: str | None = None  # of the Handbook page: the words looked for
    basis: str | None = None  # of the credit page: which opportunities, None those won
    deal: str | None = None  # of the credit page: the opportunity_id whose journey is shown
    review: str | None = None  # the id of the joint review that is held, on any page
    item: int | None = None  # of that review: which item of its agenda, from 1
    section: str | None = None  # of the admin page: which part, None the first
    stage: str | None = None  # of the reconciliation page: which stage, None MQL
    reason: str | None = None  # of the reconciliation page: whose records, "marketing.merged"

    def members_of(self, dimension: str) -> tuple[Member, ...]:
        """The members that the view is filtered to; empty means all."""
        return dict(self.filters).get(dimension, ())

    def question(self, bounds: Bounds) -> View:
        """What the view asks of the metrics."""
        return View(self.period, self.as_of or bounds.as_of, self.compare, self.filters)


def default_view(bounds: Bounds) -> ViewState:
    return ViewState(
        cadence=Cadence.WEEKLY,
        period=bounds.calendar.default_period(Cadence.WEEKLY, bounds.as_of),
    )


def decode_member(text: str) -> Member:
    if text == NULL_MEMBER:
        return None
    return text[:-1] if set(text) == {NULL_MEMBER} else text


def echo(text: str) -> str:
    """Foreign text as a notice may repeat it: short, and without invisible characters."""
    shown = "".join(c if c.isprintable() else "·" for c in text[: MAX_ECHO + 1])
    return f"“{shown[:MAX_ECHO]}…”" if len(shown) > MAX_ECHO else f"“{shown}”"


class _Reader:
    """Reads one query; what it cannot use becomes a notice."""

    def __init__(self, query: Query, bounds: Bounds) -> None:
        self.query = query
        self.bounds = bounds
        self.notices: list[str] = []

    def single(self, name: str) -> str | None:
        """The value of a setting that stands once; None when unset."""
        values = self.query.get(name, ())
        if len(set(values)) > 1:
            self.notices.append(f"The link gives {name} more than once: showing the default.")
            return None
        return values[0] if values else None

    def refuse(self, name: str, text: str, shown: str) -> None:
        self.notices.append(f"The link asked for {name} {echo(text)}, {shown}")

    def choice(self, name: str, options: Sequence[str]) -> str | None:
        text = self.single(name)
        if text is None or text in options:
            return text
        close = nearest(text[:MAX_ECHO], options)
        hint = f" (did it mean {close}?)" if close else ""
        self.refuse(name, text, f"which is unknown{hint}: showing the default.")
        return None

    def as_of(self) -> datetime | None:
        text = self.single("as_of")
        if text is None:
            return None
        try:
            moment = self.bounds.calendar.parse_moment(text)
        except ScorecardError:
            self.refuse("as of", text, "which is not a moment: showing the newest data.")
            return None
        if moment > self.bounds.newest:
            self.refuse("as of", text, "which lies after the data: showing the newest data.")
            return None
        return None if moment == self.bounds.as_of else moment

    def period(self, named: Cadence | None, as_of: datetime) -> Period:
        """The period asked for; where the link names no cadence, the period's own is taken."""
        calendar = self.bounds.calendar
        default = calendar.default_period(named or Cadence.WEEKLY, as_of)
        text = self.single("period")
        if text is None:
            return default
        try:
            period = calendar.parse_period(text, named)
        except ScorecardError:
            self.refuse("period", text, f"which is no such period: showing {default.label}.")
            return default
        if period.start > calendar.day_of(as_of):
            self.refuse("period", text, f"which has not begun: showing {default.label}.")
            return default
        return period

    def filters(self) -> tuple[tuple[str, tuple[Member, ...]], ...]:
        found = ((name, self.members(name)) for name in DIMENSIONS if self.query.get(name))
        return tuple((name, members) for name, members in found if members)

    def line(self, name: str, what: str) -> str | None:
        """One short line of visible text."""
        text = self.single(name)
        if text is None or (text and text.isprintable() and len(text) <= MAX_ID):
            return text
        self.refuse(name, text, f"which is no {what}.")
        return None

    def review(self) -> str | None:
        """The id of a review by its form; whether there is such a review, its page says."""
        text = self.single("review")
        if text is None or is_review_id(text):
            return text
        self.refuse("review", text, "which is no review's id: showing the page without one.")
        return None

    def item(self, review: str | None) -> int | None:
        """Which item of the review's agenda; there is none without a review."""
        text = self.single("item")
        if text is None:
            return None
        if review is not None and text in _ITEMS:
            return int(text)
        what = "item of an agenda" if review is not None else "item without a review"
        self.refuse("item", text, f"which is no {what}: showing the page without one.")
        return None

    def members(self, name: str) -> tuple[Member, ...]:
        known = self.bounds.members.get(name)
        if known is None:
            self.notices.append(f"This view cannot be filtered by {_words(name)}: showing all.")
            return ()
        asked = [decode_member(text) for text in dict.fromkeys(self.query[name])]
        missing = [member for member in asked if member not in known]
        if missing:
            self.refuse(
                _words(name),
                encode_member(missing[0]),
                f"which is not in the data: showing all of {_words(name)}.",
            )
            return ()
        # In the data's order, so that one view has one link.
        return tuple(member for member in known if member in asked)

    def unknown_names(self) -> None:
        known = (*SETTINGS, *DIMENSIONS)
        unknown = [name for name in self.query if name not in known]
        for name in unknown[:MAX_UNKNOWN]:
            close = nearest(name[:MAX_ECHO], known)
            hint = f" Did it mean {close}?" if close else ""
            self.notices.append(f"The link has a setting {echo(name)} that is unknown.{hint}")
        if len(unknown) > MAX_UNKNOWN:
            self.notices.append(f"{len(unknown) - MAX_UNKNOWN} more settings are unknown.")


def parse(query: Query, bounds: Bounds) -> tuple[ViewState, tuple[str, ...]]:
    """The view that a query string asks for, and what had to be left at its default, in words.

    Never raises on any input. The notices hold plain text; whoever shows them escapes it.
    """
    reader = _Reader(query, bounds)
    # First what shows more than was asked for.
    filters = reader.filters()
    as_of = reader.as_of()
    cadence = reader.choice("cadence", list(Cadence))
    period = reader.period(Cadence(cadence) if cadence else None, as_of or bounds.as_of)
    compare = reader.choice("compare", list(Compare))
    present = reader.choice("present", ("1", "0"))
    names = reader.choice("names", ("1", "0"))
    section = reader.choice("section", ADMIN_SECTIONS)
    stage = reader.choice("stage", STAGES)
    basis = reader.choice("basis", list(Basis))
    review = reader.review()
    view = ViewState(
        cadence=period.cadence,
        period=period,
        compare=Compare(compare or Compare.PREVIOUS),
        filters=filters,
        model=reader.choice("model", list(MODELS)),
        as_of=as_of,
        present=present == "1",
        names=names == "1",
        metric=reader.choice("metric", list(CATALOG)),
        by=reader.choice("by", SPLITS),
        lead=reader.line("lead", "lead's id"),
        find=reader.line("find", "text to look for"),
        basis=None if basis == Basis.WON else basis,
        deal=reader.line("deal", "opportunity's id"),
        review=review,
        item=reader.item(review),
        section=None if section == ADMIN_SECTIONS[0] else section,
        stage=None if stage == DEFAULT_STAGE else stage,
        reason=reader.choice("reason", PARTS),
    )
    reader.unknown_names()
    return view, tuple(reader.notices)


def to_query(view: ViewState, bounds: Bounds) -> dict[str, list[str]]:
    """The query of a view; whatever is at its default is left out."""
    query: dict[str, list[str]] = {}
    if view.cadence is not Cadence.WEEKLY:
        query["cadence"] = [view.cadence.value]
    if view.period != bounds.calendar.default_period(view.cadence, view.as_of or bounds.as_of):
        query["period"] = [view.period.id]
    if view.compare is not Compare.PREVIOUS:
        query["compare"] = [view.compare.value]
    for name, members in view.filters:
        query[name] = [encode_member(member) for member in members]
    if view.model is not None:
        query["model"] = [view.model]
    if view.as_of is not None:
        query["as_of"] = [view.as_of.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")]
    if view.present:
        query["present"] = ["1"]
    if view.names:
        query["names"] = ["1"]
    of_pages = ("metric", "by", "lead", "find", "basis", "deal", "section", "stage", "reason")
    for name in (*of_pages, "review", "item"):
        value = getattr(view, name)
        if value is not None:
            query[name] = [str(value)]
    return query


def frozen_query(view: ViewState, bounds: Bounds) -> dict[str, list[str]]:
    """The query of a view that shows the same next week: nothing of its time is left at a default,
    for those move."""
    moment = view.as_of or bounds.as_of
    pinned = to_query(replace(view, as_of=moment), bounds)
    return pinned | {"cadence": [view.cadence.value], "period": [view.period.id]}


def _words(name: str) -> str:
    return name.replace("_", " ")
