"""The harness itself: its clock, its fakes and its mistakes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import BaseModel

from tests.machine.plans import flow, plan, project, step
from wistro.context import Context
from wistro.errors import Terminal
from wistro.machine.plan import RetryPlan
from wistro.state import State
from wistro.testing import FlowHarness, Log
from wistro.testing.clock import START, FakeClock


class Order(BaseModel):
    id: int


class TestClock:
    def test_alarms_go_off_in_their_order(self) -> None:
        clock, heard = FakeClock(), list[str]()
        for name, seconds in (("late", 3), ("early", 1), ("also early", 1)):
            clock.set(name, clock.after(timedelta(seconds=seconds)), lambda n=name: heard.append(n))
        end = clock.after(timedelta(seconds=10))
        while clock.step(end):
            pass
        assert heard == ["early", "also early", "late"]
        assert clock.now == START + timedelta(seconds=10)

    def test_an_alarm_can_be_set_anew_and_cleared(self) -> None:
        clock, heard = FakeClock(), list[int]()
        clock.set("a", clock.time + 1, lambda: heard.append(1))
        clock.set("a", clock.time + 2, lambda: heard.append(2))
        clock.set("b", clock.time + 2, lambda: heard.append(3))
        assert clock.clear("b")
        assert not clock.clear("b")
        assert clock.step(clock.time + 5)
        assert not clock.step(clock.time + 5)
        assert heard == [2]

    def test_time_does_not_go_back(self) -> None:
        clock = FakeClock(datetime(2030, 1, 1, tzinfo=UTC))
        before, heard = clock.time, list[float]()
        clock.set("overdue", before - 60, lambda: heard.append(clock.time))
        assert clock.step(before)
        assert heard == [before]


class TestFakes:
    async def test_messages_may_be_models(self) -> None:
        shop = flow(step("a", "x"), step("b", "y"))
        shop.fake("a", emits=[("y", Order(id=2))], output=Order(id=3))
        run = await shop.emit("orders", "x", Order(id=1))
        assert [d.input for d in run.deliveries()] == [{"id": 1}, {"id": 2}]
        assert run.deliveries("a")[0].output == {"id": 3}

    async def test_a_handler_sees_what_real_ones_see(self) -> None:
        shop = flow(step("a", "x", retry=RetryPlan(attempts=2)))
        seen: list[object] = []

        async def handle(data: object, ctx: Context[State]) -> str:
            seen.append((data, ctx.attempt, ctx.step, ctx.flow, ctx.topic, ctx.trigger.kind))
            total = await ctx.state.increment("attempts", "a")
            ctx.logger.info("Attempt", n=total)
            ctx.heartbeat({"done": 1})
            if ctx.attempt == 1:
                raise RuntimeError("not yet")
            ctx.respond({"ok": True})
            return ctx.run_id

        shop.fake("a", handler=handle)
        run = await shop.emit("orders", "x", 1)
        await shop.advance(minutes=1)
        assert seen == [(1, n, "a", "orders", "x", "event") for n in (1, 2)]
        assert run.deliveries()[0].output == run.run_id
        assert run.response == {"ok": True}
        assert await shop.state.get("attempts", "a") == 2
        assert shop.logs == [
            Log(step="a", level="info", message="Attempt", fields={"n": n}) for n in (1, 2)
        ]

    async def test_a_failed_assertion_fails_the_test(self) -> None:
        shop = flow(step("a", "x"))

        def handle(data: object, ctx: object) -> None:
            assert data == 2

        shop.fake("a", handler=handle)
        with pytest.raises(AssertionError):
            await shop.emit("orders", "x", 1)

    async def test_fakes_have_no_secrets(self) -> None:
        shop = flow(step("a", "x"))
        shop.fake("a", handler=lambda data, ctx: ctx.secrets.get("key"))
        run = await shop.emit("orders", "x")
        assert run.error is not None
        assert run.error.message == "a fake has no secret `key`"

    async def test_the_latest_fake_counts(self) -> None:
        shop = flow(step("a", "x"))
        shop.fake("a", error=Terminal("no"))
        shop.fake("a", output=1)
        assert (await shop.emit("orders", "x")).deliveries()[0].output == 1

    def test_an_unknown_step_is_a_mistake(self) -> None:
        with pytest.raises(LookupError, match="found `chrage`; hint: did you mean `charge`"):
            flow(step("charge", "x")).fake("chrage")


class TestTriggers:
    async def test_the_kind_of_a_step_is_the_kind_of_its_trigger(self) -> None:
        shop = flow(*(step(kind, kind=kind) for kind in ("api", "cron", "call", "noop")))
        kinds = [
            (await shop.trigger(kind)).trigger.kind for kind in ("api", "cron", "call", "noop")
        ]
        assert kinds == ["api", "cron", "call", "operator"]

    async def test_a_caller_says_who_it_is(self) -> None:
        shop = flow(step("a", "x"))
        shop.fake("a", handler=lambda data, ctx: ctx.client_context)
        run = await shop.trigger("a", context={"user": "ada"})
        assert run.deliveries()[0].output == {"user": "ada"}

    async def test_a_step_in_several_flows_needs_the_flow(self) -> None:
        both = step("a", "x")
        shop = project(plan(both, flow="one"), plan(both, flow="two"))
        with pytest.raises(LookupError, match="found 2; give `flow`, one of `one`, `two`"):
            await shop.trigger("a")
        assert (await shop.trigger("a", flow="two")).flow == "two"

    async def test_an_unknown_step_cannot_be_triggered(self) -> None:
        with pytest.raises(LookupError, match="found 0; did you mean `charge`"):
            await flow(step("charge", "x")).trigger("chargee")

    async def test_an_unknown_flow_is_a_mistake(self) -> None:
        with pytest.raises(LookupError, match="did you mean `orders`"):
            await flow(step("a", "x")).emit("order", "x")

    async def test_a_published_message_starts_a_run_in_each_flow(self) -> None:
        shop = project(
            plan(step("a", "x"), flow="one"),
            plan(step("b", "x"), flow="two"),
            plan(step("c", "y"), flow="three"),
        )
        assert [run.flow for run in await shop.publish("x", 1)] == ["one", "two"]
        assert len(shop.runs()) == 2

    async def test_a_request_is_complete(self) -> None:
        shop = flow(step("a", kind="api"))
        run = await shop.request(
            "a", {"n": 1}, path_params={"id": "7"}, query_params={"q": "x"}, headers={"X-Y": "z"}
        )
        assert run.deliveries()[0].input == {
            "method": "",
            "path": "",
            "path_params": {"id": "7"},
            "query_params": {"q": "x"},
            "headers": {"x-y": "z"},
            "body": {"n": 1},
            "raw_body": None,
        }


class TestRuns:
    async def test_a_run_shows_itself(self) -> None:
        shop = flow(step("a", "x", delay=60))
        run = await shop.emit("orders", "x")
        assert repr(run) == f"<run {run.run_id} of `orders`: waiting for timer>"
        await shop.advance(minutes=1)
        assert repr(run).endswith("completed>")

    async def test_naming_a_delivery(self) -> None:
        shop = flow(*(step(id, "x", on_failure="hold") for id in ("one", "two")))
        shop.fake("one", error="no")
        shop.fake("two", error="no")
        run = await shop.emit("orders", "x")
        with pytest.raises(LookupError, match="expected an open delivery, found 2"):
            await run.skip()
        with pytest.raises(LookupError, match="of `onee`, found 0; hint: did you mean `one`"):
            await run.skip("onee")
        await run.skip("one")
        await run.skip(run.held[0].delivery_id)
        assert run.outcome == "completed"

    async def test_real_handlers_that_raise_fail_their_attempt(self) -> None:
        async def executor(invocation: object) -> object:
            raise Terminal("by itself")

        shop = FlowHarness([plan(step("a", "x"))], executor=executor)  # type: ignore[arg-type]
        run = await shop.emit("orders", "x")
        assert run.error is not None
        assert (run.error.message, run.error.type) == ("by itself", "Terminal")

    async def test_flows_that_start_each_other_for_ever_are_stopped(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("wistro.testing.harness._PATIENCE", 500)
        shop = project(
            plan(step("a", "x"), flow="one", shared={"y": ("two",)}),
            plan(step("b", "y"), flow="two", shared={"x": ("one",)}),
        )
        shop.fake("a", emits=[("y", 1)])
        shop.fake("b", emits=[("x", 1)])
        with pytest.raises(RuntimeError, match="`one`, `two` never come to rest"):
            await shop.emit("one", "x")

    async def test_runs_are_the_same_every_time(self) -> None:
        def once() -> FlowHarness:
            shop = flow(step("a", "x"), step("b", "y", "z"))
            shop.fake("a", emits=[("y", 1), ("z", 2)], takes=timedelta(seconds=3))
            return shop

        first, second = once(), once()
        runs = [await shop.emit("orders", "x") for shop in (first, second)]
        await first.advance(minutes=1)
        await second.advance(minutes=1)
        assert runs[0].run_id == runs[1].run_id
        assert runs[0].deliveries() == runs[1].deliveries()
