"""What moved a KPI: its change by the members of a dimension, and which of them explain most.

A change is split so that the parts add up to it (``metrics/split.py``). A median of parts says
nothing of the median of the whole: durations are not split.

For the causes in words all dimensions are asked for at once, one query a KPI; single ones and
pairs are rolled up from the answer. A member is named only when it stands out: it makes up the
majority of all movement in its split, far more of it than of the business (or the largest region
would be the cause of everything), more than its counts vary by chance, and not so much that
others take it back (then the change is another story).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from math import prod, sqrt

from data.errors import WarehouseError
from data.warehouse import Warehouse
from metrics.baselines import stamp_of_state
from metrics.cache import RESULTS
from metrics.calendar import Span
from metrics.catalog import find_metric
from metrics.engine import run_query
from metrics.headline import headline
from metrics.members import filter_members
from metrics.model import Kind, Metric, Status, Unit
from metrics.query import Filters, MetricQuery, Row
from metrics.report.format import Formats
from metrics.report.words import member_words
from metrics.scorecard import Tile
from metrics.split import Members, Part, Sums, add_up, split_change
from metrics.view import View

ADDITIVE = (Kind.COUNT, Kind.SUM)
# Kinds whose parts do not add up to the whole, and the word on it.
UNSPLIT = {
    Kind.DURATION: "A median or mean of parts does not add up to that of the whole: what moved a "
    "duration cannot be split.",
    Kind.DERIVED: "It is made of other KPIs, each over days of its own: what moved it stands on "
    "their pages.",
}
DIMENSIONS = ("channel", "region", "segment", "product_line")
# What comes back from the warehouse stays small.
MAX_COMBINATIONS = 5_000
MAJORITY = 0.5
# How much more of the movement than of the business a cause must be, in points of 1.
EXCESS = 0.2
# A second member is worth a word from here on; a pair, when it keeps so much of the single one.
SECOND = 0.2
KEEPS = 0.75
# Standard deviations of chance (binomial or Poisson) that a counted cause must exceed.
BEYOND_CHANCE = 2.5
# What the named may add up to, as a multiple of the change: the rest would be taken back.
AT_MOST = 1.5


@dataclass(frozen=True)
class Drivers:
    """A change split by the members of ``by``; the largest contribution first.

    ``reason`` says in words why there are no parts; ``before``, ``after`` and ``change`` are then
    None.
    """

    metric: Metric
    by: tuple[str, ...]
    before: float | None = None
    after: float | None = None
    change: float | None = None
    parts: tuple[Part, ...] = field(default=())
    reason: str | None = None


def sums_by(
    warehouse: Warehouse,
    metric: Metric,
    spans: Sequence[Span],
    by: tuple[str, ...],
    as_of: datetime,
    where: Filters = (),
) -> list[dict[Members, Sums]] | str:
    """By span the sums of every member (combination), in one query; or why there are none."""
    if metric.kind in UNSPLIT:
        return UNSPLIT[metric.kind]
    query = MetricQuery((metric.id,), tuple(dict.fromkeys(spans)), as_of, by=by, where=where)
    rows = run_query(warehouse, query)
    lacking = next((row.reason for row in rows if row.status is Status.NO_DATA), None)
    if lacking is not None:
        return f"There is nothing to split: {lacking}."
    if metric.kind is Kind.COHORT and any(row.maturing for row in rows):
        # A young cohort is read over its matured leads alone; its parts are read over others.
        return "The cohort is still maturing: what moved it can be told once its window has passed."
    found: dict[Span, dict[Members, Sums]] = {span: {} for span in spans}
    for row in rows:
        found[row.span][row.members] = _sums_of(metric, row)
    return [found[span] for span in spans]


def _sums_of(metric: Metric, row: Row) -> Sums:
    denominator = None if metric.kind in ADDITIVE else float(row.denominator or 0)
    return Sums(float(row.numerator or 0), denominator)


def drivers_of(
    warehouse: Warehouse,
    metric_id: str,
    before: Span,
    after: Span,
    by: tuple[str, ...],
    as_of: datetime,
    where: Filters = (),
) -> Drivers:
    """What moved a KPI from one span to another, by the members of one or more dimensions.

    One query. Raises ``WarehouseError`` when the warehouse does not answer; what cannot be split
    says why in ``reason``.
    """
    metric = find_metric(metric_id)
    sums = sums_by(warehouse, metric, (before, after), by, as_of, where)
    if isinstance(sums, str):
        return Drivers(metric, by, reason=sums)
    parts = split_change(*sums)
    if not parts:
        return Drivers(metric, by, reason="One of the two periods has nothing to divide by.")
    values = [add_up(side.values()).value or 0.0 for side in sums]
    return Drivers(metric, by, values[0], values[1], values[1] - values[0], parts)


# -- the causes in words ----------------------------------------------------------------------


@dataclass(frozen=True)
class Cause:
    """A member (or pair) with its part of all movement and of the business, both 0–1."""

    by: tuple[str, ...]
    part: Part
    movement: float
    weight: float

    @property
    def excess(self) -> float:
        return self.movement - self.weight


def top_causes(
    warehouse: Warehouse,
    view: View,
    metric_id: str,
    limit: int = 2,
    spans: tuple[Span, Span] | None = None,
) -> list[str]:
    """``["mostly paid search in EMEA: −2.1 pp of −2.9 pp"]``; empty when nothing stands out.

    ``spans`` (before, after) are those of the KPI's headline when not given. One query for the
    split, and without ``spans`` the one of the headline; both cached. Raises ``WarehouseError``.
    """
    metric = find_metric(metric_id)
    spans = spans or _headline_spans(warehouse, view, metric)
    if spans is None:
        return []
    by = _dimensions(warehouse, metric, view.where)
    sums = sums_by(warehouse, metric, spans, by, view.as_of, view.where) if by else ""
    if isinstance(sums, str):
        return []
    company = warehouse.config.company
    formats = Formats(locale=company.locale, currency=company.currency)
    before, after = sums
    counted = metric.unit in (Unit.COUNT, Unit.SHARE)
    causes = find_causes(by, before, after, counted=counted)
    return _in_words(metric, causes[:limit], before, after, formats)


def cause_of_tile(warehouse: Warehouse, view: View) -> Callable[[Tile], str | None]:
    """For ``find_exceptions``: the causes of a tile's change in words, None when none stands out.

    A warehouse that does not answer leaves a story without its cause, not a page without stories.
    """

    def cause(tile: Tile) -> str | None:
        if tile.span is None or tile.compared is None or tile.value is None:
            return None
        spans = (tile.compared, tile.span)
        stamp = stamp_of_state() if "disputes" in tile.metric.tables else None
        key = ("causes", warehouse.config.fingerprint, stamp, view, tile.metric.id, spans)
        try:
            found = RESULTS.answer(
                warehouse, key, lambda: top_causes(warehouse, view, tile.metric.id, spans=spans)
            )
        except WarehouseError:
            return None
        text = ", ".join(found)
        return text[:1].upper() + text[1:] if text else None

    return cause


def _headline_spans(warehouse: Warehouse, view: View, metric: Metric) -> tuple[Span, Span] | None:
    tile = headline(warehouse, view, metric)
    if tile.span is None or tile.compared is None:
        return None
    return tile.compared, tile.span


def _dimensions(warehouse: Warehouse, metric: Metric, where: Filters) -> tuple[str, ...]:
    """The dimensions that can tell something, as many of them as stay small together."""
    filtered = {name for name, members in where if len(members) == 1}
    members = filter_members(warehouse)
    found: list[str] = []
    for name in DIMENSIONS:
        if name not in metric.dimensions or name in filtered or len(members[name]) < 2:
            continue
        if prod(len(members[kept]) + 1 for kept in (*found, name)) <= MAX_COMBINATIONS:
            found.append(name)
    return tuple(found)


# -- which stand out --------------------------------------------------------------------------


def find_causes(
    by: Sequence[str],
    before: Mapping[Members, Sums],
    after: Mapping[Members, Sums],
    *,
    counted: bool = True,
) -> list[Cause]:
    """The members that stand out, of one dimension or pair: one, two or none.

    ``before`` and ``after`` are split by all of ``by``. ``counted``: numerators are counts, so
    that it is known how much they vary by chance.
    """

    def found_in(size: int) -> list[list[Cause]]:
        every = (
            _stand_out(
                tuple(by[n] for n in picked),
                _rolled_up(before, picked),
                _rolled_up(after, picked),
                counted,
            )
            for picked in combinations(range(len(by)), size)
        )
        return [found for found in every if found]

    best = max(found_in(1), key=lambda found: sum(cause.excess for cause in found), default=[])
    if len(best) == 2:
        return best
    finer = [
        pair
        for pair in found_in(2)
        if len(pair) == 1
        and (not best or abs(pair[0].part.total) >= KEEPS * abs(best[0].part.total))
    ]
    return max(finer, key=lambda found: found[0].excess, default=best)


def _stand_out(
    by: tuple[str, ...],
    before: Mapping[Members, Sums],
    after: Mapping[Members, Sums],
    counted: bool,
) -> list[Cause]:
    """The one or two members of a split that stand out; empty when none does."""
    parts = split_change(before, after)
    if parts is None or len(parts) < 2:
        return []
    change = sum(part.total for part in parts)
    movement = sum(abs(part.total) for part in parts)
    wholes = add_up(before.values()), add_up(after.values())
    # Rounding alone moves nothing.
    if movement <= 1e-9 * max(abs(whole.value or 0.0) for whole in wholes):
        return []
    causes = [
        Cause(by, part, abs(part.total) / movement, _weight(part, parts))
        for part in parts
        if part.total * change > 0 and not (counted and _is_chance(part, *wholes))
    ]
    for count in (1, 2):
        named = causes[:count]
        if len(named) < count or named[-1].movement < SECOND:
            break
        explained, weight = sum(c.movement for c in named), sum(c.weight for c in named)
        if explained > MAJORITY and explained - weight >= EXCESS:
            moved = abs(sum(cause.part.total for cause in named))
            return named if moved <= AT_MOST * abs(change) else []
    return []


def _is_chance(part: Part, before: Sums, after: Sums) -> bool:
    """Whether counts as large as the part's differ so much by themselves."""
    variance = sum(
        _variance(own) / (whole.denominator or 1.0) ** 2
        for own, whole in ((part.before, before), (part.after, after))
    )
    return abs(part.total) < BEYOND_CHANCE * sqrt(variance)


