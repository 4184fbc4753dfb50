"""The address of the scorecard in a view, for who reads of it outside the app (contract §5)."""

from __future__ import annotations

from urllib.parse import urlencode

from metrics.view import Compare, View

NULL_MEMBER = "~"
Member = str | None


def encode_member(member: Member) -> str:
    """A member as it stands in a link; a literal of tildes alone gets one more than it has."""
    if member is None:
        return NULL_MEMBER
    return member + NULL_MEMBER if set(member) == {NULL_MEMBER} else member


def scorecard_link(app_url: str, view: View) -> str:
    """The live scorecard of a view's period under its filters, with today's data."""
    query: dict[str, list[str]] = {"cadence": [view.cadence.value], "period": [view.period.id]}
    if view.compare is not Compare.PREVIOUS:
        query["compare"] = [view.compare.value]
    for name, members in view.where:
        query[name] = [encode_member(member) for member in members]
    return f"{app_url.rstrip('/')}/scorecard?{urlencode(query, doseq=True)}"
