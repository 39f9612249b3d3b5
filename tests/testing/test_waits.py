"""Steps that wait for messages from outside, under test."""

from __future__ import annotations

from datetime import timedelta

from tests.machine.outside import outside
from tests.machine.plans import flow, plan, project, step
from wistro.machine.plan import AwaitPlan, StepPlan
from wistro.testing import FlowHarness

PAYMENT = AwaitPlan(topic="payment", where="message.order == request.id", timeout=3600.0)


def waiting(awaits: AwaitPlan = PAYMENT) -> StepPlan:
    return outside("wait", "placed", awaits=awaits, emits=("paid",))


def shop(awaits: AwaitPlan = PAYMENT) -> FlowHarness:
    return flow(waiting(awaits), step("ship", "paid"))


async def test_a_message_for_one_run() -> None:
    run = await shop().emit("orders", "placed", {"id": 7})
    assert run.waiting.kind == "message"
    await run.send("payment", {"order": 8})
    assert run.outcome is None
    await run.send("payment", {"order": 7})
    assert run.outcome == "completed"
    assert run.emitted("paid") == [{"request": {"id": 7}, "answer": {"order": 7}}]
    assert run.deliveries("wait")[0].status == "completed"


async def test_a_published_message_finds_its_run() -> None:
    orders = shop()
    runs = [await orders.emit("orders", "placed", {"id": n}) for n in range(3)]
    assert await orders.publish("payment", {"order": 1}) == []
    assert [run.outcome for run in runs] == [None, "completed", None]


async def test_nothing_in_time() -> None:
    orders = shop()
    run = await orders.emit("orders", "placed", {"id": 7})
    await orders.advance(hours=1)
    assert run.outcome == "failed"
    assert run.error is not None
    assert (run.error.code, run.deliveries("wait")[0].status) == ("timeout", "failed")


async def test_a_message_that_comes_too_early_is_kept_for_an_hour() -> None:
    orders = shop()
    await orders.publish("payment", {"order": 7})
    await orders.publish("payment", {"order": 8})
    await orders.advance(minutes=59)
    assert (await orders.emit("orders", "placed", {"id": 7})).outcome == "completed"
    assert (await orders.emit("orders", "placed", {"id": 7})).outcome is None, "it was had"
    await orders.advance(minutes=1)
    assert (await orders.emit("orders", "placed", {"id": 8})).outcome is None, "it is gone"


async def test_a_topic_says_how_long() -> None:
    orders = shop()
    orders._kept.keep = {"payment": timedelta(0)}
    await orders.publish("payment", {"order": 7})
    assert (await orders.emit("orders", "placed", {"id": 7})).outcome is None


async def test_a_shared_message_of_another_flow() -> None:
    bank = plan(step("pay", "due", emits=["payment"]), flow="bank", shared={"payment": ("orders",)})
    both = project(plan(waiting(), step("ship", "paid")), bank)
    both.fake("pay", emits=[("payment", {"order": 7})])
    run = await both.emit("orders", "placed", {"id": 7})
    other = await both.emit("orders", "placed", {"id": 8})
    await both.emit("bank", "due")
    assert (run.outcome, other.outcome) == ("completed", None)
    assert len(both.runs("orders")) == 2, "the message starts no run"


async def test_an_operator_goes_on_without() -> None:
    run = await shop().emit("orders", "placed", {"id": 7})
    await run.skip("wait")
    assert run.outcome == "completed"
    assert run.deliveries("wait")[0].status == "skipped"


async def test_waiting_survives_storage() -> None:
    run = await shop().emit("orders", "placed", {"id": 7})
    await run.continue_as_new()
    await run.send("payment", {"order": 7})
    assert run.outcome == "completed"
