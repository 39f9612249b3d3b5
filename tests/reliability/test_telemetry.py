"""Traces and metrics, as collectors see them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.reliability.conftest import StartCluster
from tests.reliability.test_crashes import CHAIN
from wistro.temporal.host.devserver import free_port

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(120)]


@asynccontextmanager
async def collector() -> AsyncGenerator[tuple[str, list[Span]]]:
    """An OTLP receiver on a free port: its address, and the spans that it got."""
    import uvicorn

    spans: list[Span] = []
    app = FastAPI(telemetry={"tracing": False})

    @app.post("/v1/traces")
    async def receive(request: Request) -> Response:
        sent = ExportTraceServiceRequest.FromString(await request.body())
        for resource in sent.resource_spans:
            for scope in resource.scope_spans:
                spans.extend(scope.spans)
        return Response(b"", media_type="application/x-protobuf")

    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}", spans
    finally:
        server.should_exit = True
        await serving


async def test_one_trace_from_the_request_to_the_last_attempt(
    cluster: StartCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with collector() as (endpoint, spans):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
        trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
        async with cluster(CHAIN, "triggers", "worker") as running, httpx.AsyncClient() as client:
            answer = await client.post(
                f"{running.url}/place",
                json={"n": 1},
                headers={"traceparent": f"00-{trace}-{parent}-01"},
                timeout=30,
            )
            assert answer.status_code == 201
            assert await running.settled(1) == {"completed": 1}
            names = {"place", "one", "two", "three", "run f"}
            async with asyncio.timeout(15):
                while not names <= {span.name for span in spans}:
                    await asyncio.sleep(0.1)
            metrics = (await client.get(f"http://127.0.0.1:{running.ports['worker']}/metrics")).text
            served = await client.get(f"{running.url}/_wistro/metrics", headers=running.headers)
        ours = [span for span in spans if span.trace_id.hex() == trace]
        by_id = {span.span_id.hex(): span for span in ours}
        request = next(span for span in ours if span.name == "POST /place")
        assert request.parent_span_id.hex() == parent
        run = next(span for span in ours if span.name == "run f")
        assert run.parent_span_id.hex() == request.span_id.hex()
        for name in names - {"run f"}:
            span = next(span for span in ours if span.name == name)
            assert span.parent_span_id.hex() == run.span_id.hex(), [
                (each.name, each.span_id.hex(), each.parent_span_id.hex()) for each in ours
            ]
        assert len(by_id) == len(ours)
        assert 'wistro_deliveries_total{flow="f",outcome="completed",step="three"} 1.0' in metrics
        assert 'wistro_runs_total{event="completed",flow="f"} 1.0' in metrics
        assert "wistro_delivery_queue_seconds_bucket" in metrics
        assert "wistro_" in served.text
