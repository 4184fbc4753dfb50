"""Row-level scope: what a viewer may not see does not exist in any statement that they cause.

Every statement that a scoped warehouse runs gets common table expressions before it that bear the
contract tables' own names and hold only the rows that may be seen. SQL resolves a name to such an
expression before it looks for a table, in every subquery and join: a page, a KPI or an export
cannot forget the scope, for there is no way to write one that reads past it.

Which rows: an entity is judged as a filter would judge it, by its own column, else its lead's,
else its account's (contract §2). What hangs on an entity is seen with it: a lead's stages, touches
and handoffs, a deal's stages, contacts and its contacts' touches (its journey). A lead beyond the
scope that something seen refers to (the contact of a deal) keeps what a deal can be split by, for
the deal's numbers to be right, but neither name nor address. An entity that does not know a
dimension of the scope (spend by region) is not seen, and of the targets only those of the scope's
own members are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import (
    CTE,
    ColumnElement,
    Executable,
    Select,
    Table,
    and_,
    case,
    false,
    or_,
    select,
    union,
)
from sqlalchemy.sql.selectable import HasCTE

from data.reading import parts_of, tables_of
from data.row_scope import Filters, RowScope
from data.tables import (
    accounts,
    handoff_clock,
    handoffs,
    lead_changes,
    lead_stages,
    leads,
    opportunities,
    opportunity_contacts,
    opportunity_stages,
    spend,
    system_records,
    targets,
    touches,
)
from data.warehouse import Warehouse
from metrics.compile import UnsupportedDimension, filter_conditions
from metrics.facts.base import Column, Dimensions, Fact, Links
from metrics.facts.handoffs import links as handoff_links
from metrics.facts.opportunities import links as opportunity_links
from metrics.facts.spend import links as spend_links
from metrics.facts.system_records import normal_key
from metrics.facts.touches import links as touch_links

Condition = ColumnElement[bool]
# Names of colleagues and campaigns, and the company's own books: whoever may sign in may read them.
OPEN = frozenset({"reps", "campaigns", "loads"})
# Columns of a lead that tell who it is.
NAMING = frozenset({"full_name", "email"})


def scoped(warehouse: Warehouse, scope: RowScope) -> Warehouse:
    """The warehouse as someone with this scope may read it."""
    if scope.is_whole:
        return warehouse
    return warehouse.guarded(scope, Guard(scope))


def of_seen_leads(warehouse: Warehouse, statement: Select) -> Select:
    """A statement about leads, of those alone that may be seen themselves: what lists or opens
    leads must not show one that a deal merely refers to."""
    if warehouse.scope.is_whole:
        return statement
    seen = _matching(leads.c.lead_id, leads, _LEAD_LINKS, warehouse.scope.members)
    return statement.where(false() if seen is None else leads.c.lead_id.in_(seen))


class Guard:
    """Puts the rows of a scope before the tables' names in a statement."""

    def __init__(self, scope: RowScope) -> None:
        where = scope.members
        self._leads = _ids(leads.c.lead_id, leads, _LEAD_LINKS, where)
        self._opportunities = _ids(
            opportunities.c.opportunity_id, opportunities, opportunity_links(), where
        )
        self._handoffs = self._with_lead(handoffs.c.handoff_id, handoffs, handoff_links(), where)
        self._journeys = self._of_journeys()
        self._touches = self._with_lead(
            touches.c.touch_id, touches, touch_links(), where, of_leads=self._journeys
        )
        self._linked = self._of_anything_seen()
        self._accounts = union(
            select(leads.c.account_id).where(_among(leads.c.lead_id, self._linked)),
            self._of_seen(opportunities.c.account_id),
            select(handoffs.c.account_id).where(_among(handoffs.c.handoff_id, self._handoffs)),
        ).cte("scope_accounts")
        self._visible: dict[Table, Callable[[], Condition]] = {
            leads: lambda: _among(leads.c.lead_id, self._linked),
            lead_stages: lambda: _of_lead(lead_stages, where),
            lead_changes: lambda: _of_lead(lead_changes, where),
            system_records: lambda: _of_buyer(where),
            opportunities: lambda: _among(opportunities.c.opportunity_id, self._opportunities),
            opportunity_stages: lambda: _among(
                opportunity_stages.c.opportunity_id, self._opportunities
            ),
            opportunity_contacts: lambda: _among(
                opportunity_contacts.c.opportunity_id, self._opportunities
            ),
            handoffs: lambda: _among(handoffs.c.handoff_id, self._handoffs),
            handoff_clock: lambda: _among(handoff_clock.c.handoff_id, self._handoffs),
            touches: lambda: _among(touches.c.touch_id, self._touches),
            accounts: lambda: _among(accounts.c.account_id, self._accounts),
            spend: lambda: _own(spend, spend_links(), where),
            targets: lambda: _of_members(where),
        }

    @property
    def guards(self) -> tuple[Table, ...]:
        """The tables that hold for this viewer only what may be seen."""
        return tuple(self._visible)

    def __call__(self, statement: Executable) -> Executable:
        known = tables_of(statement)
        read = [table for table in self._visible if table in known]
        if not read:
            return statement
        assert isinstance(statement, HasCTE)
        rows = [
            select(*self._columns(table)).where(self._visible[table]()).cte(table.name)
            for table in read
        ]
        # The ids come first: they read the tables themselves, which the names hide from then on.
        return statement.add_cte(*_needed_first(rows), *rows)

    def _columns(self, table: Table) -> list[Column]:
        """What is read of a row: of a lead that is only referred to nothing that names it."""
        if table is not leads:
            return list(table.c)
        is_seen = _among(leads.c.lead_id, self._leads)
        return [
            case((is_seen, column)).label(column.name) if column.name in NAMING else column
            for column in leads.c
        ]

    def _of_seen(self, column: Column) -> Select:
        """A column of the opportunities, or of their contacts, that are seen."""
        of = column.table.c.opportunity_id
        return select(column.label("id")).where(_among(of, self._opportunities))

    def _of_journeys(self) -> CTE:
        """Leads whose touches are seen: those that are, and those of opportunities that are."""
        return union(
            select(self._leads.c.id),
            self._of_seen(opportunity_contacts.c.lead_id),
            self._of_seen(opportunities.c.lead_id),
        ).cte("scope_journeys")

    def _of_anything_seen(self) -> CTE:
        """Leads that something seen refers to."""
        return union(
            select(self._journeys.c.id),
            select(handoffs.c.lead_id).where(_among(handoffs.c.handoff_id, self._handoffs)),
            select(touches.c.lead_id).where(_among(touches.c.touch_id, self._touches)),
        ).cte("scope_linked")

    def _with_lead(
        self,
        key: Column,
        table: Table,
        links: Links,
        where: Filters,
        *,
        of_leads: CTE | None = None,
    ) -> CTE:
        """The ids of what has the scope's members itself, or hangs on a lead that is seen."""
        of_lead = select(key.label("id")).where(
            _among(table.c.lead_id, self._leads if of_leads is None else of_leads)
        )
        own = _matching(key, table, links, where)
        found = of_lead if own is None else union(of_lead, own)
        return found.cte(f"scope_{table.name}")


