"""OpenTelemetry at the door: the caller's trace goes on in our span, and from there into the run."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager

from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

UNTOLD: TelemetryConfig = {
    "tracing": False,
    "operation_spans": False,
    "metrics": False,
    "logs": False,
}
"""For applications of ours: FastAPI's own telemetry would add a trace for every poll and every append to
the journal, and put messages of validation errors, which hold what a user sent, into logs."""

_tracer = trace.get_tracer("wistro.triggers")
_propagator = TraceContextTextMapPropagator()


@contextmanager
def server_span(method: str, route: str, headers: Mapping[str, str]) -> Generator[Span]:
    """A span for a request, below the caller's when it sent a `traceparent`."""
    with _tracer.start_as_current_span(
        f"{method} {route}",
        context=_propagator.extract(headers),
        kind=SpanKind.SERVER,
        attributes={"http.request.method": method, "http.route": route},
    ) as span:
        yield span


def current_traceparent() -> str | None:
    """The W3C trace context of the current span; `None` when nobody traces."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")
