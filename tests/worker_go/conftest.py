"""A project hosted in the test's process, with its Go steps in a process of their own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import TemporalServer
from tests.engine.conftest import Hosted, write_project
from tests.stores.serving import application, serving
from tests.worker_go.project import FILES, GO_MOD
from wistro.project import Project
from wistro.project.manifest import worker_manifest
from wistro.project.project import Compiled
from wistro.project.toolchains import GO
from wistro.stores.memory import MemoryJournal, MemoryState
from wistro.stores.worker_client import WORKER_API
from wistro.temporal.host.handler_calls import HandlerCalls
from wistro.temporal.host.hosting import host_runs
from wistro.temporal.host.runtime import Runtime
from wistro.temporal.host.serverbinary import ServerAddress
from wistro_codec import RunToken, verify_run_token
from wistro_triggers.calls_worker_api import calls_worker_api
from wistro_worker.serve import Backends, python_worker


@dataclass(kw_only=True)
class GoWorker:
    """The Go worker of a project, which tests may stop and kill."""

    binary: Path
    manifest: Path
    log: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    told: list[dict[str, object]] = field(default_factory=list[dict[str, object]])
    _control: socket.socket | None = None

    async def start(self) -> None:
        """Starts it, and waits until it is ready or has failed."""
        ours, theirs = socket.socketpair()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(self.binary), "serve", "--manifest", str(self.manifest)],
                env={**os.environ, **self.environment, "WISTRO_CONTROL_FD": str(theirs.fileno())},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        theirs.close()
        self._control = ours
        line = await asyncio.wait_for(asyncio.to_thread(ours.makefile().readline), 30)
        self.told.append(json.loads(line))

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """Signals it and returns its exit code."""
        assert self.process
        self.process.send_signal(number)
        return await asyncio.to_thread(self.process.wait, 30)

    async def abandon(self) -> int:
        """Closes the control socket, as a supervisor that dies does, and returns the exit code."""
        assert self.process
        assert self._control
        self._control.shutdown(socket.SHUT_RDWR)
        self._control.close()
        return await asyncio.to_thread(self.process.wait, 30)

    def lines(self) -> list[dict[str, object]]:
        """What it logged."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@dataclass(frozen=True, kw_only=True)
class Running(Hosted):
    """A hosted project, and its Go worker."""

    worker: GoWorker


Run = Callable[..., AbstractAsyncContextManager[Running]]


@dataclass(frozen=True, kw_only=True)
class Built:
    """A project whose Go worker is built."""

    project: Project
    compiled: Compiled


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The project, compiled once: building its worker takes a while."""
    root = tmp_path_factory.mktemp("shop")
    (root / "go.mod").write_text(GO_MOD)
    project = write_project(root, FILES)
    compiled = project.compile()
    assert compiled.ok, (compiled.errors, compiled.findings)
    return Built(project=project, compiled=compiled)


@pytest.fixture
def run(temporal_server: TemporalServer, built: Built, tmp_path: Path) -> Run:
    """Hosts the project: `async with run() as running`."""
    server = ServerAddress(address=temporal_server.address, namespace=temporal_server.namespace)

    @asynccontextmanager
    async def open_run(*, started: bool = True, **environment: str) -> AsyncGenerator[Running]:
        project, lock = built.project, built.compiled.lock
        runtime = Runtime.open(project, lock, server)
        engine = await runtime.engine()
        state, journal = MemoryState(), MemoryJournal()

        def verify(token: str) -> RunToken:
            return verify_run_token(runtime.keys, token, now=time.time())

        app = application(state, journal, verify)
        calls = partial(HandlerCalls, engine)
        app.include_router(
            calls_worker_api(calls=lambda run: calls(run.flow, run.run_id), verify=verify),
            prefix=WORKER_API,
        )
        manifest = worker_manifest(lock, "go", root=project.root)
        path = tmp_path / "go.json"
        path.write_text(manifest.model_copy(update={"drain": 1.0}).text())
        async with (
            serving(app) as api,
            python_worker(
                project.root, lock, Backends(state=lambda _: state, journal=journal)
            ) as python,
            host_runs(
                engine.client, engine, python.activity, queues=(), drain=timedelta(seconds=1)
            ),
        ):
            worker = GoWorker(
                binary=GO.binary(project.root),
                manifest=path,
                log=tmp_path / "go.log",
                environment={
                    "TEMPORAL_ADDRESS": server.address,
                    "TEMPORAL_NAMESPACE": server.namespace,
                    "WISTRO_API": api,
                    **environment,
                },
            )
            if started:
                await worker.start()
                assert worker.told == [{"event": "ready"}], worker.lines()
            try:
                yield Running(
                    root=project.root,
                    runtime=runtime,
                    engine=engine,
                    state=state,
                    journal=journal,
                    worker=worker,
                )
            finally:
                if worker.process and worker.process.poll() is None:
                    worker.process.kill()
                    worker.process.wait()

    return open_run
