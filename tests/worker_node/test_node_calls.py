"""Steps in TypeScript that call flows of Python, on a real server, and what flows written in it answer."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TemporalServer
from tests.worker_node.conftest import Shop, shop
from wistro.runs import DeliveryView, RunDetail
from wistro.temporal.host.calls import Called, Calls

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(180)]

PRICE = """
    import asyncio
    from wistro import CallStep, Terminal
    config = CallStep(name="Price a parcel", flows=["prices"])
    async def handler(parcel, ctx):
        await ctx.state.increment("prices", ctx.trigger.parent.run_id, 1)
        if parcel["weight"] > 30:
            raise Terminal("it is too heavy", code="too_heavy", details={"status": 422})
        await asyncio.sleep(parcel.get("seconds", 0))
        price = parcel["weight"] * 1.5
        return {"price": price, "depth": ctx.trigger.depth, "for": ctx.client_context}
    """
QUOTE = """
    import { appendFileSync } from 'node:fs'
    import { CallFailed, CallPending, type CallConfig, type Context } from 'wistro'

    export const config = {
      type: 'call', name: 'Quote a parcel', flows: ['quotes'], heartbeat: '2s',
      retry: { attempts: 10, firstDelay: 0.01 },
    } satisfies CallConfig

    const note = (text: string) => appendFileSync(process.env.NOTES!, `${text}\\n`)

    export const handler = async (parcel: any, ctx: Context) => {
      const { detached, timeout } = parcel
      try {
        return await ctx.call<{ price: number }>('prices', parcel, {
          clientContext: 'Ada', detached, timeout: ctx.attempt === 1 ? timeout : undefined,
        })
      } catch (error) {
        if (error instanceof CallPending) note(`pending ${error.details.reason ?? 'for too long'}`)
        if (!(error instanceof CallFailed) || parcel.weight < 100) throw error
        return { code: error.code, status: error.status }
      }
    }
    """
MISQUOTE = """
    import type { EventConfig, Handler } from 'wistro'

    export const config = {
      type: 'event', name: 'Answer what nobody asked', flows: ['misquotes'],
      subscribes: ['misquote.asked'], responds: true,
    } satisfies EventConfig
    export const handler: Handler<typeof config> = async (_, ctx) => ctx.respond({ price: 'a lot' })
    """
ASK = """
    from wistro import CallStep
    config = CallStep(name="Ask for a wrong quote", flows=["misquotes"], emits=["misquote.asked"])
    async def handler(order, ctx):
        await ctx.emit("misquote.asked", order)
    """
FILES = {
    "price.step.py": PRICE,
    "quote.step.ts": QUOTE,
    "misquote.step.ts": MISQUOTE,
    "ask.step.py": ASK,
    "wistro.yml": """
        flows:
          prices: {}
          quotes: {}
          misquotes:
            callable:
              output: { type: object, properties: { price: { type: number } } }
        """,
}


async def call(hosted: Shop, flow: str, data: object, *, seconds: float = 0) -> Called:
    """Calls a flow; its answer is there if it comes in time."""
    wait = timedelta(seconds=seconds) if seconds else None
    return await Calls(hosted.engine).call(flow, data, wait=wait)


async def answer(hosted: Shop, called: Called) -> Any:
    """The answer of a call, once there is one."""
    wait = timedelta(seconds=30)
    found = await Calls(hosted.engine).fetch(called.flow, called.run_id, wait=wait)
    assert found.answer is not None
    return found.answer


async def priced(hosted: Shop, called: Called) -> RunDetail:
    """The one run that the handler of a call has called."""
    page = await hosted.engine.list_runs(flow="prices")
    runs = [await hosted.engine.show(run.run_id, "prices") for run in page.runs]
    (found,) = [run for run in runs if run.parent and run.parent.run_id == called.run_id]
    return found


async def begun(hosted: Shop, called: Called) -> None:
    """Waits until the flow that was called is at work."""
    async with asyncio.timeout(20):
        while await hosted.state.get("prices", called.run_id) is None:
            await asyncio.sleep(0.05)


def only(run: RunDetail) -> DeliveryView:
    (delivery,) = run.deliveries
    return delivery


async def test_a_handler_calls_a_flow_and_answers(
    temporal_server: TemporalServer, folder: Path
) -> None:
    async with shop(temporal_server, folder, FILES) as hosted:
        called = await call(hosted, "quotes", {"weight": 2}, seconds=30)
        assert called.answer is not None
        assert called.answer.data == {"price": 3.0, "depth": 1, "for": "Ada"}
        price = await priced(hosted, called)
        assert price.parent is not None
        quote = await hosted.engine.show(called.run_id, "quotes")
        assert price.parent.delivery_id == only(quote).delivery_id


async def test_a_killed_worker_finds_its_call_again(
    temporal_server: TemporalServer, folder: Path
) -> None:
    async with shop(temporal_server, folder, FILES) as hosted:
        called = await call(hosted, "quotes", {"weight": 2, "seconds": 6})
        await begun(hosted, called)
        hosted.node.kill()
        await hosted.node.start()
        assert (await answer(hosted, called)).data["price"] == 3.0
        quote = await hosted.engine.show(called.run_id, "quotes")
        assert [attempt.number for attempt in only(quote).attempts][-1] == 2
        assert (await priced(hosted, called)).status == "completed"


async def test_a_call_that_takes_too_long_is_waited_for_again(
    temporal_server: TemporalServer, folder: Path
) -> None:
    async with shop(temporal_server, folder, FILES) as hosted:
        parcel = {"weight": 2, "seconds": 3, "timeout": 1}
        called = await call(hosted, "quotes", parcel, seconds=30)
        assert called.answer is not None
        data: Any = called.answer.data
        assert data["price"] == 3.0
        assert hosted.notes.read_text() == "pending for too long\n"
        assert (await priced(hosted, called)).status == "completed"


@pytest.mark.parametrize("detached", [False, True])
async def test_a_call_is_cancelled_with_its_run_unless_detached(
    temporal_server: TemporalServer, folder: Path, *, detached: bool
) -> None:
    async with shop(temporal_server, folder, FILES) as hosted:
        data = {"weight": 2, "seconds": 4 if detached else 60, "detached": detached}
        called = await call(hosted, "quotes", data)
        await begun(hosted, called)
        await hosted.engine.cancel("quotes", called.run_id)
        assert (await answer(hosted, called)).status == "cancelled"
        if detached:
            # Otherwise the call's own end may be faster.
            await hosted.noted("pending")
        price = await hosted.ended(await priced(hosted, called))
        assert price.status == ("completed" if detached else "cancelled")


async def test_a_call_without_an_answer(temporal_server: TemporalServer, folder: Path) -> None:
    async with shop(temporal_server, folder, FILES) as hosted:
        called = await call(hosted, "quotes", {"weight": 50}, seconds=30)
        assert called.answer is not None
        assert called.answer.status == "flow_failed"
        error = only(await hosted.engine.show(called.run_id, "quotes")).error
        assert error is not None
        assert (error.code, error.type, error.retryable) == ("too_heavy", "CallFailed", False)
        price = await priced(hosted, called)
        known = {"flow": "prices", "call_id": price.run_id, "status": "flow_failed"}
        assert error.details == known
        # A handler that knows better goes on.
        caught = await call(hosted, "quotes", {"weight": 101}, seconds=30)
        assert caught.answer is not None
        assert caught.answer.data == {"code": "too_heavy", "status": "flow_failed"}


async def test_a_wrong_answer_names_the_field(
    temporal_server: TemporalServer, folder: Path
) -> None:
    async with shop(temporal_server, folder, FILES) as hosted:
        called = await call(hosted, "misquotes", {}, seconds=30)
        assert called.answer is not None
        assert called.answer.status == "flow_failed"
        ended = await hosted.engine.show(called.run_id, "misquotes")
        error = next(delivery.error for delivery in ended.deliveries if delivery.error)
        assert error.code == "validation_failed"
        details: Any = error.details
        assert [issue["field"] for issue in details["issues"]] == ["price"]
