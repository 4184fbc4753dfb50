"""What this process counts and times, for Prometheus. Labels are few and never name a person.

``metrics_text`` is the whole of it as the route gives it out (``pages/view/metrics_route.py``).
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from data.errors import ScorecardError

disable_created_metrics()  # when each counter began: a series more for every one
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

# Seconds; from a cached page to a statement at its time limit.
TIMES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

REQUESTS = Counter(
    "scorecard_http_requests", "HTTP requests answered", ["route", "method", "status"],
    registry=REGISTRY,
)  # fmt: skip
REQUEST_SECONDS = Histogram(
    "scorecard_http_request_seconds", "Time to answer an HTTP request", ["route"],
    buckets=TIMES, registry=REGISTRY,
)  # fmt: skip
SESSIONS = Gauge("scorecard_sessions", "Open tabs: WebSockets of the app", registry=REGISTRY)
RUNS = Counter(
    "scorecard_runs", "Runs of a page as a whole", ["page", "outcome"],
    registry=REGISTRY,
)  # fmt: skip
RUN_SECONDS = Histogram(
    "scorecard_run_seconds", "Time of a run that was not cut short", ["page"],
    buckets=TIMES, registry=REGISTRY,
)  # fmt: skip
PARTS = Counter(
    "scorecard_parts", "Runs of a part of a page that draws itself anew", ["page", "outcome"],
    registry=REGISTRY,
)  # fmt: skip
PART_SECONDS = Histogram(
    "scorecard_part_seconds", "Time of a part's run that was not cut short", ["page"],
    buckets=TIMES, registry=REGISTRY,
)  # fmt: skip
STATEMENTS = Counter(
    "scorecard_statements", "Statements run in the warehouse", ["page", "outcome"],
    registry=REGISTRY,
)  # fmt: skip
STATEMENT_SECONDS = Histogram(
    "scorecard_statement_seconds", "Time of a statement in the warehouse", ["engine"],
    buckets=TIMES, registry=REGISTRY,
)  # fmt: skip
RUNNING = Gauge("scorecard_statements_running", "Statements running now", registry=REGISTRY)
ERRORS = Counter(
    "scorecard_errors", "Errors that somebody was shown, by class", ["kind"], registry=REGISTRY
)
LAST_KNOWN = Counter(
    "scorecard_last_known", "Pages shown with their last known numbers", ["page"],
    registry=REGISTRY,
)  # fmt: skip


def kind_of(error: BaseException) -> str:
    """The class of an error the program raises on purpose; all others are one kind."""
    return type(error).__name__ if isinstance(error, ScorecardError) else "unexpected"


def metrics_text() -> bytes:
    return generate_latest(REGISTRY)