_LEAD_LINKS = Links(lead_id=leads.c.lead_id, is_lead=True)


def _matching(key: Column, table: Table, links: Links, where: Filters) -> Select | None:
    """The ids of a table's rows that a filter keeps; None where it knows no such dimension."""
    dimensions = Dimensions(Fact(source=table, links=links))
    try:
        conditions = filter_conditions(dimensions, where)
    except UnsupportedDimension:
        return None
    return select(key.label("id")).select_from(dimensions.source).where(*conditions)


def _ids(key: Column, table: Table, links: Links, where: Filters) -> CTE:
    found = _matching(key, table, links, where)
    if found is None:
        found = select(key.label("id")).where(false())
    return found.cte(f"scope_{table.name}")


def _of_lead(table: Table, where: Filters) -> Condition:
    """By the lead, also of rows whose lead has no row: nothing is known of it, as for a filter."""
    lead_id = table.c.lead_id
    return _among(lead_id, _ids(lead_id, table, Links(lead_id=lead_id), where))


def _of_buyer(where: Filters) -> Condition:
    """Records by their lead; one that names none goes with the records of its e-mail address."""
    seen, c = _of_lead(system_records, where), system_records.c
    key = normal_key(c.match_key)
    return or_(seen, and_(c.lead_id.is_(None), key.in_(select(key).where(seen))))


def _own(table: Table, links: Links, where: Filters) -> Condition:
    """By the row's own columns alone; nothing where one of the dimensions is not among them."""
    if not all(name in links.own for name, _ in where):
        return false()
    return and_(*filter_conditions(Dimensions(Fact(source=table, links=links)), where))


def _of_members(where: Filters) -> Condition:
    """Targets of the scope's members; with several dimensions no single target is of it alone."""
    if len(where) != 1:
        return false()
    name, members = where[0]
    named = [member for member in members if member is not None]
    tests = [targets.c.member.in_(named)] if named else []
    if None in members:
        tests.append(targets.c.member.is_(None))
    return and_(targets.c.dimension == name, or_(false(), *tests))


def _among(column: Column, ids: CTE) -> Condition:
    return column.in_(select(*ids.c))


def _needed_first(rows: Iterable[CTE]) -> list[CTE]:
    """The id expressions that these read, each after those that it reads itself."""
    found: dict[CTE, None] = {}

    def visit(part: CTE) -> None:
        for other in parts_of(part.element):
            if isinstance(other, CTE) and other not in found:
                visit(other)
                found[other] = None

    for row in rows:
        visit(row)
    return list(found)