def _variance(sums: Sums) -> float:
    """Of a count: Poisson's, of a share's numerator the binomial's; never less than one's."""
    n, d = abs(sums.numerator), sums.denominator
    return max(1.0, n * (1 - n / d) if d and n <= d else n)


def _rolled_up(side: Mapping[Members, Sums], picked: tuple[int, ...]) -> dict[Members, Sums]:
    groups: dict[Members, list[Sums]] = {}
    for members, sums in side.items():
        groups.setdefault(tuple(members[n] for n in picked), []).append(sums)
    return {members: add_up(parts) for members, parts in groups.items()}


def _weight(part: Part, parts: Iterable[Part]) -> float:
    """A member's part of the business, over both sides: of the denominators, else the sums."""

    def size(one: Part) -> float:
        sides = (one.before, one.after)
        return sum(abs(s.numerator if s.denominator is None else s.denominator) for s in sides)

    whole = sum(map(size, parts))
    return size(part) / whole if whole else 0.0


# -- in words ---------------------------------------------------------------------------------


def _in_words(
    metric: Metric,
    causes: Sequence[Cause],
    before: Mapping[Members, Sums],
    after: Mapping[Members, Sums],
    formats: Formats,
) -> list[str]:
    whole = (add_up(after.values()).value or 0.0) - (add_up(before.values()).value or 0.0)
    change = formats.difference(whole, metric.unit)
    return [
        f"{'mostly' if n == 0 else 'and'} {name_of(cause)}: "
        f"{formats.difference(cause.part.total, metric.unit)} of {change}"
        for n, cause in enumerate(causes)
    ]


def name_of(cause: Cause) -> str:
    """``paid search in EMEA``: a region stands last, after "in"."""
    named = dict(zip(cause.by, cause.part.members, strict=True))
    region = named.pop("region", "")
    words = ", ".join(_member_words(name, member) for name, member in named.items())
    if "region" not in cause.by:
        return words
    place = _member_words("region", region)
    return f"{words} in {place}" if words else place


def _member_words(dimension: str, member: str | None) -> str:
    return f"no {dimension.replace('_', ' ')}" if member is None else member_words(member)
