"""The lead page: one lead over both teams and all systems; without one, a search."""

from __future__ import annotations

from metrics.lead import find_lead
from pages.view.lead_story import show_search, show_story
from pages.view.parts import show_part
from pages.view.request import current
from pages.view.review_bar import moment_label, show_strip
from pages.view.state import echo


def show_lead() -> None:
    request = current()
    lead_id, as_of = request.view.lead, request.question.as_of
    if lead_id is None:
        show_part("search", request, show_search)
        return
    story = find_lead(request.warehouse, lead_id, as_of, shows_people=request.sees_people)
    if story is None:
        when = moment_label(as_of, request)
        show_strip(f"There is no lead {echo(lead_id)} in the data as of {when}.")
        show_part("search", request, show_search)
        return
    show_story(story, request)
