"""OpenTelemetry: a span for each attempt, in the trace of its run."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from wistro.contract import Invocation
from wistro_worker.failures import StepFailed

_tracer = trace.get_tracer("wistro")
_propagator = TraceContextTextMapPropagator()


@contextmanager
def attempt_span(invocation: Invocation, attempt: int) -> Generator[None, None, None]:
    """The span of an attempt; what the handler traces becomes part of it.

    Its parent is the caller's span when the trigger carried one; otherwise the run's own, whose trace
    id is the run id.
    """
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        # Nobody has set tracing up: spans would go nowhere, and still cost time.
        yield
        return
    span = _tracer.start_span(
        invocation.step,
        context=_parent(invocation),
        kind=SpanKind.CONSUMER if invocation.topic else SpanKind.INTERNAL,
        attributes={
            "wistro.project": invocation.project,
            "wistro.flow": invocation.flow,
            "wistro.run": invocation.run_id,
            "wistro.step": invocation.step,
            "wistro.delivery": invocation.delivery_id,
            "wistro.attempt": attempt,
            **({"messaging.destination.name": invocation.topic} if invocation.topic else {}),
        },
    )
    with trace.use_span(
        span, end_on_exit=True, record_exception=False, set_status_on_exception=False
    ):
        try:
            yield
        except StepFailed as failed:
            # Not `record_exception`: the stack in it has not been masked.
            span.set_attribute("error.type", failed.info.code)
            span.set_status(Status(StatusCode.ERROR, failed.info.message))
            raise


def current_traceparent() -> str | None:
    """The trace context of the span that is current, for what is asked of others."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


def _parent(invocation: Invocation) -> context.Context:
    traceparent = invocation.trigger.traceparent or _own(invocation.run_id)
    return _propagator.extract({"traceparent": traceparent}, context=context.Context())


def _own(run_id: str) -> str:
    # The ids that schedules make are no trace ids: the propagator drops them, and a new trace begins.
    return f"00-{run_id}-{run_id[:16]}-01"
