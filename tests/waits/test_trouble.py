"""Waits that end without a message, and processes that die while runs wait."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys
from pathlib import Path

import httpx
import pytest

from tests.conftest import TemporalServer
from tests.engine.conftest import write_project
from tests.waits.conftest import Wait, open_waits, orders
from wistro.temporal.host.devserver import free_port
from wistro.temporal.host.runtime import load_token

pytestmark = pytest.mark.asyncio(loop_scope="session")

SOON = "timeout=timedelta(seconds=1)"


async def test_nothing_in_time_fails_the_run(wait: Wait) -> None:
    async with wait(orders(awaits=SOON)) as project:
        run = await project.ended(await project.begin({"id": "slow"}))
        assert run.status == "failed"
        assert run.outcome_error is not None
        assert (run.outcome_error.code, run.outcome_error.message) == (
            "timeout",
            "nothing came in time",
        )
        waited = next(d for d in run.deliveries if d.step == "payment")
        assert waited.status == "failed"
        assert await open_waits(project.store) == set()
        sent = await project.send("payment.arrived", {"order": "slow"})
        assert (sent["reached"], sent["kept"]) == ([], True)


async def test_nothing_in_time_emits_what_on_failure_says(wait: Wait) -> None:
    files = orders(awaits=SOON, more='on_failure=Emit(topic="order.unpaid"),') | {
        "remind.step.py": """
            from wistro import Context, EventStep

            config = EventStep(name="Remind", flows=["orders"], subscribes=["order.unpaid"])

            async def handler(failure: dict, ctx: Context) -> None:
                pass
        """
    }
    async with wait(files) as project:
        run = await project.ended(await project.begin({"id": "slow"}))
        assert run.status == "completed"
        reminded = next(d for d in run.deliveries if d.step == "remind").input
        assert isinstance(reminded, dict)
        assert (reminded["step"], reminded["data"]) == ("payment", {"id": "slow"})


async def test_a_held_wait_that_is_made_again_is_another_wait(wait: Wait) -> None:
    # Long enough for the message to come while the second wait is open, also on a busy machine.
    awaits = "timeout=timedelta(seconds=10)"
    async with wait(orders(awaits=awaits, more='on_failure="hold",')) as project:
        started = await project.begin({"id": "held"})
        held = await project.until(started, lambda run: run.waiting_for == "operator")
        id = next(d.delivery_id for d in held.deliveries if d.status == "held")
        await project.engine.retry("orders", started.run_id, id)
        await project.waiting(started)
        assert (await project.send("payment.arrived", {"order": "held"}))["reached"]
        assert (await project.ended(started)).status == "completed"


async def test_a_cancelled_run_waits_no_more(wait: Wait) -> None:
    async with wait(orders()) as project:
        run = await project.start({"id": "gone"})
        await project.engine.cancel("orders", run.run_id)
        ended = await project.ended(run)
        assert ended.status == "cancelled"
        assert next(d for d in ended.deliveries if d.step == "payment").status == "cancelled"
        assert await open_waits(project.store) == set()
        assert (await project.send("payment.arrived", {"order": "gone"}))["reached"] == []


async def test_every_process_is_killed_while_runs_wait(
    temporal_server: TemporalServer, tmp_path: Path
) -> None:
    write_project(tmp_path, orders())
    port = free_port()
    environment = {
        **os.environ,
        "WISTRO_API": f"http://127.0.0.1:{port}",
        "TEMPORAL_ADDRESS": temporal_server.address,
        "TEMPORAL_NAMESPACE": temporal_server.namespace,
    }

    async def wistro(*arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "wistro_cli", *arguments, cwd=tmp_path, env=environment
        )

    assert await (await wistro("lock")).wait() == 0
    triggers = ("start", "--only", "triggers", "--port", str(port))
    workers = ("start", "--only", "runs,steps")
    processes = [await wistro(*triggers), await wistro(*workers)]
    bearer = {"authorization": f"Bearer {load_token(tmp_path)}"}
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers=bearer, timeout=30
        ) as http:
            await answering(http)
            wanted = {"flow": "orders", "step": "order", "data": {"id": "survivor"}}
            run = (await http.post("/_wistro/api/runs", json=wanted)).json()
            await known_to_wait(tmp_path / ".wistro/wistro.db")

            for process in processes:
                process.send_signal(signal.SIGKILL)
            await asyncio.gather(*(process.wait() for process in processes))
            processes[0] = await wistro(*triggers)
            await answering(http)
            # Nobody works on the run now: the message waits for it.
            sent = await http.post("/_wistro/topics/payment.arrived", json={"order": "survivor"})
            assert sent.json()["reached"] == [{"flow": "orders", "run_id": run["run_id"]}]
            processes[1] = await wistro(*workers)
            await shown(http, run, "status", "completed")
    finally:
        for process in processes:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
        await asyncio.gather(*(process.wait() for process in processes))


async def answering(http: httpx.AsyncClient) -> None:
    """Returns once the project is served."""
    async with asyncio.timeout(60):
        while True:
            try:
                if (await http.get("/_wistro/api/flows")).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


async def known_to_wait(database: Path) -> None:
    """Returns once a run is known to wait."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.closing(sqlite3.connect(database)) as db:
                if db.execute("SELECT count(*) FROM waits").fetchone() == (1,):
                    return
            await asyncio.sleep(0.1)


async def shown(http: httpx.AsyncClient, run: dict[str, str], field: str, value: str) -> None:
    """Returns once a run is shown with this value in a field."""
    async with asyncio.timeout(60):
        while True:
            answer = await http.get(f"/_wistro/api/runs/orders/{run['run_id']}")
            if answer.is_success and answer.json()[field] == value:
                return
            await asyncio.sleep(0.1)
