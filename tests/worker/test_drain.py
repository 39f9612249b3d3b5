"""SIGTERM to a worker process: it takes nothing new, and lets what runs finish."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import TemporalServer
from tests.engine.conftest import write_project
from wistro.temporal.host.runtime import Runtime
from wistro.temporal.host.serverbinary import ServerAddress

pytestmark = pytest.mark.server

FILES = {
    "slow.step.py": """
        import asyncio
        from pathlib import Path
        from wistro import EventStep
        config = EventStep(name="Take a while", flows=["work"], subscribes=["begin"])
        async def handler(message, ctx):
            notes = Path(message["notes"])
            with notes.open("a") as file:
                file.write(f"began {ctx.attempt} ")
            await asyncio.sleep(message["seconds"])
            with notes.open("a") as file:
                file.write(f"ended {ctx.attempt} ")
        """,
    "wistro.yml": "topics: { begin: { external: true } }\n",
}


@pytest.mark.parametrize(
    ("seconds", "drain", "notes", "errors"),
    [(2, 20, "began 1 ended 1 ", []), (60, 1, "began 1 ", ["worker_stopped"])],
)
async def test_a_worker_drains_on_sigterm(
    temporal_server: TemporalServer,
    tmp_path: Path,
    free_port: int,
    seconds: float,
    drain: int,
    notes: str,
    errors: list[str],
) -> None:
    project = write_project(tmp_path / "project", FILES)
    compiled = project.compile()
    assert compiled.ok, (compiled.errors, compiled.findings)
    project.write_lock(compiled.lock)
    address = ServerAddress(address=temporal_server.address, namespace=temporal_server.namespace)
    engine = await Runtime.open(project, compiled.lock, address).engine()
    written, log = tmp_path / "notes", tmp_path / "log"
    command = [sys.executable, "-m", "wistro_cli", "--project", str(project.root), "start"]
    command += ["--only", "runs,steps", "--drain", str(drain)]
    environment = {
        **os.environ,
        "TEMPORAL_ADDRESS": temporal_server.address,
        "WISTRO_API": f"http://127.0.0.1:{free_port}",  # nobody is there: nothing may wait for it
    }
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        (run,) = await engine.publish("begin", {"notes": str(written), "seconds": seconds})
        async with asyncio.timeout(60):
            while not written.exists():
                assert process.poll() is None, log.read_text()
                await asyncio.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 30) == 0, log.read_text()
        assert written.read_text() == notes
        (delivery,) = (await engine.show(run.run_id, run.flow)).deliveries
        assert [a.error.code for a in delivery.attempts if a.error] == errors
        assert (delivery.status == "completed") is (not errors)
        assert "Traceback" not in log.read_text()
        await engine.cancel(run.flow, run.run_id)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
