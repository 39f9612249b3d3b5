"""The two sides of a comparison: the project, and the same written by hand."""

from __future__ import annotations

import asyncio
import secrets
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from temporalio.client import Client, WorkflowHandle

from bench.processes import answers, python, until
from handwritten.connection import TASK_QUEUE, connect
from wistro.contract import Trigger
from wistro.project import Project
from wistro.temporal import wire
from wistro.temporal.host.devserver import free_port
from wistro.temporal.host.engine import Engine
from wistro.temporal.host.runtime import Runtime
from wistro.temporal.host.serverbinary import ServerAddress

ORDER: dict[str, object] = {
    "id": "7f9c2ba4e88f827d616045507605853e",
    "hop": 0,
    "customer": "Ada Lovelace, 12 St James's Square, London",
    "lines": ["1 analytical engine", "40 punched cards", "2 brass gears, toothed"],
}

Handle = WorkflowHandle[object, object]


class Side(ABC):
    """One side: starts runs by the name of what they do."""

    name: str
    api: str
    """The address of its HTTP process."""

    def __init__(self, client: Client, api: str) -> None:
        self.client = client
        self.api = api

    @abstractmethod
    async def start(self, what: str, data: object) -> Handle:
        """Start a run; it exists durably when this returns."""

    @abstractmethod
    async def began(self, handle: Handle) -> float:
        """When the first step of a finished run of `first` began, in seconds since the epoch."""

    async def run(self, what: str, data: object = ORDER) -> object:
        """Start a run and wait for its end."""
        return await (await self.start(what, data)).result()


class Wistro(Side):
    """The project: real step files, run by `wistro start`."""

    name = "wistro"

    def __init__(self, engine: Engine, api: str) -> None:
        super().__init__(engine.client, api)
        self._engine = engine

    async def start(self, what: str, data: object) -> Handle:
        message = {"count": data} if isinstance(data, int) else data
        trigger = Trigger(kind="event", topic=f"{what}.1")
        started = await self._engine.start(what, trigger, message)
        return self.client.get_workflow_handle(
            wire.workflow_id(what, started.run_id), result_type=wire.RunResult
        )

    async def began(self, handle: Handle) -> float:
        flow, run_id = wire.parse_workflow_id(handle.id)
        detail = await self._engine.show(run_id, flow)
        return float(str(detail.deliveries[0].output))


class Handwritten(Side):
    """The same against the Temporal SDK."""

    name = "hand-written"

    async def start(self, what: str, data: object) -> Handle:
        return await self.client.start_workflow(
            what, data, id=f"{what}/{secrets.token_hex(16)}", task_queue=TASK_QUEUE
        )

    async def began(self, handle: Handle) -> float:
        return float(str(await handle.result()))


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where the measured things are."""

    root: Path
    """The folder of the measured project."""
    address: str
    """The Temporal server, which keeps everything in memory."""
    binary: Path
    """Its command."""

    @property
    def keys(self) -> Path:
        """The project's keys, which both sides encrypt with."""
        return self.root / ".wistro" / "keys.json"

    def runtime(self) -> Runtime:
        project = Project.open(self.root)
        server = ServerAddress(address=self.address, namespace="default")
        return Runtime.open(project, project.read_lock(), server)

    @asynccontextmanager
    async def sides(self, *, warm: str = "chain") -> AsyncIterator[tuple[Wistro, Handwritten]]:
        """Both sides, each in a process of its own, started for this measurement.

        Args:
            warm: The flow that each side has run once before it is measured.
        """
        log = self.root / "processes.log"
        ports = free_port(), free_port()
        env = {"TEMPORAL_ADDRESS": self.address, "TEMPORAL_NAMESPACE": "default"}
        start = ["-m", "wistro_cli", "--project", str(self.root), "start", "--port", str(ports[0])]
        async with AsyncExitStack() as stack:
            processes = [
                await stack.enter_async_context(python(*command, log=log, env=env))
                for command in (start, by_hand(self.address, self.keys, ports[1]))
            ]
            engine = await self.runtime().engine()
            wistro = Wistro(engine, f"http://127.0.0.1:{ports[0]}")
            client = await connect(self.address, self.keys)
            byhand = Handwritten(client, f"http://127.0.0.1:{ports[1]}")
            async with httpx.AsyncClient() as http:

                async def ready() -> bool:
                    urls = f"{wistro.api}/_wistro/health", f"{byhand.api}/health"
                    return all([await answers(http, url) for url in urls])

                await until(ready, processes, log=log)
            for side in (wistro, byhand):
                await asyncio.wait_for(side.run(warm), 60)
            yield wistro, byhand


def by_hand(address: str, keys: Path, port: int) -> list[str]:
    """The command of the hand-written side's process."""
    return ["-m", "handwritten", "--address", address, "--keys", str(keys), "--port", str(port)]
