"""Flows that call flows, under test."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.machine.outside import outside
from tests.machine.plans import flow, plan, project, step
from wistro.context import Context
from wistro.errors import CallFailed, Terminal
from wistro.machine.plan import CallPlan, Plan, RetryPlan
from wistro.state import State

ASK = CallPlan(flow="fraud", timeout=3600.0)


def orders(calls: CallPlan = ASK) -> Plan:
    return plan(
        outside("check", "placed", calls=calls, emits=("checked",)), step("ship", "checked")
    )


def fraud(delay: float = 0.0) -> Plan:
    return plan(
        step("take", kind="call", emits=["look"]), step("look", "look", delay=delay), flow="fraud"
    )


class TestFaked:
    async def test_its_answer_is_emitted(self) -> None:
        shop = project(orders())
        fake = shop.fake_call("fraud", answer={"score": 1})
        run = await shop.emit("orders", "placed", {"id": 7})
        assert run.outcome == "completed"
        (checked,) = run.emitted("checked")
        assert checked["answer"] == {"score": 1}  # type: ignore[index]
        assert fake.calls == [{"id": 7}]

    async def test_an_answer_made_of_the_input(self) -> None:
        shop = project(orders())
        shop.fake_call("fraud", lambda data: {"id": data["id"] + 1})
        run = await shop.emit("orders", "placed", {"id": 7})
        assert run.deliveries("check")[0].output["answer"] == {"id": 8}  # type: ignore[index]

    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            ("no luck", "answered", "flow_failed"),
            (Terminal("no luck", code="too_risky"), "answered", "too_risky"),
            (None, "response_not_reached", "response_not_reached"),
            (None, "timeout", "timeout"),
        ],
    )
    async def test_without_an_answer(
        self, error: Exception | str | None, status: str, code: str
    ) -> None:
        shop = project(orders())
        shop.fake_call("fraud", error=error, status=status)  # type: ignore[arg-type]
        run = await shop.emit("orders", "placed", {"id": 7})
        assert run.outcome == "failed"
        assert run.error is not None
        assert (run.error.code, run.error.type) == (code, "CallFailed")

    async def test_one_that_takes_its_time(self) -> None:
        shop = project(orders())
        shop.fake_call("fraud", answer=1, takes=timedelta(minutes=5))
        run = await shop.emit("orders", "placed", {"id": 7})
        assert run.waiting.kind == "call"
        assert run.deliveries("check")[0].status == "waiting"
        await shop.advance(minutes=5)
        assert run.outcome == "completed"

    async def test_one_that_takes_too_long_is_cancelled(self) -> None:
        shop = project(orders())
        fake = shop.fake_call("fraud", takes=timedelta(hours=2))
        run = await shop.emit("orders", "placed", {"id": 7})
        await shop.advance(hours=3)
        assert run.outcome == "failed"
        assert run.error is not None
        assert run.error.message == "no answer came in time"
        assert fake.cancelled == [{"id": 7}]

    async def test_one_that_is_not_there(self) -> None:
        run = await project(orders()).emit("orders", "placed", {"id": 7})
        assert run.error is not None
        assert run.error.code == "not_callable"


class TestReal:
    async def test_the_called_flow_runs_beside_its_caller(self) -> None:
        shop = project(orders(), fraud(delay=60))
        shop.fake("take", emits=[("look", {})])
        shop.fake("look", response={"score": 2})
        run = await shop.emit("orders", "placed", {"id": 7})
        (called,) = shop.runs("fraud")
        assert called.trigger.parent is not None
        assert (called.trigger.parent.run_id, called.trigger.depth) == (run.run_id, 1)
        assert called.deliveries("take")[0].input == {"id": 7}
        assert called.call_answer is None
        await shop.advance(seconds=60)
        assert called.call_answer is not None
        assert [answer.data for answer in called.told] == [{"score": 2}]
        assert run.emitted("checked")[0]["answer"] == {"score": 2}  # type: ignore[index]

    async def test_one_that_ends_without_an_answer(self) -> None:
        shop = project(orders(), fraud())
        run = await shop.emit("orders", "placed", {"id": 7})
        assert run.error is not None
        assert run.error.code == "response_not_reached"

    async def test_one_that_fails(self) -> None:
        shop = project(orders(), fraud())
        shop.fake("take", error=Terminal("no"))
        run = await shop.emit("orders", "placed", {"id": 7})
        assert run.error is not None
        assert run.error.code == "flow_failed"

    @pytest.mark.parametrize("detached", [False, True])
    async def test_its_caller_ends_before_it(self, detached: bool) -> None:
        shop = project(orders(CallPlan(flow="fraud", detached=detached)), fraud(delay=60))
        shop.fake("take", emits=[("look", {})])
        run = await shop.emit("orders", "placed", {"id": 7})
        await run.cancel()
        (called,) = shop.runs("fraud")
        assert called.outcome == (None if detached else "cancelled")

    async def test_flows_that_call_each_other_for_ever(self) -> None:
        loop = plan(
            step("take", kind="call", emits=["placed"]),
            outside("check", "placed", calls=CallPlan(flow="fraud")),
            flow="fraud",
        )
        shop = project(loop)
        shop.fake("take", emits=[("placed", {})])
        run = await shop.trigger("take")
        assert run.outcome == "failed"
        assert any(each.error and each.error.code == "call_too_deep" for each in shop.runs())


class TestHandlers:
    async def test_a_handler_awaits_a_flow(self) -> None:
        shop = project(plan(step("a", "go")), fraud(delay=60))
        shop.fake("take", emits=[("look", {})])
        shop.fake("look", response={"score": 3})

        async def handler(data: object, ctx: Context[State]) -> object:
            return await ctx.call("fraud", data)

        shop.fake("a", handler=handler)
        run = await shop.emit("orders", "go", {"id": 7})
        assert run.deliveries("a")[0].status == "running"
        await shop.advance(seconds=60)
        assert run.deliveries("a")[0].output == {"score": 3}
        assert run.outcome == "completed"

    async def test_several_at_once_and_one_after_the_other(self) -> None:
        shop = flow(step("a", "go"))
        shop.fake_call("one", 1, takes=timedelta(seconds=10))
        shop.fake_call("two", 2, takes=timedelta(seconds=5))
        fake = shop.fake_call("three", lambda data: data)

        async def handler(data: object, ctx: Context[State]) -> object:
            both = await asyncio.gather(ctx.call("one"), ctx.call("two"))
            return [*both, await ctx.call("three", 3)]

        shop.fake("a", handler=handler)
        run = await shop.emit("orders", "go")
        await shop.advance(seconds=5)
        assert run.outcome is None
        await shop.advance(seconds=5)
        assert run.deliveries("a")[0].output == [1, 2, 3]
        assert fake.calls == [3]

    async def test_a_repeated_attempt_finds_its_calls(self) -> None:
        shop = flow(step("a", "go", retry=RetryPlan(attempts=3)))
        fake = shop.fake_call("one", 1)
        attempts = 0

        async def handler(data: object, ctx: Context[State]) -> object:
            nonlocal attempts
            found = await ctx.call("one", attempts)
            attempts += 1
            if attempts < 3:
                raise RuntimeError("again")
            return found

        shop.fake("a", handler=handler)
        run = await shop.emit("orders", "go")
        await shop.advance(minutes=1)
        assert (run.outcome, attempts, fake.calls) == ("completed", 3, [0])

    async def test_no_answer_is_an_error(self) -> None:
        shop = flow(step("a", "go"))
        shop.fake_call("one", status="timeout")

        async def handler(data: object, ctx: Context[State]) -> object:
            with pytest.raises(CallFailed) as failed:
                await ctx.call("one")
            return failed.value.code

        shop.fake("a", handler=handler)
        run = await shop.emit("orders", "go")
        assert run.deliveries("a")[0].output == "timeout"

    async def test_a_cancelled_run_cancels_what_its_handler_called(self) -> None:
        shop = flow(step("a", "go"))
        fake = shop.fake_call("one", takes=timedelta(hours=1))

        async def handler(data: object, ctx: Context[State]) -> object:
            return await ctx.call("one", "x")

        shop.fake("a", handler=handler)
        run = await shop.emit("orders", "go")
        await run.cancel()
        await shop.advance(hours=2)
        assert run.outcome == "cancelled"
        assert fake.cancelled == ["x"]
