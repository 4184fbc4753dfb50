"""The records behind a number, a page at a time, with links to their leads and a file to keep."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from html import escape
from typing import Any

import pandas as pd
import streamlit as st
from babel.dates import format_date, format_datetime

from data.audit import DetailValue, without_people
from metrics.calendar import Span
from metrics.catalog import find_metric
from metrics.catalog.velocity import BEGINNING
from metrics.errors import QueryError
from metrics.model import Kind, Metric, Unit
from metrics.query import MetricQuery
from metrics.records import (
    MAX_DOWNLOAD,
    PAGE,
    ListOf,
    RecordColumn,
    RecordList,
    RecordPage,
    lists_of,
)
from metrics.report.csv_export import csv_chunks
from metrics.report.format import UNDEFINED
from pages.view.export import show_download
from pages.view.links import lead_address
from pages.view.paging import offset_of, show_paging
from pages.view.parts import show_part
from pages.view.request import Request
from pages.view.review_bar import show_strip

SUMS = (
    RecordColumn("numerator", "Numerator", "number"),
    RecordColumn("denominator", "Denominator", "number"),
    RecordColumn("maturing", "Maturing", "number"),
)
ROW_PX, MAX_HEIGHT_PX = 35, 560


def show_records(request: Request, metric_id: str, span: Span) -> None:
    """The records behind a KPI over a span, under the view's filters: a list for each fact.

    Two queries a list. Raises ``WarehouseError``.
    """
    question = request.question
    metric = find_metric(metric_id)
    query = MetricQuery((metric_id,), (span,), question.as_of, where=question.where)
    lists = lists_of(query, request.warehouse)
    for wanted in lists:
        if metric.derived is not None:
            st.html(f'<p class="paging"><b>{escape(_title(wanted, request))}</b></p>')
        try:
            records = RecordList(request.warehouse, wanted, shows_people=request.sees_people)
        except QueryError as error:
            show_strip(error.message)
            continue
        key = f"{metric_id}-{wanted.name}-{span.start}-{span.end}"
        show_part("records", request, partial(_show_list, records, wanted.query.spans[0], key))


def _title(wanted: ListOf, request: Request) -> str:
    """An input of a derived KPI with its days: "SQLs, 1 Sep 2026 to 30 Sep 2026"."""
    days = wanted.query.spans[0]
    last = days.end - timedelta(days=1)
    if days.start <= BEGINNING:
        return f"{wanted.title}, up to {_moment(request, last)}"
    return f"{wanted.title}, {_moment(request, days.start)} to {_moment(request, last)}"


def _show_list(records: RecordList, days: Span, key: str, request: Request) -> None:
    metric = records.metric
    # The total decides which page there is; both come out of the cache on the next click.
    total = records.summary()["total"]
    found = records.page(offset_of(key, total, PAGE), PAGE)
    if not found.total:
        show_strip(f"No {records.noun} are behind this number in this period under these filters.")
        return
    with st.container(key=f"records-{key}"):
        st.html(f'<p class="paging">{escape(sums_text(metric, found, request))}</p>')
        table, config = _table(request, found)
        height = min(ROW_PX * (len(table) + 1) + 3, MAX_HEIGHT_PX)
        st.dataframe(
            table, column_config=config, hide_index=True, height=height, key=f"table-{key}"
        )
        show_paging(key, found.total, PAGE, found.noun)
        show_download(
            _download(request, records),
            viewer=request.viewer,
            file_name=f"{metric.id}-{records.fact_name}.csv",
            key=f"download-{key}",
            what=_exported(request, records, days, found.total),
        )
        if found.total > MAX_DOWNLOAD:
            show_strip(f"The file holds the newest {MAX_DOWNLOAD:,} of {found.total:,} records.")


def sums_text(metric: Metric, found: RecordPage, request: Request) -> str:
    """What the records add up to: "93 leads: 46 in the numerator, 93 in the denominator"."""
    unit = Unit.MONEY if any(column.name == "amount" for column in found.columns) else Unit.COUNT
    parts = []
    for side in ("numerator", "denominator"):
        value = getattr(found, side)
        if value is not None and (metric.denominator or metric.stages or side == "denominator"):
            written = Unit.COUNT if isinstance(value, int) and value <= found.total else unit
            parts.append(f"{request.formats.exact(value, written)} in the {side}")
    if metric.kind is Kind.SUM and found.numerator is not None:
        parts.append(f"{request.formats.exact(found.numerator, unit)} together")
    if found.maturing:
        parts.append(f"{request.formats.plain(found.maturing)} still open")
    counted = f"{request.formats.plain(found.total)} {found.noun}"
    return f"{counted}: {', '.join(parts)}" if parts else counted


def _table(request: Request, found: RecordPage) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The page as a frame of texts and numbers, and how its columns are drawn."""
    # A projected page names no single rep (handbook, §3).
    shown = [c for c in found.columns if c.name != "owner" or not request.view.present]
    columns = {c.label: [_cell(request, c, row) for row in found.rows] for c in shown}
    config: dict[str, Any] = {
        column.label: st.column_config.NumberColumn(format="%.2f")
        for column in found.columns
        if column.form in ("number", "hours", "days")
    }
    if "Lead id" in columns:
        config["Lead id"] = st.column_config.LinkColumn("Lead page", display_text=r"lead=([^&]*)")
    return pd.DataFrame(columns), config


def _cell(request: Request, column: RecordColumn, row: dict[str, Any]) -> Any:
    value = row[column.name]
    if column.form in ("number", "hours", "days"):
        return value
    if value is None:
        return None if column.name == "lead_id" else UNDEFINED
    if column.name == "lead_id":
        return lead_address(request, value)
    if column.form == "money":
        return request.formats.exact(value, Unit.MONEY)
    return _moment(request, value) if isinstance(value, date) else value


def _moment(request: Request, value: date) -> str:
    locale = request.config.company.locale
    if not isinstance(value, datetime):
        return format_date(value, "d MMM yyyy", locale=locale)
    local = request.bounds.calendar.local(value)
    return format_datetime(local, "d MMM yyyy, HH:mm", tzinfo=local.tzinfo, locale=locale)


def _exported(
    request: Request, records: RecordList, days: Span, total: int
) -> dict[str, DetailValue]:
    """The file in the audit log: what it is about, and never whom."""
    question = request.question
    return {
        "metric": records.metric.id,
        "list": records.fact_name,
        "from": days.start.isoformat(),
        "to": days.end.isoformat(),
        "as_of": question.as_of.isoformat(timespec="seconds"),
        "filters": without_people(question.where),
        "rows": min(total, MAX_DOWNLOAD),
        "names": request.sees_people,
    }


def _download(request: Request, records: RecordList) -> Callable[[], bytes]:
    """Makes the file, once it is asked for."""
    calendar = request.bounds.calendar

    def make() -> bytes:
        return b"".join(csv_chunks((*records.columns, *SUMS), records.stream(), calendar))

    return make
