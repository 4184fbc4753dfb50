"""Who is one person: records of all systems, merged, converted and matched, and the lead they are.

A record goes on as another one when it was merged into it or converted to it (``edges``); what it
ends in is its root. Roots of different systems are one person by the ids that the systems hold of
each other, else by e-mail address (trimmed, lower case), one to one and the earliest first.
A person is one lead: that of the leading system's earliest record. Records merged into it keep a
row of ``leads`` of their own that says so; all that happened to them happened to the lead.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Select,
    Table,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    union,
    union_all,
)

from data.build import feeds
from data.build.context import Context
from data.build.feeds import metadata
from data.dialects import dialect_of

# Longer chains of merges than this are not followed; a circle ends here.
LONGEST_CHAIN = 30
SURVIVOR, MERGED, SAME = "survivor", "merged", "same"


def _temporary(name: str, *columns: Column) -> Table:
    return Table(f"build_{name}", metadata, *columns, prefixes=["TEMPORARY"])


edges = _temporary(
    "edges",
    Column("product", Text),
    Column("record_id", Text),
    Column("next_id", Text),
    Column("at", DateTime),
    Column("is_merged", Boolean),
)
roots = _temporary(
    "roots", Column("product", Text), Column("record_id", Text), Column("root_id", Text)
)
people = _temporary(
    "people", Column("product", Text), Column("root_id", Text), Column("person", Text)
)
# ``lead_id`` is the row of ``leads`` that the record has itself (NULL for "same"), ``survivor_id``
# the lead that the person is.
lead_of = _temporary(
    "lead_of",
    Column("product", Text),
    Column("record_id", Text),
    Column("person", Text),
    Column("role", Text),
    Column("lead_id", Text),
    Column("survivor_id", Text),
)


def identify(connection: Connection, context: Context) -> None:
    """Fill the tables of this module from the feeds ``records`` and ``merges``."""
    for table, statement in _steps(context):
        connection.execute(insert(table).from_select(table.c.keys(), statement))
        dialect_of(connection.engine.url).analyze(connection, table)


def prefixed(
    context: Context, product: ColumnElement[str], ref: ColumnElement[str]
) -> ColumnElement[str]:
    """A system's id as it is in the warehouse: those of the leading product stay as they are."""
    return case((product == context.leading, ref), else_=product + "-" + ref)


def email_key(email: ColumnElement[str]) -> ColumnElement[str]:
    """An address as it is compared: trimmed, lower case, NULL where empty."""
    return func.nullif(func.lower(func.trim(email)), "")


