"""The rules that hold for every KPI, in plain words, and what a company has decided about them."""

from __future__ import annotations

from dataclasses import dataclass

from babel.dates import get_month_names

from data.config import Config
from metrics.compare import SMALL
from metrics.targets import PACE_NEEDS, PACE_PERIODS
from metrics.tiles import TRAILING_WEEKS


@dataclass(frozen=True)
class Rule:
    """One rule: its anchor, its title and its sentences."""

    id: str
    title: str
    sentences: tuple[str, ...]

    @property
    def searched(self) -> str:
        return " ".join((self.title, *self.sentences)).casefold()


RULES = (
    Rule(
        "time",
        "Days, weeks and months",
        (
            "Days, weeks, months, quarters and years are the company's, in its one time zone: an "
            "event at 23:30 UTC on 30 June is July's in Tokyo.",
            "Weeks are ISO weeks, Monday to Sunday. A week belongs to no month, so weekly and "
            "monthly figures need not add up to each other.",
            "A fiscal year is named by the year in which it ends.",
            "A page opens with the last complete period. A period that still runs is partial: it "
            "is marked, and compared with the same number of working days of the other period, "
            "never with the whole of it.",
        ),
    ),
    Rule(
        "as-of",
        "As of",
        (
            "Every number is computed as of one moment: the one that all sources have reached, or "
            "one that was asked for. The clock on the wall does not matter.",
            "As of a moment the world is as it was then: what happened later does not exist yet, "
            "and an opportunity closed later is still open.",
            "What the sources said at that moment is another matter: a late sync changes history, "
            "and then the figure of a past week may change with it.",
        ),
    ),
    Rule(
        "kinds",
        "Kinds of KPI",
        (
            "Counts and sums are dated by the event they count. Their parts add up to the total "
            "exactly; records without a region, channel and so on are a part of their own, (none).",
            "A ratio is one sum divided by another over the same period and filter, never a mean "
            "of ratios. With nothing to divide by it is undefined, shown “–”, never 0%.",
            "A duration is the median, or a percentile, over completed spans only.",
            "A KPI that cannot be split or filtered by something (spend by region) says so, and "
            "never shows the unfiltered figure instead.",
        ),
    ),
    Rule(
        "cohorts",
        "Cohort conversions, and why they mature",
        (
            "A conversion from A to B follows the leads that first reached A in the period, and "
            "asks which of them reached B within the window. Nobody counts twice, and it lies "
            "between 0 and 100%.",
            "A lead whose window is still open and that has not converted is maturing. While some "
            "are, the rate is over the leads whose window has passed, converted or not; one that "
            "converted early inside an open window waits outside with the others, or a young "
            "cohort would look better than it is.",
            "Where a period is shorter than the window, the headline is the newest cohort with "
            "nobody maturing, named. Beside it stands an early read: conversion by day 7 of the "
            "newest cohort that is 7 days old, against the one before at the same age.",
            "A stage that a lead skipped counts as reached with the next later one.",
        ),
    ),
    Rule(
        "small-numbers",
        "Small numbers",
        (
            f"A rate over fewer than {SMALL} is marked, and carries the range in which the true "
            "rate lies with 95% confidence (Wilson interval): 5 of 19 may be anything from 12 to "
            "49%.",
            "A change is called a signal only when it lies beyond the KPI's normal variation; all "
            "else is noise that needs no explanation.",
        ),
    ),
    Rule(
        "comparisons",
        "Comparisons",
        (
            "Rates are compared in percentage points (pp), counts and amounts in percent and in "
            "absolute figures, durations in their unit.",
            "Against 0 or nothing there is no percentage: the figure is “new”.",
            "At the weekly cadence slow KPIs (win rate, cycle, cost) are shown over the trailing "
            f"{TRAILING_WEEKS} weeks, and say so.",
        ),
    ),
    Rule(
        "targets",
        "Targets and pace",
        (
            "A period has its own target. A count or sum without one takes its part of the "
            "quarter's target, else of the year's.",
            "A running period is held against its pace: the median share of the final figure that "
            f"earlier periods had reached by the same working day, over the last {PACE_NEEDS} to "
            f"{PACE_PERIODS}. With fewer it is a straight line, and labelled linear.",
            "The card behind a goal says what is left and what each working day to come must "
            "bring.",
        ),
    ),
    Rule(
        "response",
        "Response times",
        (
            "A handoff gives a lead to sales; each priority has a target for the first response, "
            "in business hours. They run on working days and hours without public holidays, in "
            "the zone of the rep unless the company has one for all.",
            "A handoff is met when it was answered in time, breached when not, pending while it "
            "is not due. Only those already due count, so that quick answers do not flatter a "
            "Monday. What happened before the handoff is no answer, and a new owner does not "
            "start the clock again.",
        ),
    ),
    Rule(
        "credit",
        "Sourced, influenced, credit",
        (
            "Sourced asks who was first, influenced whether somebody took part, credit how much. "
            "The three stand side by side, and are never added up.",
        ),
    ),
)


def company_facts(config: Config) -> dict[str, str]:
    """By the id of a rule, what this company has decided about it."""
    company, hours = config.company, config.business_hours
    month = get_month_names("wide", locale=company.locale)[company.fiscal_year_starts]
    free = f"; public holidays of {hours.holidays} are free" if hours.holidays else ""
    days = ", ".join(day.capitalize() for day in hours.days)
    promised = ", ".join(f"{name} {h:g} h" for name, h in config.sla.response_hours.items())
    return {
        "time": (
            f"Here: time zone {company.timezone}; the fiscal year starts in {month}; working days "
            f"are {days}, {hours.opens}–{hours.closes}{free}."
        ),
        "credit": (
            f"Here: touches count up to {config.attribution.lookback_days} days back; pages open "
            f"with the model {config.attribution.model}."
        ),
        "response": f"Here: {promised}.",
    }


def find_rules(text: str) -> list[Rule]:
    """The rules in whose title or sentences every word of ``text`` occurs."""
    words = text.casefold().split()
    return [rule for rule in RULES if all(word in rule.searched for word in words)]
