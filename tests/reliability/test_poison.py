"""Messages that bring their worker down, that cannot be read, and that nobody can serialise."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.reliability.conftest import Cluster, StartCluster

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(180)]

FILES = {
    "swallow.step.py": """
        import os
        from datetime import timedelta
        from wistro import EventStep, Retry
        config = EventStep(name="Swallow", flows=["f"], subscribes=["meal"], emits=[],
                           heartbeat=timedelta(seconds=2), on_failure="hold",
                           retry=Retry(attempts=2, first_delay=timedelta(milliseconds=100)))
        async def handler(meal, ctx):
            if meal["poison"] == "kills":
                os._exit(3)
            if meal["poison"] == "unserialisable":
                return object()
            if meal["poison"] == "raises":
                raise ExceptionGroup("many", [ValueError("one"), RecursionError()])
            return "fine"
        """,
    "wistro.yml": "topics: { meal: { external: true } }\n",
}


async def keep_alive(cluster: Cluster, name: str) -> None:
    """Starts the worker again whenever it has died, as a supervisor does."""
    while True:
        if cluster.processes[name].poll() is not None:
            cluster.start(name)
        await asyncio.sleep(0.2)


async def test_poison_is_held_and_the_rest_goes_on(cluster: StartCluster) -> None:
    async with (
        cluster(FILES, "triggers", "worker") as running,
        httpx.AsyncClient(headers=running.headers, timeout=30) as client,
    ):
        ids: dict[str, str] = {}

        async def serve(*meals: str, held: int, completed: int) -> None:
            for poison in meals:
                url = f"{running.url}/_wistro/topics/meal"
                sent = await client.post(url, json={"poison": poison})
                assert sent.status_code == 202, sent.text
                ids[poison] = sent.json()["runs"][0]["run_id"]
            async with asyncio.timeout(75):
                while len(await running.runs(status="held")) < held:
                    await asyncio.sleep(0.5)
                while len(await running.runs(status="completed")) < completed:
                    await asyncio.sleep(0.5)

        await serve("none", "unserialisable", "raises", held=2, completed=1)
        supervisor = asyncio.create_task(keep_alive(running, "worker"))
        await serve("kills", held=3, completed=1)
        await serve("no more", held=3, completed=2)
        supervisor.cancel()

        errors: dict[str, str] = {}
        for poison in ("kills", "unserialisable", "raises"):
            shown = await client.get(f"{running.url}/_wistro/api/runs/f/{ids[poison]}")
            (delivery,) = shown.json()["deliveries"]
            errors[poison] = delivery["error"]["code"]
        assert errors == {
            "kills": "worker_lost",
            "unserialisable": "validation_failed",
            "raises": "handler_error",
        }