def is_test(context: Context, email: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether an address is one of those that a company tests with; never NULL."""
    patterns = [
        "".join({"*": "%", "%": "!%", "_": "!_", "!": "!!"}.get(sign, sign) for sign in address)
        for address in context.sources.test_addresses
    ]
    if not patterns:
        return false()
    like = [email_key(email).like(pattern.lower(), escape="!") for pattern in patterns]
    return func.coalesce(or_(*like), False)


def _steps(context: Context) -> Iterator[tuple[Table, Select]]:
    yield edges, _edges()
    yield roots, _roots()
    for place, product in enumerate(context.products):
        yield people, _people(context, product, context.products[:place])
    yield lead_of, _lead_of(context)


def _nodes() -> Select:
    """Every record, and what was merged away and is no record any more."""
    r, m = feeds.records.c, feeds.merges.c
    known = union(select(r.product, r.record_id), select(m.product, m.from_id)).subquery("nodes")
    return select(known.c.product, known.c.record_id)


def _edges() -> Select:
    r, m = feeds.records.c, feeds.merges.c
    nodes = _nodes().subquery("targets")
    told = union_all(
        select(r.product, r.record_id, r.next_id, r.next_at.label("at"), r.is_merged).where(
            r.next_id.is_not(None), r.next_id != r.record_id
        ),
        select(m.product, m.from_id, m.into_id, m.at, literal(True)),
    ).subquery("told")
    nth = func.row_number().over(
        partition_by=[told.c.product, told.c.record_id],
        order_by=[told.c.at.nulls_last(), told.c.next_id],
    )
    both = and_(nodes.c.product == told.c.product, nodes.c.record_id == told.c.next_id)
    found = select(told, nth.label("nth")).join_from(told, nodes, both).subquery("found")
    names = edges.c.keys()
    return select(*(found.c[name] for name in names)).where(found.c.nth == 1)


def _roots() -> Select:
    walk = select(
        edges.c.product, edges.c.record_id, edges.c.next_id.label("reached"), literal(1).label("n")
    ).cte("walk", recursive=True)
    step = edges.alias("step")
    walk = walk.union(
        select(walk.c.product, walk.c.record_id, step.c.next_id, walk.c.n + 1)
        .join_from(
            walk,
            step,
            and_(step.c.product == walk.c.product, step.c.record_id == walk.c.reached),
        )
        .where(step.c.next_id != walk.c.record_id, walk.c.n < LONGEST_CHAIN)
    )
    back = func.row_number().over(
        partition_by=[walk.c.product, walk.c.record_id], order_by=walk.c.n.desc()
    )
    ranked = select(walk, back.label("back")).subquery("ranked")
    ends = select(ranked).where(ranked.c.back == 1).subquery("ends")
    nodes = _nodes().subquery("all_nodes")
    same = and_(ends.c.product == nodes.c.product, ends.c.record_id == nodes.c.record_id)
    return select(
        nodes.c.product, nodes.c.record_id, func.coalesce(ends.c.reached, nodes.c.record_id)
    ).outerjoin_from(nodes, ends, same)


def _root_facts(product: str) -> Select:
    """Per root of a product: its address, age, whether all of it is deleted, and the ids that it
    holds of Salesforce's records."""
    r = feeds.records.c
    here = and_(roots.c.product == r.product, roots.c.record_id == r.record_id)
    is_root = r.record_id == roots.c.root_id
    key = email_key(r.email)
    return (
        select(
            roots.c.root_id,
            func.coalesce(func.min(case((is_root, key))), func.min(key)).label("email_key"),
            func.min(r.created_at).label("created_at"),
            func.min(case((r.deleted_at.is_(None), 0), else_=1)).label("is_deleted"),
            func.min(r.sales_contact_ref).label("contact_ref"),
            func.min(r.sales_lead_ref).label("lead_ref"),
        )
        .join_from(feeds.records, roots, here)
        .where(r.product == product)
        .group_by(roots.c.root_id)
    )


def _people(context: Context, product: str, earlier: tuple[str, ...]) -> Select:
    own = _root_facts(product).cte("own")
    alone = literal(f"{product}:", Text) + own.c.root_id
    if not earlier:
        return select(literal(product, Text), own.c.root_id, alone)
    by_id = _by_id(own).cte("by_id")
    matched = func.coalesce(by_id.c.person, alone)
    joined = select(literal(product, Text), own.c.root_id, matched).outerjoin_from(
        own, by_id, by_id.c.root_id == own.c.root_id
    )
    if not context.sources.match_by_email:
        return joined
    by_email = _by_email(own, by_id, earlier).cte("by_email")
    return (
        select(
            literal(product, Text),
            own.c.root_id,
            func.coalesce(by_id.c.person, by_email.c.person, alone),
        )
        .outerjoin_from(own, by_id, by_id.c.root_id == own.c.root_id)
        .outerjoin(by_email, by_email.c.root_id == own.c.root_id)
    )


def _by_id(own) -> Select:
    known = (
        select(roots.c.record_id, people.c.person)
        .join_from(
            roots,
            people,
            and_(people.c.product == roots.c.product, people.c.root_id == roots.c.root_id),
        )
        .where(roots.c.product == "salesforce")
    )
    contact, lead = known.subquery("by_contact"), known.subquery("by_lead")
    person = func.coalesce(contact.c.person, lead.c.person)
    return (
        select(own.c.root_id, person.label("person"))
        .outerjoin_from(own, contact, contact.c.record_id == own.c.contact_ref)
        .outerjoin(lead, lead.c.record_id == own.c.lead_ref)
        .where(person.is_not(None))
    )


def _by_email(own, by_id, earlier: tuple[str, ...]) -> Select:
    """One to one, the earliest with the earliest; those matched by id take no part."""
    r = feeds.records.c
    known = (
        select(
            people.c.person,
            func.min(email_key(r.email)).label("email_key"),
            func.min(r.created_at).label("created_at"),
            func.min(case((r.deleted_at.is_(None), 0), else_=1)).label("is_deleted"),
        )
        .join_from(
            people,
            roots,
            and_(people.c.product == roots.c.product, people.c.root_id == roots.c.root_id),
        )
        .join(feeds.records, and_(r.product == roots.c.product, r.record_id == roots.c.record_id))
        .where(
            people.c.product.in_(earlier),
            ~select(literal(1)).where(by_id.c.person == people.c.person).exists(),
        )
        .group_by(people.c.person)
        .subquery("known")
    )
    theirs = _nth_of_email(known, known.c.person).subquery("theirs")
    is_free = ~select(literal(1)).where(by_id.c.root_id == own.c.root_id).exists()
    free = select(own).where(is_free).subquery("free")
    ours = _nth_of_email(free, free.c.root_id).subquery("ours")
    return select(ours.c.id.label("root_id"), theirs.c.id.label("person")).join_from(
        ours, theirs, and_(ours.c.email_key == theirs.c.email_key, ours.c.nth == theirs.c.nth)
    )


def _nth_of_email(rows, identity) -> Select:
    nth = func.row_number().over(
        partition_by=rows.c.email_key,
        order_by=[rows.c.is_deleted, rows.c.created_at, identity],
    )
    return select(identity.label("id"), rows.c.email_key, nth.label("nth")).where(
        rows.c.email_key.is_not(None)
    )


def _lead_of(context: Context) -> Select:
    r = feeds.records.c
    is_merged = or_(func.coalesce(r.is_merged, False), func.coalesce(edges.c.is_merged, False))
    members = (
        select(
            r.product,
            r.record_id,
            people.c.person,
            r.kind,
            r.created_at,
            is_merged.label("is_merged"),
            _may_lead(context).label("may_lead"),
        )
        .join_from(
            feeds.records,
            roots,
            and_(roots.c.product == r.product, roots.c.record_id == r.record_id),
        )
        .join(
            people, and_(people.c.product == roots.c.product, people.c.root_id == roots.c.root_id)
        )
        .outerjoin(edges, and_(edges.c.product == r.product, edges.c.record_id == r.record_id))
        .subquery("members")
    )
    m = members.c
    order = [
        case((m.may_lead, 0), else_=1),
        case({p: n for n, p in enumerate(context.products)}, value=m.product),
        case((m.kind == "lead", 0), else_=1),
        case((m.is_merged, 1), else_=0),
        m.created_at,
        m.record_id,
    ]
    nth = func.row_number().over(partition_by=m.person, order_by=order)
    ranked = select(members, nth.label("nth")).cte("ranked")
    first = select(ranked).where(ranked.c.nth == 1, ranked.c.may_lead).subquery("first_record")
    a, f = ranked.c, first.c
    same_kind = and_(a.product == f.product, a.kind == f.kind)
    role = case(
        (f.person.is_(None), cast(null(), Text)),
        (and_(a.nth == 1), literal(SURVIVOR, Text)),
        (and_(same_kind, or_(a.is_merged, a.kind == "lead")), literal(MERGED, Text)),
        else_=literal(SAME, Text),
    )
    own_id = prefixed(context, a.product, a.record_id)
    known = (
        select(
            a.product,
            a.record_id,
            a.person,
            role.label("role"),
            case((role.in_((SURVIVOR, MERGED)), own_id)).label("lead_id"),
            prefixed(context, f.product, f.record_id).label("survivor_id"),
        )
        .outerjoin_from(ranked, first, f.person == a.person)
        .subquery("known_leads")
    )
    return select(known).union_all(_gone(context, first))  # type: ignore[return-value]


def _gone(context: Context, first) -> Select:
    """What was merged away and is no record any more: its events are the survivor's."""
    r = feeds.records.c
    is_record = and_(r.product == roots.c.product, r.record_id == roots.c.record_id)
    return (
        select(
            roots.c.product,
            roots.c.record_id,
            people.c.person,
            literal(SAME, Text),
            cast(null(), Text),
            prefixed(context, first.c.product, first.c.record_id),
        )
        .join_from(
            roots,
            people,
            and_(people.c.product == roots.c.product, people.c.root_id == roots.c.root_id),
        )
        .join(first, first.c.person == people.c.person)
        .outerjoin(feeds.records, is_record)
        .where(r.record_id.is_(None))
    )


def _may_lead(context: Context) -> ColumnElement[bool]:
    """Whether a person may be a lead by this record alone."""
    r = feeds.records.c
    is_none = is_test(context, r.email)
    if context.sources.salesforce.contacts_without_lead == "leads":
        return ~is_none
    return and_(~is_none, or_(r.product != "salesforce", r.kind == "lead"))
