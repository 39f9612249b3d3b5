"""What Prometheus reads about deliveries."""

from __future__ import annotations

from typing import Literal

from prometheus_client import Counter, Gauge, Histogram

Outcome = Literal["completed", "failed", "cancelled"]

_WAITS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_TIMES = (0.0005, 0.001, 0.0025, *_WAITS, 900)

_deliveries = Counter(
    "wistro_deliveries", "Attempts of deliveries that ended.", ["flow", "step", "outcome"]
)
_retries = Counter("wistro_delivery_retries", "Attempts after the first one.", ["flow", "step"])
_seconds = Histogram(
    "wistro_delivery_seconds", "Time that an attempt took.", ["flow", "step"], buckets=_TIMES
)
_waits = Histogram(
    "wistro_delivery_queue_seconds",
    "Time that a delivery waited for a worker, from being ready to the start of its attempt.",
    ["flow", "step"],
    buckets=_WAITS,
)
_running = Gauge("wistro_deliveries_running", "Attempts that run in this process.")


def observe_start(flow: str, step: str, *, attempt: int, waited: float | None) -> None:
    """Count an attempt that begins; `waited` is `None` when it did not queue."""
    _running.inc()
    if attempt > 1:
        _retries.labels(flow, step).inc()
    if waited is not None:
        _waits.labels(flow, step).observe(max(waited, 0.0))


def observe_end(flow: str, step: str, *, outcome: Outcome, seconds: float) -> None:
    """Count an attempt that ended."""
    _running.dec()
    _deliveries.labels(flow, step, outcome).inc()
    _seconds.labels(flow, step).observe(seconds)
