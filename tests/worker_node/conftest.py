"""A project with steps in TypeScript: runs hosted by the test's process, steps by a Node worker."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI

from tests.conftest import TemporalServer
from tests.engine.conftest import Hosted, write_project
from tests.stores.serving import serving
from wistro.project.lock import Lock
from wistro.project.manifest import MANIFESTS, worker_manifest
from wistro.project.toolchains import NODE
from wistro.stores.memory import MemoryJournal, MemoryState
from wistro.stores.registry import open_streams
from wistro.stores.stream import StreamStore
from wistro.stores.worker_client import WORKER_API
from wistro.temporal.host.handler_calls import HandlerCalls
from wistro.temporal.host.hosting import host_runs
from wistro.temporal.host.runtime import Runtime
from wistro.temporal.host.serverbinary import ServerAddress
from wistro_codec import verify_run_token
from wistro_codec.tokens import RunToken
from wistro_triggers.calls_worker_api import calls_worker_api
from wistro_triggers.streams_worker_api import Served, streams_worker_api
from wistro_triggers.worker_api import worker_api
from wistro_worker.serve import Backends, python_worker

READY_SECONDS = 30


@dataclass
class NodeWorker:
    """A worker process, started with a control socket as `wistro start` does."""

    manifest: Path
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    control: socket.socket | None = None
    said: list[dict[str, object]] = field(default_factory=list[dict[str, object]])

    async def start(self, *, unheard: bool = False, **environment: str) -> None:
        """Start it, and wait until it says how things stand.

        Args:
            unheard: Let nobody read its log from then on, as when whoever started it was killed.
            environment: More variables.
        """
        ours, theirs = socket.socketpair()
        command = [*NODE.serve(self.manifest.parent), "--manifest", str(self.manifest)]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                env={
                    **os.environ,
                    **self.environment,
                    "WISTRO_CONTROL_FD": str(theirs.fileno()),
                    **environment,
                },
                pass_fds=[theirs.fileno()],
                stdout=output,
                stderr=subprocess.PIPE if unheard else output,
            )
        theirs.close()
        self.control = ours
        ours.settimeout(READY_SECONDS)
        with ours.makefile("rb") as lines:
            line = await asyncio.to_thread(lines.readline)
        assert line, self.log.read_text()
        self.said.append(json.loads(line))
        if self.process.stderr is not None:
            self.process.stderr.close()

    def kill(self) -> None:
        """Kill it as a power cut would."""
        assert self.process
        self.process.kill()
        self.process.wait()

    async def stop(self) -> int:
        """Ask it to stop; its exit code."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return await self.exit_code()

    async def exit_code(self) -> int:
        """Its exit code, once it has ended."""
        assert self.process
        return await asyncio.to_thread(self.process.wait, 30)

    def logged(self) -> list[dict[str, object]]:
        """The lines of its log."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@dataclass(frozen=True, kw_only=True)
class Shop(Hosted):
    """A hosted project with a Node worker."""

    lock: Lock
    node: NodeWorker
    streams: StreamStore
    notes: Path
    """A file that handlers write to."""

    async def noted(self, text: str, seconds: float = 30) -> None:
        """Wait until a handler has written `text`."""
        async with asyncio.timeout(seconds):
            while not (self.notes.exists() and text in self.notes.read_text()):
                await asyncio.sleep(0.02)


@pytest.fixture
async def node_shop(temporal_server: TemporalServer, folder: Path) -> AsyncIterator[Shop]:
    """The project of `test_node_worker`."""
    from tests.worker_node.test_node_worker import FILES

    async with shop(temporal_server, folder, FILES) as hosted:
        yield hosted


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the project is."""
    return tmp_path / "shop"


@asynccontextmanager
async def shop(
    server: TemporalServer, root: Path, files: Mapping[str, str], *, drain: float = 2
) -> AsyncGenerator[Shop]:
    """Host a project of Python and TypeScript steps."""
    project = write_project(root, files)
    compiled = project.compile()
    assert compiled.ok, (compiled.errors, compiled.findings)
    lock = compiled.lock
    address = ServerAddress(address=server.address, namespace=server.namespace)
    runtime = Runtime.open(project, lock, address)
    engine = await runtime.engine()
    state, journal = MemoryState(), MemoryJournal()
    streams = await open_streams("memory")

    def verify(token: str) -> RunToken:
        return verify_run_token(runtime.keys, token, now=time.time())

    app = FastAPI()
    app.include_router(
        worker_api(project=lock.project, state=state, journal=journal, verify=verify)
    )
    served = Served(streams, lambda: lock, runtime.keys)
    router = APIRouter(prefix=WORKER_API)
    router.include_router(streams_worker_api(served=served, verify=verify))
    calls = partial(HandlerCalls, engine)
    router.include_router(
        calls_worker_api(calls=lambda run: calls(run.flow, run.run_id), verify=verify)
    )
    app.include_router(router)
    backends = Backends(state=lambda _: state, journal=journal)
    async with (
        serving(app) as api,
        python_worker(project.root, lock, backends) as worker,
        host_runs(engine.client, engine, worker.activity, drain=timedelta(seconds=1)),
        node_worker(root, lock, address, api, drain) as node,
    ):
        yield Shop(
            root=root,
            runtime=runtime,
            engine=engine,
            state=state,
            journal=journal,
            lock=lock,
            node=node,
            streams=streams,
            notes=root / "notes",
        )


@asynccontextmanager
async def node_worker(
    root: Path, lock: Lock, address: ServerAddress, api: str, drain: float
) -> AsyncGenerator[NodeWorker]:
    """A Node worker of the project; killed in the end if it still runs."""
    file = root / MANIFESTS / "node.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    manifest = worker_manifest(lock, "node", root=root).model_copy(update={"drain": drain})
    file.write_text(manifest.text())
    node = NodeWorker(
        manifest=file,
        environment={
            "TEMPORAL_ADDRESS": address.address,
            "TEMPORAL_NAMESPACE": address.namespace,
            "WISTRO_API": api,
            "NOTES": str(root / "notes"),
        },
        log=root / "node.log",
    )
    await node.start()
    try:
        yield node
    finally:
        if node.process and node.process.poll() is None:
            node.kill()
        if node.control:
            node.control.close()
