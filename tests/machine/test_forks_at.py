"""A fork at a delivery makes exactly this one again, and what follows from it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.machine.plans import flow, plan, project, step
from tests.machine.strategies import message, plans
from tests.machine.test_equivalence import delivered, handler, paces, start
from wistro.machine.fork import ForkRefused
from wistro.machine.plan import JoinPlan, Plan
from wistro.testing import FlowHarness, HarnessRun


@pytest.fixture
def shop() -> FlowHarness:
    """Two branches meet in `pack`; `ship` follows."""
    shop = flow(
        step("pay", "placed", emits=["paid"]),
        step("pick", "placed", emits=["picked"]),
        step("pack", "paid", "picked", join=JoinPlan(), emits=["packed"]),
        step("ship", "packed"),
    )
    shop.fake("pay", emits=[("paid", 1)])
    shop.fake("pick", emits=[("picked", 1)])
    shop.fake("pack", emits=[("packed", 1)])
    return shop


def made(run: HarnessRun) -> list[str]:
    """The steps of its deliveries, in order."""
    return [view.step for view in run.deliveries()]


async def test_a_completed_delivery_is_made_again_and_what_follows(shop: FlowHarness) -> None:
    run = await shop.emit("orders", "placed")
    shop.fake("pay", emits=[("paid", 2)])
    fork = await run.fork("pay", data={"card": "new"})
    assert fork.outcome == "completed"
    assert made(fork) == ["pay", "pack", "ship"]
    assert fork.deliveries("pay")[0].input == {"card": "new"}
    assert fork.deliveries("pack")[0].input == {"paid": 2, "picked": 1}
    assert fork.trigger.parent is not None
    assert fork.trigger.parent.delivery_id == run.deliveries("pay")[0].delivery_id


async def test_what_came_before_a_join_is_not_made_again(shop: FlowHarness) -> None:
    run = await shop.emit("orders", "placed")
    assert made(await run.fork("pack")) == ["pack", "ship"]
    assert made(await run.fork("ship")) == ["ship"]


async def test_a_join_that_gets_nothing_from_the_fork_is_forgotten(shop: FlowHarness) -> None:
    run = await shop.emit("orders", "placed")
    shop.fake("pay", emits=[])
    fork = await run.fork("pay")
    assert fork.outcome == "completed"
    assert made(fork) == ["pay"]
    again = await fork.fork("pay")
    assert again.outcome == "completed"


async def test_a_run_that_still_runs_is_forked_and_goes_on(shop: FlowHarness) -> None:
    shop.fake("pick", takes=timedelta(minutes=1), emits=[("picked", 1)])
    run = await shop.emit("orders", "placed")
    fork = await run.fork("pay")
    # `picked` has not come yet, so that the fork cannot have it: its join says so.
    assert fork.error is not None
    assert fork.error.code == "join_incomplete"
    other = await run.fork("pick")
    await shop.advance(minutes=2)
    assert run.outcome == other.outcome == "completed"
    assert other.deliveries("pack")[0].input == {"paid": 1, "picked": 1}
    assert made(other) == ["pick", "pack", "ship"]


async def test_a_failed_delivery_is_made_alone() -> None:
    shop = flow(step("a", "x"), step("b", "x"))
    shop.fake("a", error="no")
    shop.fake("b", takes=timedelta(minutes=1))
    run = await shop.emit("orders", "x")
    shop.fake("a")
    assert made(await run.fork("a")) == ["a"]
    both = await run.fork()
    assert sorted(made(both)) == ["a", "b"]


async def test_the_key_stays_with_the_input(shop: FlowHarness) -> None:
    keys: list[str] = []
    shop.fake("pay", handler=lambda data, ctx: keys.append(ctx.idempotency_key))
    run = await shop.emit("orders", "placed")
    fork = await run.fork("pay")
    await fork.fork("pay")
    await run.fork("pay", data=1)
    await run.fork("pay", data=2)
    assert keys[0] == keys[1] == keys[2]
    assert len(set(keys)) == 3


async def test_a_shared_message_that_follows_starts_a_run_of_its_own() -> None:
    shop = project(
        plan(step("a", "x", emits=["told"]), flow="orders", shared={"told": ("mail",)}),
        plan(step("send", "told"), flow="mail"),
    )
    shop.fake("a", emits=[("told", 1)])
    run = await shop.emit("orders", "x")
    await run.fork("a")
    assert len(shop.runs("mail")) == 2
    linking = next(view for view in run.deliveries() if not view.step)
    with pytest.raises(ForkRefused, match="a message to"):
        await run.fork(linking)


async def test_an_answer_stays_unless_it_is_given_anew() -> None:
    shop = flow(step("create", kind="api"), step("b", "x", emits=["y"]), step("c", "y"))
    shop.fake("create", output="made", emits=[("x", 1)])
    shop.fake("b", response="first", emits=[("y", 1)])
    run = await shop.request("create")
    shop.fake("b", response="second", emits=[("y", 1)])
    later = await run.fork("c")
    assert (later.answer, later.response) == (run.answer, "first")
    anew = await run.fork("b")
    assert (anew.answer, anew.response) == (run.answer, "second")
    shop.fake("create", output="made again", emits=[("x", 1)])
    whole = await run.fork("create")
    assert whole.answer is not None
    assert (whole.answer.output, whole.response) == ("made again", "second")
    assert not any(each.notes for each in (later, anew, whole))


async def test_a_quorum_keeps_what_others_sent() -> None:
    shop = flow(
        step("begin", "x", emits=["voter"]),
        step("ask", "voter", emits=["vote"]),
        step("count", "vote", join=JoinPlan(quorum="message.of")),
    )
    shop.fake("begin", emits=[("voter", n) for n in (1, 2, 3, 4)])
    shop.fake("ask", handler=lambda data, ctx: ctx.emit("vote", {"of": 3, "by": data}))
    run = await shop.emit("orders", "x")
    second = next(view for view in run.deliveries("ask") if view.input == 2)
    fork = await run.fork(second, data=5)
    (counted,) = fork.deliveries("count")
    assert counted.input == {"vote": [{"of": 3, "by": 1}, {"of": 3, "by": 3}, {"of": 3, "by": 5}]}
    late = next(view for view in run.deliveries("ask") if view.input == 4)
    assert made(await run.fork(late)) == ["ask"]


@given(plans(calm=True), st.integers(0, 999), paces, st.booleans(), st.data())
async def test_a_fork_makes_what_followed_and_nothing_else(
    plan: Plan, seed: int, pace: list[int], ended: bool, data: st.DataObject
) -> None:
    handle = handler(seed)
    shop = start(plan, handle, pace, stubborn=False)
    run = await shop.emit("orders", next(iter(plan.routes)), message())
    await shop.advance(seconds=3600 if ended else data.draw(st.integers(0, 3)))
    views = [view for view in run.deliveries() if view.step]
    if not views:
        return
    chosen = data.draw(st.sampled_from(views))
    fork = await run.fork(chosen)
    await shop.advance(hours=1)
    assert run.outcome == fork.outcome == "completed"
    forked = {view.delivery_id for view in fork.deliveries() if view.step}
    assert chosen.delivery_id in forked
    assert fork.deliveries()[0].delivery_id == chosen.delivery_id
    if ended:
        assert not delivered(fork) - delivered(run)
        assert _below(run, chosen.delivery_id) <= forked


def _below(run: HarnessRun, id: str) -> set[str]:
    """The delivery and those whose messages came from it alone."""
    found, parents = {id}, {v.delivery_id: v.parent for v in run.deliveries() if v.step}
    joins = {view.delivery_id for view in run.deliveries() if view.topic is None}
    while more := {c for c, p in parents.items() if p in found and c not in found | joins}:
        found |= more
    return found
