"""A document to take away: what a view shows, section by section, ready to be written.

Numbers and words come from the functions that the pages show them by, so that slides, PDF, mail
and screen are equal by construction. An agenda is a list of ``Ask``: build_document takes any.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from data.errors import unknown
from data.warehouse import Warehouse
from metrics.attribution.board import Asked
from metrics.attribution.model import Basis, By
from metrics.calendar import Calendar
from metrics.errors import QueryError
from metrics.report.credit_section import credit_section
from metrics.report.format import Formats
from metrics.report.funnel_section import funnel_section
from metrics.report.gap_section import gap_section
from metrics.report.handbook_section import handbook_section
from metrics.report.kpi_section import KpiSection, kpi_section
from metrics.report.page_section import PageSection
from metrics.report.scorecard_section import ScorecardSection, scorecard_section
from metrics.report.sla_section import sla_section
from metrics.report.view_words import filter_words, moment_words
from metrics.view import View

Section = ScorecardSection | KpiSection | PageSection
# Told after each section: how many are done, of how many.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Ask:
    """One section: the page at ``path`` in a view; without one the scorecard, or with ``metric``
    that KPI, split by ``by``.

    The rest are the settings of single pages: ``metric`` is also the funnel's step, ``model`` and
    ``basis`` the credit's, ``stage`` the reconciliation's, ``find`` the handbook's.
    """

    view: View
    metric: str | None = None
    by: str | None = None
    path: str | None = None
    model: str | None = None
    basis: str | None = None
    deal: str | None = None
    stage: str | None = None
    find: str | None = None


@dataclass(frozen=True)
class Document:
    """``notices`` are what a reader has to know first: sources that end early."""

    company: str
    title: str
    period: str  # "Week 46, 9–15 Nov 2026"
    as_of: str  # "Mon 16 Nov 2026, 06:00"
    filters: str  # "region EMEA", "the whole company"
    sections: tuple[Section, ...] = ()
    notices: tuple[str, ...] = ()
    link: str | None = None  # to the live view
    currency: str = "USD"  # ISO 4217, of the spreadsheets

    @property
    def origin(self) -> str:
        """What stands under every page: whose numbers, as of when, of what part."""
        return f"{self.company} · as of {self.as_of} · {self.filters}"


def build_section(warehouse: Warehouse, ask: Ask, formats: Formats) -> Section:
    """One section. Raises ``QueryError`` for an unknown KPI or a page that is none to write,
    ``WarehouseError`` when the warehouse does not answer, ``StateError`` when the review's memory
    does not."""
    path = ask.path or ("scorecard" if ask.metric is None else "kpi")
    builder = _BUILDERS.get(path)
    if builder is None:
        raise QueryError(unknown("page to take away", path, _BUILDERS))
    return builder(warehouse, ask, formats)


def _kpi(warehouse: Warehouse, ask: Ask, formats: Formats) -> Section:
    if ask.metric is None:
        raise QueryError("A KPI's page needs its id.")
    return kpi_section(warehouse, ask.view, ask.metric, ask.by, formats)


def _credit(warehouse: Warehouse, ask: Ask, formats: Formats) -> Section:
    """Projected and sent on, credit is never by single reps (handbook, §3)."""
    by = ask.by if ask.by in tuple(By) and ask.by != By.REP else By.CHANNEL
    model = ask.model or warehouse.config.attribution.model
    basis = ask.basis or str(Basis.WON)
    asked = Asked(model=model, by=str(by), basis=basis, deal=ask.deal, shows_people=False)
    return credit_section(warehouse, ask.view, asked, formats)


_BUILDERS: dict[str, Callable[[Warehouse, Ask, Formats], Section]] = {
    "scorecard": lambda warehouse, ask, formats: scorecard_section(warehouse, ask.view, formats),
    "kpi": _kpi,
    "attribution": _credit,
    "funnel": lambda warehouse, ask, formats: funnel_section(
        warehouse, ask.view, ask.metric, formats
    ),
    "sla": lambda warehouse, ask, formats: sla_section(warehouse, ask.view, formats),
    "reconciliation": lambda warehouse, ask, formats: gap_section(
        warehouse, ask.view, ask.stage, formats
    ),
    "handbook": lambda warehouse, ask, formats: handbook_section(warehouse.config, ask.find or ""),
}
# The pages that can be written.
PATHS = tuple(_BUILDERS)


def build_document(
    warehouse: Warehouse,
    asks: Sequence[Ask],
    formats: Formats,
    *,
    title: str | None = None,
    link: str | None = None,
    progress: Progress | None = None,
) -> Document:
    """All sections asked for, in their order; raises what ``build_section`` does."""
    sections: list[Section] = []
    for ask in asks:
        sections.append(build_section(warehouse, ask, formats))
        if progress is not None:
            progress(len(sections), len(asks))
    return frame_document(
        warehouse, asks[0].view, sections, title=title or sections[0].title, link=link
    )


def with_exceptions(
    warehouse: Warehouse, view: View, formats: Formats, *, then: Sequence[Ask] = ()
) -> list[Section]:
    """The scorecard of a view, a section for each of its exceptions, and after them those of
    ``then`` about other KPIs; raises what ``build_section`` does."""
    card = scorecard_section(warehouse, view, formats)
    told = dict.fromkeys(story.metric for story in card.stories)
    asks = [*(Ask(view, metric) for metric in told), *(a for a in then if a.metric not in told)]
    return [card, *(build_section(warehouse, ask, formats) for ask in asks)]


def frame_document(
    warehouse: Warehouse,
    view: View,
    sections: Sequence[Section],
    *,
    title: str,
    link: str | None = None,
) -> Document:
    """Sections that are there already, with what a reader has to know of them."""
    calendar, company = Calendar(warehouse.config), warehouse.config.company
    notices = tuple(
        f"The data of {source.name} end at "
        f"{moment_words(source.data_through, calendar, company.locale)}, "
        "more than a day before the newest."
        for source in warehouse.stale_sources
        if source.data_through is not None
    )
    return Document(
        company=company.name,
        title=title,
        period=view.period.label,
        as_of=moment_words(view.as_of, calendar, company.locale),
        filters=filter_words(warehouse.scope.narrowed(view.where)),
        sections=tuple(sections),
        notices=notices,
        link=link,
        currency=company.currency,
    )
