"""What handlers in TypeScript reach: state, streams, requests, traces; and what stops a blocked worker."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from fastapi import FastAPI, Request, Response
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.conftest import TemporalServer
from tests.engine.conftest import api
from tests.stores.serving import serving
from tests.worker_node.conftest import shop
from wistro.project.toolchains import NODE
from wistro.stores.stream import Place
from wistro.temporal.host.stream_access import ask_stream

pytestmark = [pytest.mark.server, pytest.mark.slow]

PLACE = """
    import { z } from 'zod'

    export const config = {
      type: 'api', name: 'Place an order', flows: ['orders'], path: '/orders/:shop', method: 'POST',
      emits: [{ topic: 'order.placed' }],
      bodySchema: z.object({ id: z.string(), total: z.coerce.number().default(3) }),
      responseSchema: { 201: z.object({ id: z.string() }) },
      middleware: [
        async (req, ctx, next) => {
          const answer = await next()
          return { ...answer, headers: { ...answer.headers, 'x-shop': req.pathParams.shop } }
        },
        async (req, ctx, next) =>
          req.headers['X-Token'] === 'ok' ? next() : { status: 401, body: { error: 'who?' } },
      ],
    }
    export const handler = async (req, { emit }) => {
      await emit({ topic: 'order.placed', data: { ...req.body, raw: req.rawBody.toString() } })
      return { status: 201, body: { id: req.body.id, total: req.body.total } }
    }
    """
KEEP = """
    import { trace } from '@opentelemetry/api'

    export const config = {
      type: 'event', name: 'Keep it', flows: ['orders'], subscribes: ['order.placed'], emits: [],
    }
    export const handler = async (order, { state, streams, traceId }) => {
      return trace.getTracer('mine').startActiveSpan('inside', async (span) => {
        const { orders } = streams
        const found = [
          await state.get('orders', 'none'),
          await state.set('orders', 'a', { n: 1 }),
          await state.get('orders', 'a'),
          await state.increment('counts', 'orders', 2),
          await state.compareAndSet('orders', 'a', { n: 1 }, { n: 2 }),
          await state.compareAndSet('orders', 'a', { n: 1 }, { n: 3 }),
          await state.list('orders'),
          await state.getGroup('orders'),
          (await state.entry('orders', 'a')).key,
          await state.delete('orders', 'a'),
          await state.delete('orders', 'a'),
          await state.clear('counts'),
          await orders.set('berlin', '7', { total: order.total }),
          await orders.get('berlin', '7'),
          await orders.getGroup('berlin'),
          await orders.delete('berlin', '7'),
          await orders.get('berlin', '7'),
          await orders.set('berlin', '8', { total: 'much' }).catch((error) => error.details.issues.length),
          (() => { try { return streams.nowhere } catch (error) { return error.code } })(),
        ]
        await orders.send({ groupId: 'berlin' }, { type: 'sold', data: { id: '7' } })
        span.end()
        return found
      })
    }
    """
STREAM = """
    export const config = {
      name: 'orders',
      schema: { type: 'object', properties: { total: { type: 'number' } }, required: ['total'] },
      baseConfig: { storageType: 'default' },
      canAccess: async (subscription, who) => {
        if (subscription.groupId === 'broken') throw new Error('no')
        return subscription.groupId === who?.city
      },
    }
    """
BLOCK = """
    import { appendFileSync } from 'node:fs'

    export const config = {
      type: 'event', name: 'Block', flows: ['blocking'], subscribes: ['block'], emits: [],
      timeout: '3s', retry: { attempts: 1 },
    }
    export const handler = async () => {
      appendFileSync(process.env.NOTES, 'blocking')
      for (;;);
    }
    """
FILES = {
    "place.step.ts": PLACE,
    "keep.step.js": KEEP,
    "orders.stream.ts": STREAM,
    "block.step.ts": BLOCK,
    "wistro.yml": "topics: { block: { external: true } }\n",
}
FOUND = [
    None, {"n": 1}, {"n": 1}, 2, True, False, {"a": {"n": 2}}, [{"n": 2}], "a", {"n": 2}, None, 1,
    *[{"total": 4, "id": "7"}] * 2, [{"total": 4, "id": "7"}], {"total": 4, "id": "7"}, None, 1,
    "unknown_stream",
]  # fmt: skip


def write_modules(root: Path) -> None:
    """The packages that the steps import, as an installed project has them."""
    modules = root / "node_modules"
    modules.mkdir(parents=True)
    for name in ("zod", "@opentelemetry"):
        (modules / name).symlink_to(NODE.sources / "node_modules" / name)


async def test_requests_state_and_streams(temporal_server: TemporalServer, folder: Path) -> None:
    write_modules(folder)
    async with shop(temporal_server, folder, FILES) as hosted:
        raw = json.dumps({"id": "7", "total": "4"})
        request = {
            "path_params": {"shop": "berlin"},
            "query_params": {},
            "headers": {"x-token": "ok"},
            "body": json.loads(raw),
            "raw_body": "eyJpZCI6ICI3In0=",
        }
        started = await hosted.engine.start("orders", api("place"), request)
        run = await hosted.ended(started)
        placed, kept = run.deliveries
        assert placed.output == {
            "status": 201,
            "headers": {"x-shop": "berlin"},
            "body": {"id": "7", "total": 4},
        }
        assert kept.input == {"id": "7", "total": 4, "raw": '{"id": "7"}'}
        assert kept.output == FOUND
        changes = await hosted.streams.since(Place(stream="orders", group="berlin"), 0)
        assert changes
        assert [change.kind for change in changes] == ["create", "delete", "event"]
        assert json.loads(changes[-1].text) == {"type": "sold", "data": {"id": "7"}}
        stranger = request | {"headers": {}}
        run = await hosted.ended(await hosted.engine.start("orders", api("place"), stranger))
        (refused,) = run.deliveries
        assert refused.output == {
            "status": 401,
            "headers": {"x-shop": "berlin"},
            "body": {"error": "who?"},
        }


async def test_a_stream_asks_its_own_rule(temporal_server: TemporalServer, folder: Path) -> None:
    write_modules(folder)
    async with shop(temporal_server, folder, FILES) as hosted:

        async def may(group: str, context: object) -> bool:
            place = Place(stream="orders", group=group, id="7")
            return await ask_stream(hosted.engine.client, hosted.lock, place, context)

        assert await may("berlin", {"city": "berlin"})
        assert not await may("berlin", {"city": "paris"})
        assert not await may("berlin", None)
        assert not await may("broken", {"city": "broken"})


async def test_spans_nest_in_the_trace_of_the_run(
    temporal_server: TemporalServer, folder: Path
) -> None:
    write_modules(folder)
    app, spans = FastAPI(), list[Span]()

    @app.post("/v1/traces")
    async def receive(request: Request) -> Response:
        sent = ExportTraceServiceRequest.FromString(await request.body())
        spans.extend(span for r in sent.resource_spans for s in r.scope_spans for span in s.spans)
        return Response(b"", media_type="application/x-protobuf")

    async with serving(app) as collector, shop(temporal_server, folder, FILES) as hosted:
        await hosted.node.stop()
        await hosted.node.start(OTEL_EXPORTER_OTLP_ENDPOINT=collector)
        request = {"headers": {"x-token": "ok"}, "path_params": {"shop": "b"}, "body": {"id": "7"}}
        started = await hosted.engine.start("orders", api("place"), request)
        await hosted.ended(started)
        # The spans that wait are exported when it stops.
        assert await hosted.node.stop() == 0
    by_name = {span.name: span for span in spans}
    assert set(by_name) == {"place", "keep", "inside"}
    assert {span.trace_id.hex() for span in spans} == {started.run_id}
    assert by_name["inside"].parent_span_id == by_name["keep"].span_id
    assert by_name["keep"].parent_span_id == by_name["place"].parent_span_id


async def test_a_blocked_worker_ends(temporal_server: TemporalServer, folder: Path) -> None:
    write_modules(folder)
    async with shop(temporal_server, folder, FILES) as hosted:
        started = await hosted.emit("block", {})
        await hosted.noted("blocking")
        assert await asyncio.wait_for(hosted.node.exit_code(), 20) < 0
        assert "has blocked this worker" in str(hosted.node.logged()[-1]["event"])
        run = await hosted.ended(started)
        assert run.status == "failed"
        (blocked,) = run.deliveries
        assert blocked.error
        assert blocked.error.code == "timeout"
