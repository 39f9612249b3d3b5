"""Scenarios of golden histories in which runs wait for something outside, are called, and answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from tests.engine.conftest import Hosted
from tests.targets.receiver import SECRET, receiving, status
from wistro.temporal import wire
from wistro.temporal.host.calls import Calls
from wistro.temporal.host.engine import Engine
from wistro.temporal.host.inbox import Actor, Inbox
from wistro.temporal.host.runtime import Runtime
from wistro.temporal.host.services import OutsideServices
from wistro.temporal.host.waits import Waits
from wistro_cli.hosting.services import outside_services
from wistro_cli.hosting.stores import open_stores

Scenario = Callable[[Hosted], Awaitable[tuple[str, ...]]]

FILES = {
    "ask.step.py": """
        from wistro import CallStep
        config = CallStep(name="Ask for a refund", flows=["refunds"], emits=["wanted"])
        async def handler(order, ctx):
            await ctx.emit("wanted", order)
        """,
    "approve.step.py": """
        from wistro import Approval, Deadline, NoopStep
        config = NoopStep(
            name="Approve the refund", flows=["refunds"], subscribes=["wanted"],
            emits=[{"topic": "approved", "where": "message.outcome == 'approved'"},
                   {"topic": "refused", "where": "message.outcome == 'refused'"}, "soon", "late"],
            input={"type": "object", "properties": {"approved": {"type": "boolean"}}},
            roles=["boss"], approval=Approval(needed=2, of=3), notify="soon",
            deadline=Deadline(after="2s", remind=["1s"], reminder="soon", escalation="late"),
        )
        """,
    "told.step.py": """
        from wistro import EventStep
        config = EventStep(name="Tell people", flows=["refunds"], subscribes=["soon", "late"])
        async def handler(task, ctx): ...
        """,
    "decided.step.py": """
        from wistro import EventStep
        config = EventStep(name="Book", flows=["refunds"], subscribes=["approved", "refused"],
                           responds=True)
        async def handler(decided, ctx):
            await ctx.respond(decided["outcome"])
        """,
    "order.step.py": """
        from wistro import CallStep
        config = CallStep(name="Take an order", flows=["orders"], emits=["placed"])
        async def handler(order, ctx):
            await ctx.emit("placed", order)
        """,
    "pay.step.py": """
        from wistro import Await, NoopStep
        config = NoopStep(name="Wait for the payment", flows=["orders"], subscribes=["placed"],
                          awaits=Await(topic="paid", where="message.id == request.id", timeout="1h"),
                          emits=["was_paid"])
        """,
    "ship.step.py": """
        from wistro import EventStep
        config = EventStep(name="Ship", flows=["orders"], subscribes=["was_paid"], responds=True)
        async def handler(paid, ctx):
            await ctx.respond(paid["answer"])
        """,
    "check.step.py": """
        from wistro import CallStep
        config = CallStep(name="Check an order", flows=["checks"], emits=["judging"])
        async def handler(order, ctx):
            await ctx.emit("judging", order)
        """,
    "judge.step.py": """
        from wistro import CallFlow, NoopStep
        config = NoopStep(name="Judge", flows=["checks"], subscribes=["judging"],
                          calls=CallFlow(flow="risks", timeout="1h"), emits=["judged"])
        """,
    "checked.step.py": """
        from wistro import EventStep
        config = EventStep(name="Checked", flows=["checks"], subscribes=["judged"], responds=True)
        async def handler(judged, ctx):
            await ctx.respond(judged["answer"])
        """,
    "risk.step.py": """
        from wistro import CallStep
        config = CallStep(name="Judge a risk", flows=["risks"], responds=True)
        async def handler(order, ctx):
            return "low"
        """,
    "call.step.py": """
        from wistro import CallStep
        config = CallStep(name="Call from a handler", flows=["callers"], responds=True,
                          retry={"first_delay": 0.1})
        async def handler(order, ctx):
            risk = await ctx.call("risks", order)
            if ctx.attempt == 1:
                raise RuntimeError("the second attempt finds the call of the first")
            return {"risk": risk, "again": await ctx.call("risks", order, detached=True)}
        """,
    "count.step.py": """
        from wistro import CallStep
        config = CallStep(name="Count", flows=["counting"], emits=["number"])
        async def handler(numbers, ctx):
            for number in range(numbers):
                await ctx.emit("number", number)
        """,
    "number.step.py": """
        from wistro import EventStep
        config = EventStep(name="Answer", flows=["counting"], subscribes=["number"], responds=True)
        async def handler(number, ctx):
            await ctx.respond(number)
        """,
    "hear.step.py": """
        from wistro import EventStep
        config = EventStep(name="Hear", flows=["hearing"], subscribes=["heard"])
        async def handler(message, ctx): ...
        """,
    "wistro.yml": """
        answers:
          retry: [0.2s]
          webhooks: { secret: HOOK_SECRET, allow: ["http://127.0.0.1:*/*"] }
        flows:
          callers: {}
          checks: {}
          counting: { callable: { responses: many } }
          hearing: {}
          orders: {}
          refunds: {}
          risks: {}
        topics:
          heard: { external: true }
          paid: { external: true }
        """,
}


@asynccontextmanager
async def services(runtime: Runtime, engine: Engine) -> AsyncGenerator[OutsideServices]:
    """What `wistro start` gives to runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOOK_SECRET", SECRET)
        async with (
            open_stores(runtime) as stores,
            outside_services(runtime, engine, stores) as found,
        ):
            yield found


