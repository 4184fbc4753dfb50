"""Random companies: every one-sided record has one reason, the second way's; both sides close."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.config import parse_config
from metrics.calendar import Span
from metrics.engine import run_query
from metrics.query import MetricQuery
from metrics.reconcile import Ledger
from tests.matrix import ENGINES
from tests.metrics.reconcile.second_way import Reconciled
from tests.metrics.worlds import FIRST_DAY, Refillable, Row, World, refillable

CONFIG = parse_config("")
SPAN = Span((FIRST_DAY + timedelta(days=8)).date(), (FIRST_DAY + timedelta(days=24)).date())
EXAMPLES = {"duckdb": 8, "postgresql": 12, "spark": 2}
KEYS = (None, None, "a@x.org", " A@x.org", "b@x.org", "B@X.ORG ", "c@x.org", " ")


class Systems:
    """The records of a seed: few leads and addresses, so that they meet often."""

    def __init__(self, seed: int) -> None:
        self.world = World(seed)
        self.draw = Random(f"systems {seed}")

    def record(self, n: int) -> Row:
        draw = self.draw
        side = draw.choice(("marketing", "sales"))
        leads = [*self.world.leads[:4], "L98"]
        # One record may be counted twice.
        number = n - 1 if n and draw.random() < 0.1 else n
        return {
            "system": side,
            "product": draw.choice(("hubspot", "marketo", None) if side == "marketing" else ("s",)),
            "record_id": f"{side[0]}{number:03}",
            "lead_id": draw.choice((None, *leads)),
            "match_key": draw.choice(KEYS),
            "stage": draw.choice(("mql", "mql", "mql", "sal", "customer")),
            "counted_at": self.world.moment(),
            "status": draw.choice(("active",) * 6 + ("merged", "deleted", "archived")),
            "merged_into": f"{side[0]}{draw.randrange(40):03}" if draw.random() < 0.3 else None,
            "sync_status": draw.choice((None, "synced", "synced", "pending", "error", "excluded")),
            "sync_error": draw.choice((None, None, "a test", "contest")),
            "created_by_team": draw.choice((None, "marketing", "sales")),
        }

    def tables(self) -> dict[str, list[Row]]:
        tables = self.world.tables()
        for lead in tables["leads"]:
            lead["merged_into"] = self.draw.choice((None, None, *self.world.leads))
            lead["merged_at"] = self.draw.choice((None, self.world.moment()))
            if self.draw.random() < 0.6:
                lead["deleted_at"] = None
        # Few deals and rejections, or hardly a record would get past them.
        tables["opportunities"] = tables["opportunities"][:2]
        tables["handoffs"] = tables["handoffs"][:3]
        tables["lead_stages"] = [
            row
            for row in tables["lead_stages"]
            if row["stage"] in ("recycled", "mql") or self.draw.random() < 0.2
        ]
        tables["system_records"] = [self.record(n) for n in range(self.draw.randint(1, 45))]
        return tables


@pytest.fixture(scope="module", params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[Refillable]:
    with (
        ENGINES[request.param](tmp_path_factory.mktemp("systems")) as url,
        refillable(url) as found,
    ):
        yield found


def swapped(tables: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The same company with marketing's records in sales' systems and the other way round."""
    other = {"marketing": "sales", "sales": "marketing", None: None}
    rows = [
        row | {name: other[row[name]] for name in ("system", "created_by_team")}
        for row in tables["system_records"]
    ]
    return tables | {"system_records": rows}


# Reasons that are one side's alone: they have no mirror.
ONE_WAY = ("rejected", "unrouted", "created_by_sales", "created_by_marketing")


