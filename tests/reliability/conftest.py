"""A small cluster of real processes that tests may kill."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest

from tests.engine.conftest import ENDED, write_project
from wistro.project import Project
from wistro.temporal.host.devserver import DevServer, ServerBinary, free_port
from wistro.temporal.host.runtime import load_token


@dataclass(kw_only=True)
class Cluster:
    """A Temporal server with a database file, and `wistro start` processes of one project."""

    project: Project
    server: DevServer
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the processes find in theirs besides."""
    processes: dict[str, subprocess.Popen[bytes]] = field(
        default_factory=dict[str, "subprocess.Popen[bytes]"]
    )
    ports: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def url(self) -> str:
        """Where the first triggers process is, or the one that does all."""
        return f"http://127.0.0.1:{self.ports.get('all', self.ports['triggers'])}"

    @property
    def headers(self) -> dict[str, str]:
        """What opens the management API."""
        return {"Authorization": f"Bearer {load_token(self.project.root)}"}

    def start(self, name: str) -> None:
        """Starts `triggers…`, `worker…`, `node`, `go` or `all`; one that ran before gets its port again.

        A worker's port is that of its metrics.
        """
        port = self.ports.setdefault(name, free_port())
        command = [sys.executable, "-m", "wistro_cli", "--project", str(self.project.root), "start"]
        if name == "all":
            command += ["--drain", "2", "--port", str(port)]
        elif name.startswith("triggers"):
            command += ["--only", "triggers", "--port", str(port)]
        elif name in {"node", "go"}:
            command += ["--only", name, "--drain", "2"]
        else:
            command += ["--only", "runs,steps", "--drain", "2", "--metrics-port", str(port)]
        with self.log.open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                env={
                    **os.environ,
                    **self.environment,
                    "TEMPORAL_ADDRESS": self.server.address,
                    "WISTRO_API": self.url,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def kill(self, name: str) -> None:
        """Ends a process as a crash would."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(process.wait)

    async def kill_worker(self, name: str) -> None:
        """Ends the language worker below `wistro start --only node` or `go` as a crash would."""
        async with asyncio.timeout(30):
            while not (below := psutil.Process(self.processes[name].pid).children()):
                await asyncio.sleep(0.1)
        for child in below:
            child.kill()

    async def ready(self, name: str = "triggers") -> None:
        """Waits until the triggers answer."""
        async with httpx.AsyncClient() as client, asyncio.timeout(60):
            while True:
                try:
                    url = f"http://127.0.0.1:{self.ports[name]}/_wistro/ready"
                    if (await client.get(url)).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                assert self.processes[name].poll() is None, self.log.read_text()[-3000:]
                await asyncio.sleep(0.1)

    async def runs(self, **query: str) -> list[dict[str, object]]:
        """The runs that the management API lists."""
        async with httpx.AsyncClient(headers=self.headers) as client:
            found = await client.get(
                f"{self.url}/_wistro/api/runs", params={"limit": "200", **query}
            )
            found.raise_for_status()
            return found.json()["runs"]

    async def settled(self, count: int, seconds: float = 90, **query: str) -> dict[str, int]:
        """How many runs ended how, once `count` of them have."""
        async with asyncio.timeout(seconds):
            while True:
                runs = await self.runs(**query)
                if len(runs) >= count and all(run["status"] in ENDED for run in runs):
                    statuses = [str(run["status"]) for run in runs]
                    return {status: statuses.count(status) for status in sorted(set(statuses))}
                await asyncio.sleep(0.3)

    async def state(self, group: str) -> dict[str, object]:
        """The values of a group."""
        async with httpx.AsyncClient(headers=self.headers) as client:
            found = await client.get(
                f"{self.url}/_wistro/api/state/entries", params={"group": group, "limit": "1000"}
            )
            found.raise_for_status()
            return {entry["key"]: entry["value"] for entry in found.json()["items"]}


@asynccontextmanager
async def running_cluster(
    folder: Path,
    binary: ServerBinary,
    files: Mapping[str, str],
    *names: str,
    environment: Mapping[str, str] | None = None,
) -> AsyncGenerator[Cluster]:
    """A cluster of these processes, working on the project of these files."""
    project = write_project(folder / "project", files)
    compiled = project.compile()
    assert compiled.ok, (compiled.errors, compiled.findings)
    project.write_lock(compiled.lock)
    server = DevServer(binary=binary.path, folder=folder / "temporal", ui=False)
    await server.start()
    running = Cluster(
        project=project,
        server=server,
        log=folder / "processes.log",
        environment=environment or {},
    )
    try:
        running.ports["triggers"] = free_port()
        for name in names:
            running.start(name)
        for name in names:
            if name.startswith("triggers") or name == "all":
                await running.ready(name)
        yield running
    finally:
        for process in running.processes.values():
            process.terminate()
        for process in running.processes.values():
            try:
                await asyncio.to_thread(process.wait, 15)
            except subprocess.TimeoutExpired:
                process.kill()
        await server.stop()


StartCluster = Callable[..., AbstractAsyncContextManager[Cluster]]


@pytest.fixture
def cluster(tmp_path: Path, temporal_binary: ServerBinary) -> StartCluster:
    """Starts one: `async with cluster(files, "triggers", "worker") as running`."""
    return partial(running_cluster, tmp_path, temporal_binary)
