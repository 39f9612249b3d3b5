"""OpenTelemetry: a span for each attempt, in the trace of its run."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import context, trace
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from wistro.contract import Invocation
from wistro_worker.failures import StepFailed

_tracer = trace.get_tracer("wistro")
_propagator = TraceContextTextMapPropagator()
_given: ContextVar[SpanContext | None] = ContextVar("given_ids", default=None)


@contextmanager
def attempt_span(invocation: Invocation, attempt: int) -> Generator[None, None, None]:
    """The span of an attempt, below that of its run; what the handler traces becomes part of it."""
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        # Nobody has set tracing up: spans would go nowhere, and still cost time.
        yield
        return
    span = _tracer.start_span(
        invocation.step,
        context=context_of(invocation.trigger.traceparent or _own(invocation.run_id)),
        kind=SpanKind.CONSUMER if invocation.topic else SpanKind.INTERNAL,
        attributes={
            "wistro.project": invocation.project,
            "wistro.flow": invocation.flow,
            "wistro.run_id": invocation.run_id,
            "wistro.step": invocation.step,
            "wistro.delivery_id": invocation.delivery_id,
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


def context_of(traceparent: str | None) -> context.Context:
    """The context that a W3C `traceparent` names; an empty one begins a new trace."""
    carrier = {"traceparent": traceparent or ""}
    return _propagator.extract(carrier, context=context.Context())


@contextmanager
def given_ids(traceparent: str | None) -> Generator[None, None, None]:
    """Give the next span that is begun in this context the ids of `traceparent`."""
    ids = trace.get_current_span(context_of(traceparent)).get_span_context()
    token = _given.set(ids if ids.is_valid else None)
    try:
        yield
    finally:
        _given.reset(token)


def ids_given() -> SpanContext | None:
    """What `given_ids` gives here."""
    return _given.get()


def _own(run_id: str) -> str:
    # The ids that schedules make are no trace ids: the propagator drops them, and a new trace begins.
    return f"00-{run_id}-{run_id[:16]}-01"
