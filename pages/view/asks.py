"""From the settings of an address to what a document or a review asks for."""

from __future__ import annotations

from dataclasses import replace

from metrics.report.document import PATHS, Ask
from metrics.review.agenda import OWN_PAGE
from metrics.review.figures import ItemView
from metrics.review.meetings import Meeting
from metrics.review.papers import Item
from pages.view.request import Request
from pages.view.state import ViewState
from pages.view.walk import view_of


def ask_of(path: str, view: ViewState, request: Request) -> Ask | None:
    """What the page at ``path`` shows in a view, no more than the viewer may see; None for a page
    that is none to write."""
    if path not in PATHS or (path == "kpi" and view.metric is None):
        return None
    asked = view.question(request.bounds)
    asked = replace(asked, where=request.viewer.scope.narrowed(asked.where))
    # Only what this page reads: two items that show the same ask the same.
    own = {
        "kpi": {"metric": view.metric, "by": view.by},
        "funnel": {"metric": view.metric},
        "attribution": {
            "by": view.by,
            "model": view.model,
            "basis": view.basis,
            "deal": view.deal,
        },
        "reconciliation": {"stage": view.stage},
        "handbook": {"find": view.find},
    }
    return Ask(asked, path=path, **own.get(path, {}))


def items_of(meeting: Meeting, request: Request) -> list[Item]:
    """What each item of the agenda shows, in the view with which the review began."""
    found = []
    for number, item in enumerate(meeting.agenda, 1):
        if item.path == OWN_PAGE:
            found.append(Item(number, section=item.section))
        else:
            view = view_of(meeting, number, request)
            found.append(Item(number, ask=ask_of(item.path, view, request)))
    return found


def item_views(meeting: Meeting, request: Request) -> list[ItemView]:
    """The items of the agenda as views that have figures."""
    found = []
    for number, item in enumerate(meeting.agenda, 1):
        view = view_of(meeting, number, request)
        question = view.question(request.bounds)
        found.append(ItemView(number, item.path, question, view.metric, view.by, view.stage))
    return found
