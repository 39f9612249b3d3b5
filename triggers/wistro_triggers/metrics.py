"""What Prometheus reads at `/_wistro/metrics`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Histogram

if TYPE_CHECKING:
    from wistro_triggers.answers import Accepted

_requests = Counter(
    "wistro_http_requests", "HTTP requests answered.", ["method", "route", "status"]
)
_latency = Histogram(
    "wistro_http_request_seconds",
    "Time from request to the end of the answer.",
    ["method", "route"],
)
_runs = Counter("wistro_runs_started", "Runs started over HTTP.", ["flow", "trigger"])
_refusals = Counter("wistro_refusals", "Requests refused for who sent them.", ["action", "reason"])

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def observe_request(*, method: str, route: str, status: int, seconds: float) -> None:
    """Count an answered request. `route` is the route's template: it must not grow with input."""
    method = method if method in _METHODS else "other"
    _requests.labels(method, route, str(status)).inc()
    _latency.labels(method, route).observe(seconds)


def count_run(run: Accepted, trigger: str) -> None:
    """Count a run that a request started; one that existed was counted then."""
    if not run.existed:
        _runs.labels(run.flow, trigger).inc()


def count_refusal(action: str, reason: str) -> None:
    """Count a request that was refused for who sent it."""
    _refusals.labels(action, reason).inc()
