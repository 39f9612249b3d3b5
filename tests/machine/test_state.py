"""The state of a run goes through JSON at any moment, and nothing is lost by it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import TypeAdapter

from tests.machine.plans import flow, plan, project, step
from wistro.machine.plan import JoinPlan, Limits, Plan, RetryPlan, SubscriptionPlan
from wistro.machine.state import RunState
from wistro.testing import FlowHarness

STATE = TypeAdapter(RunState)
PLAN = TypeAdapter(Plan)


def busy() -> FlowHarness:
    """A flow with a bit of everything, under way."""
    shop = project(
        plan(
            step("start", "go"),
            step("hold", "a", on_failure="hold"),
            step("again", "a", retry=RetryPlan(attempts=3, first_delay=60)),
            step("later", "a", delay=120),
            step("pack", "a", "b", join=JoinPlan(key="message.id", timeout=600)),
            step("vote", "v", join=JoinPlan(quorum="message.of")),
            step("after", "c"),
            flow="orders",
            shared={"a": ("mail", "gone")},
            limits=Limits(timeout=3600),
        ),
        plan(step("send", "a"), flow="mail"),
    )
    shop.fake("start", response={"ok": True}, emits=[("a", {"id": 7}), ("v", {"of": 3}), ("z", 0)])
    shop.fake("hold", error="odd")
    shop.fake("again", error="busy", times=2, emits=[("c", 1)])
    return shop


async def test_it_goes_through_json_unchanged() -> None:
    shop = busy()
    run = await shop.emit("orders", "go")
    for _ in range(10):
        text = STATE.dump_json(run.state)
        assert STATE.validate_json(text) == run.state
        assert STATE.dump_json(STATE.validate_json(text)) == text
        await shop.advance(seconds=30)


async def test_a_plan_goes_through_json_unchanged() -> None:
    for given in busy().plans.values():
        again = PLAN.validate_json(PLAN.dump_json(given))
        assert again == given
        assert list(again.routes) == list(given.routes)


async def test_continuing_as_new_at_every_moment_changes_nothing() -> None:
    plain, broken_up = busy(), busy()
    one, other = await plain.emit("orders", "go"), await broken_up.emit("orders", "go")
    for _ in range(40):
        await plain.advance(seconds=30)
        await broken_up.advance(seconds=30)
        await other.continue_as_new()
        assert other.state == one.state
    assert other.emissions == one.emissions
    assert len(broken_up.runs("mail")) == len(plain.runs("mail")) == 1


async def test_draining_dispatches_nothing_new() -> None:
    shop = flow(step("a", "x"), step("b", "y"))
    shop.fake("a", takes=timedelta(seconds=5), emits=[("y", 1)])
    run = await shop.emit("orders", "x")
    run.driver.drain()
    await shop.advance(seconds=5)
    assert [d.status for d in run.deliveries()] == ["completed", "queued"]
    assert run.driver.machine.running == 0
    await run.continue_as_new()
    assert run.outcome == "completed"


async def test_work_is_waited_for() -> None:
    shop = flow(step("a", "x"))
    shop.fake("a", takes=timedelta(seconds=5))
    run = await shop.emit("orders", "x")
    with pytest.raises(RuntimeError, match="`a` is at work; hint: `advance`"):
        await run.continue_as_new()
    await shop.advance(seconds=5)
    assert run.outcome == "completed"
    await run.continue_as_new()
    assert run.outcome == "completed"


async def test_a_thousand_way_fan_out_and_join() -> None:
    shop = flow(
        step("fan", "go"),
        step("part", "part"),
        step("gather", "done", join=JoinPlan(quorum=1000)),
        limits=Limits(in_flight=200),
    )
    shop.fake("fan", emits=[("part", n) for n in range(1000)])
    shop.fake("part", handler=lambda n, ctx: ctx.emit("done", n * n))
    run = await shop.emit("orders", "go")
    (gathered,) = run.deliveries("gather")
    assert gathered.input == {"done": [n * n for n in range(1000)]}
    assert run.state.created == 1002


async def test_a_filter_sees_the_state_of_nothing_but_its_message() -> None:
    only = SubscriptionPlan(topic="x", where="message.n == 1 && message.kind in ['a', 'b']")
    shop = flow(step("a", only))
    for data, count in (({"n": 1, "kind": "b"}, 1), ({"n": 1, "kind": "c"}, 0), (None, 0)):
        run = await shop.emit("orders", "x", data)
        assert len(run.deliveries()) == count
