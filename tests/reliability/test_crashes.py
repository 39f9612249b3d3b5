"""kill -9 of every process in the middle of runs: each run completes, nothing is lost or doubled."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.reliability.conftest import Cluster, StartCluster

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(240)]

RUNS = 10
CHAIN = {
    "place.step.py": """
        from wistro import ApiStep
        config = ApiStep(name="Place", flows=["f"], method="POST", path="/place", emits=["one"])
        async def handler(request, ctx):
            await ctx.emit("one", request.body)
            return {"status": 201, "body": {"run": ctx.run_id}}
        """,
    **{
        f"{here}.step.py": f"""
            import asyncio
            from datetime import timedelta
            from wistro import EventStep, Retry
            config = EventStep(name="Step {here}", flows=["f"], subscribes=["{here}"],
                               emits={[following] if following else []},
                               heartbeat=timedelta(seconds=3),
                               retry=Retry(attempts=20, first_delay=timedelta(milliseconds=200),
                                           max_delay=timedelta(seconds=1)))
            async def handler(message, ctx):
                await asyncio.sleep(0.4)
                # Once per delivery, however many attempts there were.
                await ctx.state.set("{here}", ctx.idempotency_key, message["n"])
                if {bool(following)}:
                    await ctx.emit("{following}", message)
            """
        for here, following in [("one", "two"), ("two", "three"), ("three", "")]
    },
}


async def place(cluster: Cluster, n: int) -> None:
    """Places an order and keeps asking until it is acknowledged, as a careful client does."""
    async with httpx.AsyncClient() as client, asyncio.timeout(60):
        while True:
            try:
                answer = await client.post(
                    f"{cluster.url}/place", json={"n": n}, headers={"Idempotency-Key": f"order-{n}"}
                )
                if answer.status_code in (201, 202):
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)


async def expect_everything_once(cluster: Cluster) -> None:
    """Every order made one run, and every step of it has seen its message."""
    assert await cluster.settled(RUNS, flow="f") == {"completed": RUNS}
    for step in ("one", "two", "three"):
        seen = await cluster.state(step)
        assert sorted(str(value) for value in seen.values()) == sorted(map(str, range(RUNS))), step


async def test_a_worker_is_killed(cluster: StartCluster) -> None:
    async with cluster(CHAIN, "triggers", "worker") as running:
        orders = asyncio.gather(*(place(running, n) for n in range(RUNS)))
        await asyncio.sleep(1.0)
        await running.kill("worker")
        running.start("worker")
        await orders
        await expect_everything_once(running)


async def test_the_triggers_are_killed(cluster: StartCluster) -> None:
    async with cluster(CHAIN, "triggers", "worker") as running:
        orders = asyncio.gather(*(place(running, n) for n in range(RUNS)))
        await asyncio.sleep(0.6)
        await running.kill("triggers")
        await asyncio.sleep(1.0)  # handlers cannot reach their state meanwhile
        running.start("triggers")
        await running.ready()
        await orders
        await expect_everything_once(running)


async def test_the_temporal_server_is_killed(cluster: StartCluster) -> None:
    async with cluster(CHAIN, "triggers", "worker") as running:
        orders = asyncio.gather(*(place(running, n) for n in range(RUNS)))
        await asyncio.sleep(1.0)
        await running.server.kill()
        async with httpx.AsyncClient() as client:
            answer = await client.post(f"{running.url}/place", json={"n": -1}, timeout=60)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert answer.json()["error"]["code"] == "engine_unavailable"
        await running.server.start()
        await orders
        await expect_everything_once(running)


async def test_two_triggers_and_two_workers_share_the_work(cluster: StartCluster) -> None:
    files = {
        **CHAIN,
        "tick.step.py": """
            from wistro import CronStep
            config = CronStep(name="Every minute", flows=["g"], cron="* * * * *", emits=[])
            async def handler(ctx):
                await ctx.state.increment("ticks", ctx.run_id)
            """,
    }
    async with cluster(files, "triggers", "triggers-2", "worker", "worker-2") as running:
        await asyncio.gather(*(place(running, n) for n in range(RUNS)))
        # The same key at the other process is the same order.
        async with httpx.AsyncClient() as client:
            url = f"http://127.0.0.1:{running.ports['triggers-2']}/place"
            again = await client.post(url, json={"n": 0}, headers={"Idempotency-Key": "order-0"})
            assert again.status_code == 201
        await running.kill("worker-2")
        await expect_everything_once(running)
        async with asyncio.timeout(75):
            while not (ticks := await running.state("ticks")):
                await asyncio.sleep(0.5)
        assert set(ticks.values()) == {1}
        assert len(await running.runs(flow="g")) == len(ticks)
