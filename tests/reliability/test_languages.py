"""One flow in three languages: one trace, one state, and nothing lost when a worker is killed."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.reliability.conftest import Cluster, StartCluster
from tests.reliability.test_crashes import place
from tests.reliability.test_telemetry import collector

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(240)]

RUNS = 6
STEPS = ("place", "in_typescript", "in_go", "in_javascript", "last")
RELAY = {
    "package.json": '{ "name": "relay", "private": true, "type": "module" }',
    "go.mod": "module relay\n\ngo 1.24\n",
    "place.step.py": """
        from wistro import ApiStep
        config = ApiStep(name="Place", flows=["f"], method="POST", path="/place", emits=["placed"])
        async def handler(request, ctx):
            await ctx.state.set("place", ctx.idempotency_key, request.body["n"])
            await ctx.emit("placed", request.body)
            return {"status": 201, "body": {"run": ctx.run_id}}
        """,
    "in_typescript.step.ts": """
        import { Retryable, type EventConfig, type Handler } from 'wistro'
        export const config = {
          type: 'event', name: 'In TypeScript', flows: ['f'],
          subscribes: ['placed'], emits: ['typed'],
          input: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
          heartbeat: 3, retry: { attempts: 20, firstDelay: 0.2, maxDelay: 1 },
        } satisfies EventConfig
        export const handler = (async (message: { n: number }, ctx) => {
          if (ctx.attempt === 1 && message.n === 0) throw new Retryable('busy', { retryAfter: 0.1 })
          await new Promise((resolve) => setTimeout(resolve, 400))
          await ctx.state.set('in_typescript', ctx.idempotencyKey, message.n)
          await ctx.emit({ topic: 'typed', data: message })
        }) as Handler<typeof config>
        """,
    "in_go.step.go": """
        package steps

        import (
            "time"

            "wistro.dev/go"
        )

        type Message struct {
            N int `json:"n"`
        }

        var InGo = wistro.Event(wistro.EventConfig{
            Name: "In Go", Flows: []string{"f"},
            Subscribes: []string{"typed"}, Emits: []string{"gone"},
            Heartbeat: 3 * time.Second,
            Retry: &wistro.Retry{Attempts: 20, FirstDelay: 200 * time.Millisecond, MaxDelay: time.Second},
        }, func(ctx wistro.Context, in Message) error {
            select {
            case <-ctx.Done():
                return ctx.Err()
            case <-time.After(400 * time.Millisecond):
            }
            if err := ctx.State().Set("in_go", ctx.IdempotencyKey(), in.N); err != nil {
                return err
            }
            return ctx.Emit("gone", in)
        })
        """,
    "in_javascript.step.js": """
        export const config = {
          type: 'event', name: 'In JavaScript', flows: ['f'],
          subscribes: ['gone'], emits: ['scripted'],
        }
        export const handler = async (message, ctx) => {
          await ctx.state.set('in_javascript', ctx.idempotencyKey, message.n)
          await ctx.emit({ topic: 'scripted', data: message })
        }
        """,
    "last.step.py": """
        from wistro import EventStep
        config = EventStep(name="Last", flows=["f"], subscribes=["scripted"])
        async def handler(message, ctx):
            await ctx.state.set("last", ctx.idempotency_key, message["n"])
        """,
}
ALL = ("triggers", "worker", "node", "go")


async def expect_everything_once(running: Cluster) -> None:
    """Every order made one run, and every step of it has seen its message."""
    assert await running.settled(RUNS, flow="f") == {"completed": RUNS}
    for step in STEPS:
        seen = await running.state(step)
        assert sorted(str(value) for value in seen.values()) == sorted(map(str, range(RUNS))), step


@pytest.mark.parametrize("victim", ["worker", "node", "go"])
async def test_a_worker_is_killed(cluster: StartCluster, victim: str) -> None:
    async with cluster(RELAY, *ALL) as running:
        orders = asyncio.gather(*(place(running, n) for n in range(RUNS)))
        await asyncio.sleep(1.5)
        if victim == "worker":
            await running.kill(victim)
            running.start(victim)
        else:
            await running.kill_worker(victim)  # it is started again by its parent
        await orders
        await expect_everything_once(running)


async def test_the_parent_of_a_worker_is_killed(cluster: StartCluster) -> None:
    async with cluster(RELAY, *ALL) as running:
        orders = asyncio.gather(*(place(running, n) for n in range(RUNS)))
        await asyncio.sleep(1.5)
        await running.kill("node")
        running.start("node")
        await orders
        await expect_everything_once(running)


async def test_one_trace_through_three_languages(
    cluster: StartCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with collector() as (endpoint, spans):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
        trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
        async with cluster(RELAY, *ALL) as running, httpx.AsyncClient() as client:
            answer = await client.post(
                f"{running.url}/place",
                json={"n": 1},
                headers={"traceparent": f"00-{trace}-{parent}-01"},
                timeout=30,
            )
            assert answer.status_code == 201
            assert await running.settled(1) == {"completed": 1}
            async with asyncio.timeout(15):
                while not {*STEPS, "run f"} <= {span.name for span in spans}:
                    await asyncio.sleep(0.1)
        ours = [span for span in spans if span.trace_id.hex() == trace]
        request = next(span for span in ours if span.name == "POST /place")
        assert request.parent_span_id.hex() == parent
        (run,) = (span for span in ours if span.name == "run f")
        assert run.parent_span_id == request.span_id
        for name in STEPS:
            (span,) = (span for span in ours if span.name == name)
            assert span.parent_span_id == run.span_id
        assert len(ours) == len(spans), "spans outside of the trace"