async def task(hosted: Hosted) -> tuple[str, ...]:
    """A comment, two approvals, a reminder and an escalation between them."""
    called = await Calls(hosted.engine).call("refunds", {"id": 7})
    store = await hosted.runtime.open_inbox()
    try:
        inbox = Inbox(hosted.engine, store)
        async with asyncio.timeout(20):
            while not (tasks := (await inbox.list()).tasks):
                await asyncio.sleep(0.05)
        id = tasks[0].id
        await inbox.comment(id, _boss("ada"), "I know that customer")
        await inbox.answer(id, _boss("ada"), {"approved": True})
        await asyncio.sleep(2.5)  # past the deadline
        await inbox.reassign(id, _boss("ada"), assignees=("bob",))
        await inbox.answer(id, _boss("bob"), {"approved": True}, comment="so do I")
    finally:
        await store.close()
    await hosted.ended(called)
    return (wire.workflow_id("refunds", called.run_id),)


async def wait(hosted: Hosted) -> tuple[str, ...]:
    """A message from outside."""
    called = await Calls(hosted.engine).call("orders", {"id": 7})
    await hosted.until(called, lambda run: run.waiting_for == "message")
    store = await hosted.runtime.open_waits()
    try:
        await Waits(hosted.engine, store, hosted.runtime.keys).publish("paid", {"id": 7}, key="k")
    finally:
        await store.close()
    await hosted.ended(called)
    return (wire.workflow_id("orders", called.run_id),)


async def declared_call(hosted: Hosted) -> tuple[str, ...]:
    """The answer of a flow that a step calls: the run that calls, and the one that is called."""
    called = await Calls(hosted.engine).call("checks", {"id": 7})
    await hosted.ended(called)
    return wire.workflow_id("checks", called.run_id), *await _all(hosted, "risks")


async def handler_call(hosted: Hosted) -> tuple[str, ...]:
    """A handler calls, fails, finds its call again, and makes another one."""
    called = await Calls(hosted.engine).call("callers", {"id": 7}, wait=timedelta(seconds=20))
    await hosted.ended(called)
    return wire.workflow_id("callers", called.run_id), *await _all(hosted, "risks")


async def several(hosted: Hosted) -> tuple[str, ...]:
    """Three answers, each of which a topic is told."""
    to = wire.RespondTo(target="topic", address={"topic": "heard"})
    called = await Calls(hosted.engine).call("counting", 3, respond_to=to)
    await hosted.ended(called)
    return (wire.workflow_id("counting", called.run_id),)


async def target(hosted: Hosted) -> tuple[str, ...]:
    """A run that a webhook is told the answer of, at the second attempt."""
    async with receiving(lambda number: status(503 if number == 1 else 200)) as receiver:
        to = wire.RespondTo(target="webhook", address={"url": receiver.url})
        called = await Calls(hosted.engine).call("risks", {"id": 7}, respond_to=to)
        await hosted.ended(called)
        answer = f"{wire.workflow_id('risks', called.run_id)}/answer"
        await hosted.engine.client.get_workflow_handle(answer).result()
    return wire.workflow_id("risks", called.run_id), answer


SCENARIOS: Mapping[str, Scenario] = {
    "task-answered": task,
    "wait-fulfilled": wait,
    "called-flow": declared_call,
    "handler-call": handler_call,
    "several-answers": several,
    "answer-to-a-target": target,
}


def _boss(name: str) -> Actor:
    return Actor(by=name, roles=frozenset({"boss"}))


async def _all(hosted: Hosted, flow: str) -> list[str]:
    runs = (await hosted.engine.list_runs(flow=flow)).runs
    return [wire.workflow_id(flow, (await hosted.ended(run)).run_id) for run in runs]
