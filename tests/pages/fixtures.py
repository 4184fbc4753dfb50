"""A scorecard by hand that holds every state a tile can be in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from metrics.model import Direction, Kind, Metric, Status, Team, Unit
from metrics.scorecard import Change, EarlyRead, Mark, Point, Scorecard, TargetState, Tile

FIRST = date(2026, 8, 17)


def metric(id: str, label: str, unit: Unit = Unit.COUNT, **more: object) -> Metric:
    fields: dict[str, object] = {
        "team": Team.SHARED,
        "kind": Kind.COUNT,
        "direction": Direction.UP,
        "definition": f"{label}: what is counted, and what is left out.",
        "formula": "distinct leads",
        "counted_by": "first entry into the stage",
        "null_rule": "a period without any is 0",
        "tables": ("leads",),
        "dimensions": ("region",),
        "owner": "Marketing operations",
    } | more
    return Metric(id=id, label=label, unit=unit, **fields)  # type: ignore[arg-type]


def points(values: list[float | None], last: Status = Status.FINAL) -> tuple[Point, ...]:
    found = []
    for n, value in enumerate(values):
        state = last if n == len(values) - 1 else Status.FINAL
        if value is None:
            state = Status.NO_DATA
        found.append(Point(f"W{34 + n}", FIRST + timedelta(weeks=n), value, state))
    return tuple(found)


def wave(around: float, *shares: float) -> list[float | None]:
    shape = shares or (0.9, 1.0, 0.95, 0.8, 1.05, 1.0, 0.9, 1.02, 1.0, 0.99, 0.97, 1.0, 1.03)
    return [around * share for share in shape]


def tile(m: Metric, value: float | None, **more: object) -> Tile:
    fields: dict[str, object] = {
        "label": m.label,
        "status": Status.FINAL,
        "reason": None,
        "qualifier": None,
        "change": None,
        "target": None,
        "marks": (),
        "points": points(wave(value)) if value is not None else (),
        "numerator": value,
        "denominator": None,
    } | more
    return Tile(metric=m, value=value, **fields)  # type: ignore[arg-type]


def goals() -> tuple[Tile, ...]:
    money, share = Unit.MONEY, Unit.SHARE
    return (
        tile(
            metric("bookings", "Bookings", money),
            2_310_000,
            label="Bookings, Q4 to date",
            status=Status.PARTIAL,
            target=TargetState(5_200_000, -2_890_000, False, False, True, 2_550_000),
        ),
        tile(
            metric("pipeline_created", "Pipeline created", money),
            9_840_000,
            label="Pipeline created, Q4 to date",
            status=Status.PARTIAL,
            target=TargetState(18_000_000, -8_160_000, True, False, True, 8_820_000),
        ),
        tile(
            metric("mql_to_sql", "MQL → SQL", share, kind=Kind.COHORT),
            0.214,
            label="MQL → SQL, 30 d",
            qualifier="cohort W41",
            target=TargetState(0.24, -0.026, False, False),
        ),
        tile(
            metric("mql_delivery", "Marketing delivers", share),
            1.02,
            label="SLA: marketing delivers",
            target=TargetState(1.0, 0.02, True, False),
        ),
        tile(
            metric("sla_response", "SLA adherence", share, kind=Kind.RATIO),
            0.882,
            label="SLA: sales answers in time",
            status=Status.MATURING,
            target=TargetState(0.95, -0.068, False, False),
            marks=(Mark("maturing", "14 pending"),),
        ),
    )


def marketing() -> tuple[Tile, ...]:
    return (
        tile(
            metric("mqls", "MQLs"),
            371,
            status=Status.PARTIAL,
            change=Change(22, 0.063, "the same 3 days of W45", True),
            target=TargetState(640, -269, False, False, True, 384),
            marks=(Mark("partial", "3 of 5 days"),),
            points=points([*wave(580)[:-1], 371], Status.PARTIAL),
        ),
        tile(
            metric("lead_to_mql", "Lead → MQL", Unit.SHARE, kind=Kind.COHORT),
            0.079,
            label="Lead → MQL, 30 d",
            qualifier="cohort W41",
            change=Change(-0.003, None, "cohort W40", False),
            marks=(Mark("maturing", "2,914 maturing"),),
            early=EarlyRead(7, "W45", 0.061, Change(0.007, None, "W44", True)),
            numerator=230,
            denominator=2914,
            points=points(wave(0.08), Status.MATURING),
        ),
        tile(
            metric("cost_per_mql", "Cost per MQL", Unit.MONEY, direction=Direction.DOWN),
            86.4,
            change=Change(-4.1, -0.045, "W45", True),
            target=TargetState(90, -3.6, True, True),
            numerator=52_876.8,
            denominator=612,
        ),
        tile(
            metric("marketing_sourced_pipeline", "Marketing-sourced pipeline", Unit.MONEY),
            412_000,
            qualifier="13 weeks",
            change=Change(-31_000, -0.07, "W45", False),
            target=TargetState(480_000, -68_000, False, False),
        ),
        tile(
            metric("mql_completeness", "MQL completeness", Unit.SHARE),
            0.91,
            change=Change(0.042, None, "W45", True),
            target=TargetState(0.9, 0.01, True, False),
        ),
    )


def shared() -> tuple[Tile, ...]:
    return (
        tile(
            metric("pipeline_created", "Pipeline created", Unit.MONEY),
            1_240_000,
            change=Change(90_000, 0.078, "W45", True),
            target=TargetState(1_200_000, 40_000, True, False),
        ),
        tile(
            metric("mql_to_sal", "MQL → SAL", Unit.SHARE, kind=Kind.COHORT),
            0.061,
            label="MQL → SAL, 14 d",
            status=Status.MATURING,
            qualifier="at age 7 d",
            change=Change(0.0, None, "W44", None),
            marks=(Mark("maturing", "575 maturing"),),
        ),
        tile(
            metric("stage_days_mql_to_sql", "Days MQL → SQL", Unit.DAYS),
            9.4,
            change=Change(0.6, None, "W45", False),
            target=TargetState(10, -0.6, True, True),
        ),
        tile(
            metric("lead_rejection_rate", "Lead rejection rate", Unit.SHARE),
            0.142,
            change=Change(0.039, None, "W45", False),
            target=TargetState(0.1, 0.042, False, True),
        ),
        tile(
            metric("pipeline_coverage", "Pipeline coverage", Unit.MULTIPLE),
            None,
            status=Status.NO_DATA,
            reason="needs the table opportunities, which is empty",
        ),
    )


def sales() -> tuple[Tile, ...]:
    return (
        tile(
            metric("sqls", "SQLs"),
            131,
            change=Change(None, None, "W45", None),
            target=TargetState(135, -4, False, False),
        ),
        tile(
            metric("response_hours", "Response time, median", Unit.HOURS),
            None,
            bound=5.2,
            change=None,
            target=TargetState(2, 3.2, False, True),
            points=points([*wave(2.1)[:-1], None]),
        ),
        tile(
            metric("win_rate", "Win rate", Unit.SHARE, kind=Kind.RATIO),
            0.263,
            qualifier="13 weeks",
            change=Change(-0.021, None, "the 13 weeks before", False),
            marks=(Mark("small", "n 19: 12–49%"),),
            numerator=5,
            denominator=19,
        ),
        tile(
            metric("avg_deal_size", "Average won deal size", Unit.MONEY),
            48_250,
            change=Change(1_900, 0.041, "W45", True),
        ),
        tile(
            metric("sales_cycle_days", "Sales cycle, median", Unit.DAYS),
            None,
            reason="no won deal in this period",
            points=points([None, 61, 64, None, None, 70, 66, 64, None, 61, 59, 64, None]),
        ),
    )


def scorecard() -> Scorecard:
    """Every state at once: partial, maturing, small, no data, undefined, bounded, new."""
    return Scorecard(
        company="Northwind Analytics",
        as_of=datetime(2026, 11, 16, 11, 0),
        period_label="Week 46, 9–15 Nov 2026",
        compare_label="vs week 45",
        goals=goals(),
        columns={"marketing": marketing(), "shared": shared(), "sales": sales()},
    )


def hostile(card: Scorecard) -> Scorecard:
    """The same with names that are long or hold markup, as a company's own data may."""
    bad = "<img src=x onerror=alert(1)>\"'&"
    long = "Qualifizierungsquote der Vertriebsübergaben je Produktlinie und Region"
    return replace(
        card,
        columns={
            team: tuple(
                replace(t, label=long if n % 2 else bad, reason=bad if t.reason else None)
                for n, t in enumerate(tiles)
            )
            for team, tiles in card.columns.items()
        },
    )