def test_one_reason_each_and_both_sides_close(database):
    examples = EXAMPLES[database.url.get_backend_name()]

    @settings(max_examples=examples)
    @given(st.integers(0, 10**6), st.sampled_from(("mql", "mql", "customer")))
    def check(seed: int, stage: str) -> None:
        systems = Systems(seed)
        tables = systems.tables()
        as_of = systems.draw.choice((datetime(2026, 12, 31), systems.world.moment()))
        warehouse = database.fill(tables, CONFIG)
        ledger = Ledger(warehouse, stage, SPAN, as_of)
        balance, ids = ledger.balance(), ledger.ids()

        start, end = (datetime.combine(day, datetime.min.time()) for day in (SPAN.start, SPAN.end))
        second = Reconciled(tables, stage, start, end, as_of)
        for side in ("marketing", "sales"):
            told = second.side(side)
            expected = Counter((name, reason) for name, reason in told if reason is not None)
            found = Counter(
                (name, reason) for (s, reason), names in ids.items() if s == side for name in names
            )
            assert found == expected
            parts = balance.of(side)
            assert sum(part.count for part in parts) == expected.total()
            assert getattr(balance, side) - expected.total() == balance.matched
            assert getattr(balance, side) == len(told)
            assert {(p.side, p.reason): p.count for p in parts} == {
                key: len(names) for key, names in ids.items() if key[0] == side
            }
        _check_filters(warehouse, stage, as_of, balance)
        if database.url.get_backend_name() == "duckdb":
            _check_mirror(database, tables, stage, as_of, ids)

    check()


def _check_filters(warehouse, stage, as_of, balance) -> None:
    """Each member of a dimension closes by itself, and together they are the whole."""
    parts = [
        Ledger(warehouse, stage, SPAN, as_of, (("region", (member,)),)).balance()
        for member in ("EMEA", "AMER", None)
    ]
    for side in ("marketing", "sales", "matched"):
        assert sum(getattr(part, side) for part in parts) == getattr(balance, side)
    for part in parts:
        for side in ("marketing", "sales"):
            rest = sum(one.count for one in part.of(side))
            assert getattr(part, side) - rest == part.matched


def _check_mirror(database, tables, stage, as_of, ids) -> None:
    """With the sides swapped the reasons are swapped, but for those of one side alone."""
    warehouse = database.fill(swapped(tables), CONFIG)
    mirrored = Ledger(warehouse, stage, SPAN, as_of).ids()

    def both_ways(found, side: str) -> dict[str, str]:
        return {name: reason for (s, reason), names in found.items() if s == side for name in names}

    for side, other in (("marketing", "sales"), ("sales", "marketing")):
        here, there = both_ways(ids, side), both_ways(mirrored, other)
        assert here.keys() == there.keys()
        for name, reason in here.items():
            if reason not in ONE_WAY and there[name] not in ONE_WAY:
                assert there[name] == reason


def test_the_gap_is_the_difference_of_the_counts(duckdb_url):
    """The KPI against a count by hand, by region and in total, at every stage that has records."""
    with refillable(duckdb_url) as database:
        for seed in range(8):
            tables = Systems(seed).tables()
            warehouse = database.fill(tables, CONFIG)
            as_of = datetime(2026, 12, 31)
            for by in ((), ("region",)):
                query = MetricQuery(("count_gap",), (SPAN,), as_of, by=by)
                for row in run_query(warehouse, query):
                    wanted = _counted(tables, row.members)
                    both = all(wanted) or row.value is not None
                    assert not both or (row.numerator, row.denominator) == wanted
                    if row.value is not None:
                        assert row.value == wanted[0] - wanted[1]


def _counted(tables: dict[str, list[Row]], members: tuple[str | None, ...]) -> tuple[int, int]:
    records = tables["system_records"]
    regions = {lead["lead_id"]: lead["region"] for lead in tables["leads"]}
    second = Reconciled(tables, "mql", *_days(), datetime(2026, 12, 31))
    firsts = [
        min(r["counted_at"] for r in records if _is_mql(r) and r["system"] == side)
        for side in {r["system"] for r in records if _is_mql(r)}
    ]
    if len(firsts) < 2:
        return 0, 0
    counts = []
    for side in ("marketing", "sales"):
        mine = [
            r
            for r in second.counted
            if r["system"] == side
            and r["counted_at"] >= max(firsts)
            and (not members or regions.get(second.lead_of(r)) == members[0])
        ]
        counts.append(len(mine))
    return counts[0], counts[1]


def _is_mql(record: Row) -> bool:
    return record["stage"] == "mql" and record["status"] == "active"


def _days() -> tuple[datetime, datetime]:
    start, end = (datetime.combine(day, datetime.min.time()) for day in (SPAN.start, SPAN.end))
    return start, end
