"""One run of the frame: who asks, what for, and of which data; pages read it from here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

import streamlit as st

from data.config import Config
from data.row_scope import RowScope
from data.warehouse import Warehouse, open_warehouse, warehouse_url
from metrics.cache import LastGood
from metrics.calendar import Calendar
from metrics.members import filter_members
from metrics.report.format import Formats
from metrics.row_scope import scoped
from metrics.view import View
from pages.view.auth import Viewer
from pages.view.state import Bounds, ViewState, parse

# Settings that a part of a page may change by itself, so that what was drawn elsewhere on the page
# still has the ones before.
OF_PARTS = ("by", "deal", "find", "metric", "reason", "section")


@dataclass(frozen=True)
class Request:
    """What a page needs to answer: read-only, made anew for every run."""

    warehouse: Warehouse
    viewer: Viewer
    bounds: Bounds
    view: ViewState
    notices: tuple[str, ...]

    @property
    def config(self) -> Config:
        return self.warehouse.config

    @property
    def question(self) -> View:
        """What the page asks: no more than the viewer may see, so that targets, limits and words
        are those of the part that is seen."""
        asked = self.view.question(self.bounds)
        return replace(asked, where=self.viewer.scope.narrowed(asked.where))

    @property
    def sees_people(self) -> bool:
        """Whether names and e-mail addresses of leads are shown to this viewer. What a role may
        not see is left out of the queries (``metrics/personal.py``)."""
        return self.viewer.role in self.config.privacy.names_for

    @cached_property
    def formats(self) -> Formats:
        company = self.config.company
        return Formats(locale=company.locale, currency=company.currency)


def read_bounds(warehouse: Warehouse) -> Bounds:
    """What links are read against, for this version of the data."""
    reached = [s.data_through for s in warehouse.sources if s.data_through is not None]
    as_of = warehouse.default_as_of
    return Bounds(
        calendar=Calendar(warehouse.config),
        as_of=as_of,
        newest=max([as_of, *reached]),
        members=filter_members(warehouse),
    )


_LAST_BOUNDS: LastGood[tuple[Warehouse, Bounds]] = LastGood(entries=50)


def last_bounds(scope: RowScope) -> tuple[tuple[Warehouse, Bounds], datetime] | None:
    """The warehouse as somebody of this scope has last read it, its bounds and when (naive UTC)."""
    return _LAST_BOUNDS.find((warehouse_url(), scope))


def open_request(
    viewer: Viewer, query: Mapping[str, Sequence[str]], warehouse: Warehouse, bounds: Bounds
) -> Request:
    """The request that a query string makes of a warehouse that is open."""
    view, notices = parse(query, bounds)
    return Request(warehouse, viewer, bounds, view, notices)


def read_request(viewer: Viewer, query: Mapping[str, Sequence[str]]) -> Request:
    """The request that a query string makes. Raises ``WarehouseError`` when the warehouse does not
    answer; ``pages/view/last_known.py`` then has what it last said."""
    warehouse = scoped(open_warehouse(), viewer.scope)
    bounds = read_bounds(warehouse)
    _LAST_BOUNDS.keep((warehouse_url(), viewer.scope), (warehouse, bounds))
    return open_request(viewer, query, warehouse, bounds)


def address() -> dict[str, list[str]]:
    """The settings in the address, as the browser has it now."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def as_pressed(request: Request) -> Request:
    """For callbacks of what stands outside the parts of a page: ``request`` as it would be drawn
    now."""
    return with_address(request, address())


def with_address(request: Request, query: Mapping[str, Sequence[str]]) -> Request:
    """The request with the settings that parts have changed since it was read."""
    now, _ = parse(query, request.bounds)
    changed = {name: getattr(now, name) for name in OF_PARTS}
    return replace(request, view=replace(request.view, **changed))


_current: ContextVar[Request] = ContextVar("request")


def set_current(request: Request) -> None:
    _current.set(request)


def current() -> Request:
    """The request of this run; there is none before sign-in (``LookupError``)."""
    return _current.get()
