"""Walking a review's agenda: which item is shown, and the address of every other one.

The URL is the state of the walk: ``review`` and ``item`` stand in the link of any page, beside the
presenter's period and filters, so that whoever opens it sees the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from urllib.parse import parse_qs

from data.view_address import ViewAddress
from metrics.review.agenda import AgendaItem
from metrics.review.meetings import Meeting, find_review
from pages.view.request import Request
from pages.view.state import ViewState, frozen_query, parse

Query = Mapping[str, Sequence[str]]
# What belongs to one page and not to the walk.
OF_A_PAGE = ("metric", "by", "lead", "find", "basis", "deal", "model", "section")
OF_THE_WALK = ("review", "item", "present")


@dataclass(frozen=True)
class Walk:
    """A review that a page is shown in. ``at`` is the item's number from 1, None between items."""

    meeting: Meeting
    at: int | None

    @property
    def item(self) -> AgendaItem | None:
        return None if self.at is None else self.meeting.agenda[self.at - 1]

    @property
    def following(self) -> int | None:
        """The number of the next item; None at the end."""
        number = (self.at or 0) + 1
        return number if number <= len(self.meeting.agenda) else None

    @property
    def before(self) -> int | None:
        return self.at - 1 if self.at is not None and self.at > 1 else None


_walk: ContextVar[Walk | None] = ContextVar("walk", default=None)


def current_walk() -> Walk | None:
    """The walk of this run, if the address names a review."""
    return _walk.get()


def set_walk(walk: Walk | None) -> None:
    _walk.set(walk)


def read_walk(request: Request, query: Query) -> tuple[Request, Walk | None]:
    """The review that the address names, and the request with a word on what it names in vain.

    The moment of a review is its own wherever the address names none; of a bare link to it so is
    the whole view. Raises ``StateError`` when the state database does not answer.
    """
    _walk.set(None)
    view, notices = request.view, request.notices
    if view.review is None:
        return request, None
    meeting = find_review(view.review)
    if meeting is None:
        told = "There is no such review as the link names: showing the page alone."
        alone = replace(view, review=None, item=None)
        return replace(request, view=alone, notices=(*notices, told)), None
    if "as_of" not in query:
        begun = first_query(meeting)
        is_bare = set(query) <= set(OF_THE_WALK)
        begun = begun if is_bare else {"as_of": begun["as_of"]}
        view, found = parse({**begun, **query}, request.bounds)
        notices = tuple(dict.fromkeys((*notices, *found)))
    if view.item is not None and view.item > len(meeting.agenda):
        count = len(meeting.agenda)
        told = f"The link asked for item {view.item}, and the agenda has {count}: showing none."
        view, notices = replace(view, item=None), (*notices, told)
    walk = Walk(meeting, view.item)
    _walk.set(walk)
    return replace(request, view=view, notices=notices), walk


# -- addresses ------------------------------------------------------------------------------------


def item_query(meeting: Meeting, shown: Query, at: int | None, to: int) -> dict[str, list[str]]:
    """The settings of another item's page: the item's own over what the presenter has set.

    What the item at ``at`` had set of its own gives way to what the review began with.
    """
    start = parse_qs(meeting.query, keep_blank_values=True)
    own = {} if at is None else meeting.agenda[at - 1].settings
    kept = {
        name: list(values)
        for name, values in shown.items()
        if name not in (*OF_A_PAGE, *OF_THE_WALK, *own)
    }
    if "cadence" in own:
        kept.pop("period", None)
    for name in (*own, *(("period",) if "cadence" in own else ())):
        if name in start and name not in OF_A_PAGE:
            kept[name] = start[name]
    settings = meeting.agenda[to - 1].settings
    if "cadence" in settings:
        kept.pop("period", None)
    query = {**kept, **settings, "review": [meeting.id], "item": [str(to)]}
    if list(shown.get("present", ())) == ["1"]:
        query["present"] = ["1"]
    return query


def address_of(walk: Walk, to: int, request: Request) -> ViewAddress:
    """Where an item is shown, with the presenter's view as it is."""
    shown = frozen_query(request.view, request.bounds)
    query = item_query(walk.meeting, shown, walk.at, to)
    return ViewAddress.of(walk.meeting.agenda[to - 1].path, query)


def view_of(meeting: Meeting, to: int, request: Request) -> ViewState:
    """The view of an item as the review began."""
    return parse(item_query(meeting, first_query(meeting), None, to), request.bounds)[0]


def first_query(meeting: Meeting) -> dict[str, list[str]]:
    """The settings with which a review begins, its moment among them."""
    moment = meeting.as_of.isoformat() + "Z"
    return parse_qs(meeting.query, keep_blank_values=True) | {"as_of": [moment]}


def first_view(meeting: Meeting, request: Request) -> ViewState:
    """The view with which a review begins."""
    query = first_query(meeting) | {"review": [meeting.id]}
    return parse(query, request.bounds)[0]
