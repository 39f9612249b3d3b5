"""Forks at any delivery, of runs that have ended and of runs that have not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.engine.conftest import Host
from wistro.errors import RunError
from wistro.runs import RunDetail

pytestmark = pytest.mark.server

FILES = {
    "pay.step.py": """
        from wistro import EventStep
        config = EventStep(name="Pay", flows=["f"], subscribes=["placed"], emits=["paid"])
        async def handler(order, ctx):
            await ctx.state.increment("calls", "pay")
            await ctx.emit("paid", {"card": order["card"], "key": ctx.idempotency_key})
        """,
    "pick.step.py": """
        import asyncio
        from wistro import EventStep
        config = EventStep(name="Pick", flows=["f"], subscribes=["placed"], emits=["picked"])
        async def handler(order, ctx):
            await ctx.state.increment("calls", "pick")
            await asyncio.sleep(order.get("picking", 0))
            await ctx.emit("picked", {"shelf": 7})
        """,
    "pack.step.py": """
        from wistro import EventStep, Join
        config = EventStep(name="Pack", flows=["f"], subscribes=["paid", "picked"], join=Join(),
                           emits=["packed"])
        async def handler(parts, ctx):
            await ctx.emit("packed", parts)
        """,
    "ship.step.py": """
        from wistro import EventStep
        config = EventStep(name="Ship", flows=["f"], subscribes=["packed"], emits=[])
        async def handler(parts, ctx):
            return {"card": parts["paid"]["card"], "shelf": parts["picked"]["shelf"]}
        """,
    "wistro.yml": "topics: {placed: {external: true}}\n",
}


def outputs(run: RunDetail, step: str) -> list[object]:
    """What the deliveries to a step returned."""
    return [delivery.output for delivery in run.deliveries if delivery.step == step]


def delivery_of(run: RunDetail, step: str) -> str:
    """The id of the one delivery to a step."""
    (found,) = [delivery.delivery_id for delivery in run.deliveries if delivery.step == step]
    return found


async def test_a_completed_delivery_with_a_join_after_it(host: Host) -> None:
    async with host(FILES) as hosted:
        run = await hosted.ended(await hosted.emit("placed", {"card": "old"}))
        assert outputs(run, "ship") == [{"card": "old", "shelf": 7}]
        pay = delivery_of(run, "pay")
        fork = await hosted.engine.fork("f", run.run_id, delivery_id=pay, data={"card": "new"})
        again = await hosted.ended(fork)
        assert again.status == "completed"
        assert [d.step for d in again.deliveries] == ["pay", "pack", "ship"]
        assert outputs(again, "ship") == [{"card": "new", "shelf": 7}]
        assert again.parent is not None
        assert (again.parent.run_id, again.parent.delivery_id) == (run.run_id, pay)
        picked = await hosted.state.get("calls", "pick")
        assert picked is not None
        assert picked.value == 1  # what lay beside it was not done again
        # A fork of the fork keeps what the first run had picked, too.
        twice = await hosted.ended(
            await hosted.engine.fork("f", again.run_id, delivery_id=pay, data={"card": "newer"})
        )
        assert outputs(twice, "ship") == [{"card": "newer", "shelf": 7}]


async def test_a_running_run(host: Host) -> None:
    async with host(FILES) as hosted:
        started = await hosted.emit("placed", {"card": "old", "picking": 3})
        run = await hosted.until(
            started, lambda run: any(d.status == "completed" for d in run.deliveries)
        )
        pick = delivery_of(run, "pick")
        fork = await hosted.engine.fork("f", run.run_id, delivery_id=pick, data={})
        forked = await hosted.ended(fork)
        assert [d.step for d in forked.deliveries] == ["pick", "pack", "ship"]
        assert outputs(forked, "ship") == [{"card": "old", "shelf": 7}]
        went_on = await hosted.ended(started)
        assert went_on.status == "completed"
        assert len(went_on.deliveries) == 4


async def test_one_that_the_run_does_not_have(host: Host) -> None:
    async with host(FILES) as hosted:
        run = await hosted.ended(await hosted.emit("placed", {"card": "old"}))
        with pytest.raises(RunError, match="the run has no delivery `nope`") as refused:
            await hosted.engine.fork("f", run.run_id, delivery_id="nope")
        assert refused.value.code == "fork_refused"


async def test_a_run_says_who_cancelled_it(host: Host) -> None:
    async with host(FILES) as hosted:
        started = await hosted.emit("placed", {"card": "old", "picking": 30})
        await hosted.until(started, lambda run: bool(run.deliveries))
        await hosted.engine.cancel("f", started.run_id, by="ada")
        run = await hosted.ended(started)
        assert run.status == "cancelled"
        snapshot = await hosted.engine.snapshot("f", started.run_id)
        assert snapshot.state.error is not None
        assert snapshot.state.error.message == "cancelled by ada"
        assert run.closed_at is not None
        assert run.closed_at - run.started_at < timedelta(seconds=20)
