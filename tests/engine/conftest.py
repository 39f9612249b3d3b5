"""Fixtures that host a small project on the tests' Temporal server."""

from __future__ import annotations

import asyncio
import secrets
import textwrap
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from tests.conftest import TemporalServer
from wistro.calls import FlowCalls
from wistro.contract import Invocation, Trigger
from wistro.project import Project
from wistro.runs import RunDetail
from wistro.stores.journal import Journal
from wistro.stores.memory import MemoryJournal, MemoryState
from wistro.stores.state import StateStore
from wistro.temporal.host.engine import Engine, Started
from wistro.temporal.host.handler_calls import HandlerCalls
from wistro.temporal.host.hosting import host_runs
from wistro.temporal.host.runtime import Runtime
from wistro.temporal.host.serverbinary import ServerAddress
from wistro.temporal.host.services import OutsideServices
from wistro_worker.serve import Backends, python_worker

_AT_THE_ROOT = {"wistro.yml", "package.json", "go.mod"}
ENDED = {"completed", "failed", "cancelled", "timed_out"}


class Named(Protocol):
    """Whatever says which run it is."""

    @property
    def flow(self) -> str:
        """The flow of the run."""
        ...

    @property
    def run_id(self) -> str:
        """The id of the run."""
        ...


@dataclass(frozen=True, kw_only=True)
class Hosted:
    """A project whose runs and steps are hosted by the test's process."""

    root: Path
    runtime: Runtime
    engine: Engine
    state: StateStore
    journal: Journal

    async def emit(self, topic: str, data: object) -> Started:
        """Starts the one run that a message makes."""
        (started,) = await self.engine.publish(topic, data)
        return started

    async def ended(self, started: Named, seconds: float = 60) -> RunDetail:
        """The run once it has ended."""
        return await self.until(started, lambda run: run.status in ENDED, seconds)

    async def until(
        self, started: Named, reached: Callable[[RunDetail], bool], seconds: float = 60
    ) -> RunDetail:
        """The run once `reached` says so."""
        async with asyncio.timeout(seconds):
            while True:
                run = await self.engine.show(started.run_id, started.flow)
                if reached(run):
                    return run
                await asyncio.sleep(0.05)


Host = Callable[..., AbstractAsyncContextManager[Hosted]]
OpenServices = Callable[[Runtime, Engine], AbstractAsyncContextManager[OutsideServices]]


def write_project(root: Path, files: Mapping[str, str]) -> Project:
    """Writes step files (by name, below `steps/`) and a `wistro.yml` with a name of its own."""
    for name, text in files.items():
        path = root / name if name in _AT_THE_ROOT else root / "steps" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    settings = root / "wistro.yml"
    given = settings.read_text() if settings.exists() else ""
    settings.write_text(f"project: t{secrets.token_hex(4)}\n{given}")
    return Project.open(root)


@pytest.fixture
def host(temporal_server: TemporalServer, tmp_path: Path) -> Host:
    """Hosts a project: `async with host({"a.step.py": "…"}) as hosted`."""
    address = ServerAddress(address=temporal_server.address, namespace=temporal_server.namespace)
    return partial(hosting, address, tmp_path)


@asynccontextmanager
async def hosting(
    address: ServerAddress,
    root: Path,
    files: Mapping[str, str],
    *,
    calls: Callable[[Invocation], FlowCalls] | None = None,
    services: OpenServices | None = None,
) -> AsyncGenerator[Hosted]:
    """Hosts the project of these files in this process."""
    project = write_project(root, files)
    compiled = project.compile()
    assert compiled.ok, (compiled.errors, compiled.findings)
    runtime = Runtime.open(project, compiled.lock, address)
    engine = await runtime.engine()
    state, journal = MemoryState(), MemoryJournal()
    backends = Backends(
        state=lambda _: state,
        journal=journal,
        calls=calls or (lambda run: HandlerCalls(engine, run.flow, run.run_id)),
    )
    async with (
        python_worker(project.root, compiled.lock, backends) as worker,
        nullcontext() if services is None else services(runtime, engine) as outside,
        host_runs(
            engine.client,
            engine,
            worker.activity,
            services=outside,
            queues=worker.queues,
            drain=timedelta(seconds=1),
        ),
    ):
        yield Hosted(
            root=project.root, runtime=runtime, engine=engine, state=state, journal=journal
        )


def api(step: str) -> Trigger:
    """The trigger of an API step."""
    return Trigger(kind="api", step=step)
