"""Steps that call another flow, on a real server: answered, refused, cancelled, ended by force."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.engine.conftest import Host, Hosted
from wistro.machine import outside
from wistro.runs import RunDetail
from wistro.temporal import wire
from wistro.temporal.host.calls import Calls

pytestmark = pytest.mark.server

FILES = {
    "place.step.py": """
        from wistro import CallStep
        config = CallStep(name="Place an order", flows=["orders"], emits=["placed"])
        async def handler(order, ctx):
            await ctx.emit("placed", order)
        """,
    "judge.step.py": """
        from wistro import CallFlow, NoopStep
        config = NoopStep(name="Have the risk judged", flows=["orders"], subscribes=["placed"],
                          calls=CallFlow(flow="risks", timeout="1h"), emits=["judged"])
        """,
    "decide.step.py": """
        from wistro import EventStep
        config = EventStep(name="Decide", flows=["orders"], subscribes=["judged"], responds=True)
        async def handler(judged, ctx):
            await ctx.respond({"order": judged["request"]["id"], "risk": judged["answer"]["risk"]})
        """,
    "risk.step.py": """
        import asyncio
        from wistro import CallStep, Terminal
        config = CallStep(name="Judge a risk", flows=["risks"])
        async def handler(order, ctx):
            if order.get("odd"):
                raise Terminal("that order is odd", code="odd_order", details={"status": 422})
            await asyncio.sleep(order.get("seconds", 0))
            return {"risk": "low", "depth": ctx.trigger.depth, "for": ctx.client_context}
        """,
}


async def call(hosted: Hosted, **order: object) -> str:
    """Places an order; returns the run's id."""
    called = await Calls(hosted.engine).call("orders", {"id": 7, **order})
    return called.run_id


async def judging(hosted: Hosted, run_id: str) -> str:
    """The id of the run that judges the risk, once it runs."""
    async with asyncio.timeout(20):
        while True:
            state = (await hosted.engine.snapshot("orders", run_id)).state
            for open_call in state.calls.values():
                if any(r.run_id == open_call.run_id for r in await risks(hosted)):
                    return open_call.run_id
            await asyncio.sleep(0.05)


async def risks(hosted: Hosted) -> list[RunDetail]:
    """The runs of the called flow."""
    page = await hosted.engine.list_runs(flow="risks")
    return [await hosted.engine.show(run.run_id, "risks") for run in page.runs]


async def test_the_answer_arrives_as_a_message(host: Host) -> None:
    async with host(FILES) as hosted:
        calls = Calls(hosted.engine)
        called = await calls.call("orders", {"id": 7}, wait=timedelta(seconds=20))
        assert called.answer is not None
        assert called.answer.data == {"order": 7, "risk": "low"}
        (risk,) = await risks(hosted)
        assert risk.parent is not None
        assert (risk.parent.flow, risk.parent.run_id) == ("orders", called.run_id)
        assert risk.origin is not None
        assert (risk.origin.kind, risk.origin.depth) == ("call", 1)


async def test_its_error_fails_the_step(host: Host) -> None:
    async with host(FILES) as hosted:
        calls = Calls(hosted.engine)
        called = await calls.call("orders", {"id": 7, "odd": True}, wait=timedelta(seconds=20))
        assert called.answer is not None
        assert called.answer.status == "flow_failed"
        run = await hosted.engine.show(called.run_id, "orders")
        assert run.outcome_error is not None
        assert run.outcome_error.code == "odd_order"


async def test_cancelled_with_its_caller(host: Host) -> None:
    async with host(FILES) as hosted:
        run_id = await call(hosted, seconds=60)
        called = await judging(hosted, run_id)
        await hosted.engine.cancel("orders", run_id)
        risk = await hosted.engine.show(called, "risks")
        assert (await hosted.ended(risk)).status == "cancelled"


async def test_a_call_that_was_ended_by_force_is_found_out(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "FIRST_CHECK", 1.0)
    async with host(FILES) as hosted:
        run_id = await call(hosted, seconds=60)
        called = await judging(hosted, run_id)
        await hosted.engine.client.get_workflow_handle(wire.workflow_id("risks", called)).terminate(
            "by an operator"
        )
        answer = await Calls(hosted.engine).fetch("orders", run_id, wait=timedelta(seconds=20))
        assert answer.answer is not None
        assert answer.answer.status == "flow_failed"
