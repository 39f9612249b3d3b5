"""A fork goes on from where a run failed, as if it had not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.machine.plans import flow, plan, project, step
from wistro.errors import Terminal
from wistro.machine.events import KEEP
from wistro.machine.fork import ForkRefused
from wistro.machine.plan import JoinPlan
from wistro.testing import FlowHarness


@pytest.fixture
def shop() -> FlowHarness:
    """`charge` is refused after `reserve` is done."""
    shop = flow(step("reserve", "x"), step("charge", "reserved"), step("ship", "paid"))
    shop.fake("reserve", emits=[("reserved", {"card": "old"})])
    shop.fake("charge", error=Terminal("declined"))
    return shop


async def test_it_makes_what_failed_and_nothing_else(shop: FlowHarness) -> None:
    run = await shop.emit("orders", "x")
    shop.fake("charge", emits=[("paid", 1)])
    fork = await run.fork()
    assert fork.outcome == "completed"
    assert fork.run_id != run.run_id
    assert [d.step for d in fork.deliveries()] == ["charge", "ship"]
    assert fork.deliveries()[0].input == {"card": "old"}
    assert fork.trigger.kind == "fork"
    assert fork.trigger.parent is not None
    assert fork.trigger.parent.run_id == run.run_id


async def test_retry_of_a_failed_run_is_a_fork(shop: FlowHarness) -> None:
    run = await shop.emit("orders", "x")
    shop.fake("charge", emits=[("paid", 1)])
    fork = await run.retry("charge", data={"card": "new"})
    assert fork is not run
    assert fork.outcome == "completed"
    assert fork.deliveries("charge")[0].input == {"card": "new"}
    assert run.deliveries("charge")[0].input == {"card": "old"}


async def test_the_idempotency_key_tells_attempts_of_the_same_from_edited_ones(
    shop: FlowHarness,
) -> None:
    keys: list[str] = []

    def charge(data: object, ctx: object) -> None:
        keys.append(ctx.idempotency_key)  # type: ignore[attr-defined]
        raise Terminal("declined")

    shop.fake("charge", handler=charge)
    run = await shop.emit("orders", "x")
    fork = await run.fork()
    again = await fork.fork()
    await again.retry(data={"card": "new"})
    assert keys[0] == keys[1] == keys[2]
    assert keys[3] == f"{keys[0]}:r1"


async def test_the_failed_run_stays_as_it_is(shop: FlowHarness) -> None:
    run = await shop.emit("orders", "x")
    before = run.deliveries()
    shop.fake("charge", emits=[("paid", 1)])
    await run.fork()
    assert run.deliveries() == before
    assert run.outcome == "failed"


async def test_joins_keep_what_they_received_and_their_time() -> None:
    join = JoinPlan(timeout=60)
    shop = flow(step("a", "x"), step("b", "x"), step("pack", "one", "two", join=join))
    shop.fake("a", emits=[("one", 1)])
    shop.fake("b", takes=timedelta(seconds=20), error="no")
    run = await shop.emit("orders", "x")
    await shop.advance(hours=1)
    assert run.outcome == "failed"
    shop.fake("b", takes=timedelta(seconds=39), emits=[("two", 2)])
    fork = await run.fork()
    shop.fake("b", takes=timedelta(seconds=41), emits=[("two", 2)])
    late = await run.fork()
    await shop.advance(seconds=39)
    assert [d.input for d in fork.deliveries("pack")] == [{"one": 1, "two": 2}]
    assert late.error is None
    await shop.advance(seconds=1)
    assert late.error is not None
    assert late.error.code == "join_timeout"


async def test_delayed_deliveries_keep_the_time_they_had_left() -> None:
    shop = flow(step("a", "x"), step("remind", "x", delay=3600))
    shop.fake("a", takes=timedelta(seconds=600), error="no")
    run = await shop.emit("orders", "x")
    await shop.advance(hours=24)
    shop.fake("a")
    fork = await run.fork()
    await shop.advance(seconds=2999)
    assert fork.outcome is None
    await shop.advance(seconds=1)
    assert fork.outcome == "completed"
    now = await run.retry("remind", data=1)
    assert [d.status for d in now.deliveries("remind")] == ["completed"]


async def test_a_join_that_fired_does_not_fire_again() -> None:
    shop = flow(
        step("a", "x"),
        step("pack", "one", join=JoinPlan()),
        step("ship", "packed"),
    )
    shop.fake("a", emits=[("one", 1)])
    shop.fake("pack", emits=[("packed", 1)])
    shop.fake("ship", error="no")
    run = await shop.emit("orders", "x")
    shop.fake("ship")
    fork = await run.fork()
    assert [d.step for d in fork.deliveries()] == ["ship"]


async def test_a_linked_run_is_started_once_whatever_is_forked() -> None:
    shop = project(
        plan(step("a", "x"), step("b", "x"), flow="orders", shared={"told": ("mail",)}),
        plan(step("send", "told"), flow="mail"),
    )
    shop.fake("a", takes=timedelta(seconds=1), emits=[("told", 1)])
    shop.fake("b", takes=timedelta(seconds=1), error="no")
    run = await shop.emit("orders", "x")
    await shop.advance(seconds=1)
    assert run.outcome == "failed"
    shop.fake("b")
    fork = await run.fork()
    await shop.advance(seconds=1)
    assert fork.outcome == "completed"
    await run.fork()
    await shop.advance(seconds=1)
    assert len(shop.runs("mail")) == 1


async def test_the_answer_of_a_run_stays_its_answer() -> None:
    shop = flow(step("create", kind="api"), step("b", "x"))
    shop.fake("create", output="made", response=1, emits=[("x", 1)])
    shop.fake("b", error="no")
    run = await shop.request("create")
    fork = await run.fork()
    assert fork.answer is not None
    assert fork.answer.output == "made"
    assert fork.response == 1


async def test_an_answer_that_was_an_error_is_given_again() -> None:
    shop = flow(step("create", kind="api"))
    shop.fake("create", error="no")
    run = await shop.request("create")
    shop.fake("create", output="made")
    fork = await run.fork()
    assert fork.answer is not None
    assert fork.answer.output == "made"


async def test_a_run_that_only_waited_for_messages_can_go_on_waiting() -> None:
    shop = flow(step("pack", "x", "y", join=JoinPlan(timeout=60)))
    run = await shop.emit("orders", "x", 1)
    await run.cancel()
    fork = await run.fork()
    assert fork.waiting.kind == "join"
    await fork.send("y", 2)
    assert fork.outcome == "completed"


async def test_a_message_from_outside_to_a_fork_is_a_new_one() -> None:
    shop = flow(step("bad", "x"), step("note", "said"))
    shop.fake("bad", takes=timedelta(seconds=5), error="no")
    run = await shop.emit("orders", "x")
    await run.send("said", 1)
    await shop.advance(minutes=1)
    fork = await run.fork()
    await fork.send("said", 2)
    ids = {d.delivery_id for r in (run, fork) for d in r.deliveries("note")}
    assert len(ids) == 2


class TestRefused:
    async def test_while_the_run_is_running(self) -> None:
        shop = flow(step("a", "x", on_failure="hold"))
        shop.fake("a", error="no")
        run = await shop.emit("orders", "x")
        with pytest.raises(ForkRefused, match="still running; retry its held deliveries"):
            await run.fork()

    async def test_when_nothing_is_open(self) -> None:
        run = await flow(step("a", "x")).emit("orders", "x")
        with pytest.raises(ForkRefused, match="left no delivery open; start a new run"):
            await run.fork()

    async def test_when_there_is_no_such_delivery(self, shop: FlowHarness) -> None:
        run = await shop.emit("orders", "x")
        with pytest.raises(ForkRefused, match="the run has no delivery `nothing`"):
            await shop.fork_at(run, "nothing", KEEP)
