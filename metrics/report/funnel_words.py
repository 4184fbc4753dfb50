"""The funnel page's sentences and names, free of any markup."""

from __future__ import annotations

from metrics.funnel.model import MOVES, Conversion, Funnel, Leak, StageCounts, Sums
from metrics.funnel.question import STAGE_LABELS
from metrics.model import Unit
from metrics.report.format import UNDEFINED, Formats

NO_MEMBER = "(none)"
SPLIT_TITLES = {"segment": "Segment", "persona": "Persona"}
FATE_WORDS = {
    "advanced": "advanced",
    "rejected": "rejected",
    "recycled": "recycled",
    "waiting": "still, in time",
    "overdue": "still, aged",
}


def member(name: str | None) -> str:
    return NO_MEMBER if name is None else name


def reason_words(name: str | None) -> str:
    """A reason as people say it; the data's own code, its underscores aside."""
    return "no reason given" if name is None else name.replace("_", " ")


def cohort_aside(funnel: Funnel, counts: StageCounts) -> str:
    stage = STAGE_LABELS[counts.stages[0]]
    note = " · pale ◔ maturing, no rate yet" if any(s.maturing for s in counts.cohort) else ""
    return f"first entered {stage} in {funnel.period_short}, reached since{note}"


def period_aside(funnel: Funnel) -> str:
    return f"first entries into each stage within {funnel.period_short}, whenever they began"


def conversion_words(conversion: Conversion, formats: Formats) -> str:
    """The cohorts side by side at the age that the newest has reached as a whole."""
    first = conversion.curves[0]
    here = first.at(first.age)
    if not first.leads:
        return f"{first.label}: nobody entered the first stage of this step."
    if not first.age or here is None:
        return f"{first.label}: {formats.plain(first.leads)} leads, none a day old as a whole yet."
    parts = [
        f"{curve.label} {formats.value(at.share, Unit.SHARE)}"
        for curve in conversion.curves
        if curve.age >= first.age and (at := curve.at(first.age)) is not None
    ]
    small = f" Only {formats.plain(first.leads)} leads: n is small." if first.leads < 30 else ""
    return f"Converted by day {first.age} of age: {', '.join(parts)}.{small}"


POOLS = (
    ("Recycled", "recycled"),
    ("re-MQL", "re_mql"),
    ("SQL or opportunity", "sql"),
    ("Customer", "customer"),
    ("Still in the pool", "in_pool"),
)
KEY_OF_FATES = "still there, within the days that the step should take, or longer"


def move_heads() -> list[str]:
    """The steps of the pipeline's movement with their signs: "+ slipped in"."""
    heads = [f"{'+' if sign > 0 else '−'} {name.replace('_', ' ')}" for name, sign in MOVES.items()]
    return ["opening", *heads[1:]]


def money(sums: Sums, formats: Formats) -> str:
    return formats.value(float(sums.amount), Unit.MONEY) if sums.count else UNDEFINED


def reasons_of(leak: Leak, formats: Formats) -> str:
    """Why leads were rejected, the most frequent first: "no budget 12, no fit 4, 3 others"."""
    named = [f"{reason_words(name)} {formats.plain(n)}" for name, n in leak.reasons[:3]]
    more = sum(n for _, n in leak.reasons[3:])
    return ", ".join([*named, *([f"{formats.plain(more)} others"] if more else [])])
