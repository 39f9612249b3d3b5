"""Spans and metrics of attempts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY

from tests.worker.conftest import Try
from tests.worker.steps import INVOCATION, RUN, Bench
from wistro.contract import Invocation, StepResult, Trigger
from wistro_worker import tracing
from wistro_worker.deliveries import Deliveries
from wistro_worker.executor import Attempt
from wistro_worker.failures import StepFailed
from wistro_worker.journal import DeliveryJournal

STEP = """
from wistro.steps import EventStep
config = EventStep(name="It", subscribes=["order.placed"])
"""


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "_tracer", provider.get_tracer("test"))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    yield exporter
    provider.shutdown()


async def attempt(bench: Bench, invocation: Invocation, number: int = 1) -> StepResult:
    journal = DeliveryJournal(bench.entries.append, bench.mask)
    deliveries = Deliveries(bench.executor, journal, bench.mask)
    return await deliveries.attempt(invocation, Attempt(number=number), waited=0.25)


async def test_an_attempt_is_a_span_in_the_trace_of_its_trigger(
    steps: Try, spans: InMemorySpanExporter
) -> None:
    code = "from opentelemetry import trace\nasync def handler(d, ctx):\n    with trace.get_tracer('x').start_as_current_span('inner'): ...\n"
    bench = steps(STEP + code)
    caller = f"00-{RUN}-b7ad6b7169203331-01"
    trigger = Trigger(kind="api", step="place", traceparent=caller)
    await attempt(bench, replace(INVOCATION, trigger=trigger), 2)
    inner, outer = spans.get_finished_spans()
    assert (inner.name, outer.name) == ("inner", "it")
    assert inner.parent
    assert inner.parent.span_id == outer.context.span_id
    assert f"{outer.context.trace_id:032x}" == RUN
    assert outer.parent
    assert f"{outer.parent.span_id:016x}" == "b7ad6b7169203331"
    assert outer.attributes
    assert outer.attributes["wistro.attempt"] == 2


async def test_without_a_caller_the_run_is_the_trace(
    steps: Try, spans: InMemorySpanExporter
) -> None:
    await attempt(steps(STEP + "async def handler(d, ctx): ..."), INVOCATION)
    (span,) = spans.get_finished_spans()
    assert f"{span.context.trace_id:032x}" == RUN


async def test_a_failed_attempt_marks_its_span_without_secrets(
    steps: Try, spans: InMemorySpanExporter
) -> None:
    bench = steps(
        STEP + "async def handler(d, ctx): raise ValueError(ctx.secrets.get('KEY'))",
        environment={"KEY": "s3cret-value"},
    )
    with pytest.raises(StepFailed):
        await attempt(bench, INVOCATION)
    (span,) = spans.get_finished_spans()
    assert span.status.description == "•••"
    assert span.events == ()
    assert "s3cret-value" not in repr(bench.entries)


async def test_attempts_are_counted_and_timed(steps: Try) -> None:
    def sample(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0.0

    bench = steps(STEP + "async def handler(d, ctx):\n    if d: raise ValueError")
    mine = {"flow": "counted", "step": "it"}
    invocation = replace(INVOCATION, flow="counted")
    await attempt(bench, invocation)
    with pytest.raises(StepFailed):
        await attempt(bench, replace(invocation, data=1), 2)
    assert sample("wistro_deliveries_total", **mine, outcome="completed") == 1
    assert sample("wistro_deliveries_total", **mine, outcome="failed") == 1
    assert sample("wistro_delivery_retries_total", **mine) == 1
    assert sample("wistro_delivery_seconds_count", **mine) == 2
    assert sample("wistro_delivery_queue_seconds_sum", **mine) == 0.5
    assert sample("wistro_deliveries_running") == 0
