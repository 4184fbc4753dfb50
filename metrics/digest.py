"""The digest of a review: the scorecard, exceptions first, and a page for each exception and each
KPI of the review's agenda.

It shows what a viewer sees who may see ``scope`` and no more: no name of a lead is in it.
"""

from __future__ import annotations

from datetime import datetime

from data.row_scope import RowScope
from data.warehouse import Warehouse
from metrics.calendar import Cadence, Calendar
from metrics.report.document import Ask, Document, frame_document, with_exceptions
from metrics.report.format import Formats
from metrics.review.agenda import BUILT_IN
from metrics.row_scope import scoped
from metrics.view import View
from metrics.view_link import scorecard_link


def digest_view(
    warehouse: Warehouse, review: Cadence, scope: RowScope, as_of: datetime | None = None
) -> View:
    """The newest complete period of a review's cadence; ``as_of`` is naive UTC."""
    moment = as_of or warehouse.default_as_of
    period = Calendar(warehouse.config).default_period(review, moment)
    return View(period, moment, where=scope.narrowed(()))


def build_digest(
    warehouse: Warehouse, review: Cadence, scope: RowScope, as_of: datetime | None = None
) -> Document:
    """The digest of a review for those who may see ``scope``.

    Raises ``WarehouseError`` or ``StateError`` when a database does not answer.
    """
    seen = scoped(warehouse, scope)
    view = digest_view(seen, review, scope, as_of)
    company = seen.config.company
    formats = Formats(locale=company.locale, currency=company.currency)
    sections = with_exceptions(seen, view, formats, then=_of_agenda(review, view))
    app_url = seen.config.links.app_url
    link = None if app_url is None else scorecard_link(app_url, view)
    title = f"{review.value.capitalize()} review"
    return frame_document(seen, view, sections, title=title, link=link)


def _of_agenda(review: Cadence, view: View) -> list[Ask]:
    """The KPIs that the handbook's agenda of a review looks at by themselves."""
    found = [item.settings for item in BUILT_IN[review] if item.path == "kpi"]
    return [Ask(view, asked["metric"][0], asked.get("by", [None])[0]) for asked in found]
