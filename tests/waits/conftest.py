"""A project whose runs wait for messages, served and hosted by the test's process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import TemporalServer
from tests.engine.conftest import Hosted, write_project
from wistro.contract import Trigger
from wistro.stores.memory import MemoryJournal, MemoryState
from wistro.stores.memory_stream import MemoryStreams
from wistro.stores.sqlite_waits import SqliteWaits
from wistro.temporal.host.engine import Started
from wistro.temporal.host.hosting import host_runs
from wistro.temporal.host.remote_waits import RemoteWaits
from wistro.temporal.host.runtime import Runtime
from wistro.temporal.host.serverbinary import ServerAddress
from wistro.temporal.host.services import OutsideServices
from wistro.temporal.host.waits import Waits
from wistro_codec import mint_run_token
from wistro_triggers.app import create_app
from wistro_triggers.serve import serve
from wistro_worker.serve import Backends, python_worker


def orders(
    where: str | None = "message.order == request.id",
    *,
    topic: str = "payment.arrived: { external: true }",
    awaits: str = "",
    more: str = "",
) -> dict[str, str]:
    """A flow that takes an order, waits for its payment and ships it.

    Args:
        where: Of the wait.
        topic: What `wistro.yml` says about the topic that it waits for.
        awaits: More arguments of the wait.
        more: More arguments of its step.
    """
    return {
        "order.step.py": """
            from wistro import CallStep, Context

            config = CallStep(name="Take an order", flows=["orders"], emits=["order.placed"])

            async def handler(order: dict, ctx: Context) -> None:
                await ctx.emit("order.placed", order)
        """,
        "payment.step.py": f"""
            from datetime import timedelta
            from wistro import Await, Emit, NoopStep

            config = NoopStep(
                name="Wait for the payment",
                flows=["orders"],
                subscribes=["order.placed"],
                awaits=Await(topic="payment.arrived", where={where!r}, {awaits}),
                emits=["order.paid"],
                {more}
            )
        """,
        "ship.step.py": """
            from wistro import Context, EventStep

            config = EventStep(name="Ship the order", flows=["orders"], subscribes=["order.paid"])

            async def handler(paid: dict, ctx: Context) -> dict:
                return paid
        """,
        "wistro.yml": f"topics:\n  {topic}\n",
    }


@dataclass(frozen=True, kw_only=True)
class Waiting(Hosted):
    """A project that is served, with the store of its waits."""

    http: httpx.AsyncClient
    store: SqliteWaits
    waits: Waits

    async def start(self, data: object, *, step: str = "order", flow: str = "orders") -> Started:
        """Starts a run, and returns once it waits for a message that the store knows of."""
        started = await self.begin(data, step=step, flow=flow)
        await self.waiting(started)
        return started

    async def begin(self, data: object, *, step: str = "order", flow: str = "orders") -> Started:
        """Starts a run."""
        return await self.engine.start(flow, Trigger(kind="call", step=step), data)

    async def waiting(self, *runs: Started) -> None:
        """Returns once the store knows that these runs wait."""
        wanted = {run.run_id for run in runs}
        async with asyncio.timeout(60):
            while wanted - await open_waits(self.store):
                await asyncio.sleep(0.02)

    async def send(
        self, topic: str, data: object, *, status: int = 202, **headers: str
    ) -> dict[str, Any]:
        """Publishes a message over HTTP."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.http.post(f"/_wistro/topics/{topic}", json=data, headers=named)
        assert answer.status_code == status, answer.text
        return answer.json()


async def open_waits(store: SqliteWaits) -> set[str]:
    """The runs that wait."""
    rows = await store._file.read(lambda db: db.execute("SELECT run_id FROM waits").fetchall())
    return {run_id for (run_id,) in rows}


Wait = Callable[..., AbstractAsyncContextManager[Waiting]]


@pytest.fixture
def wait(temporal_server: TemporalServer, tmp_path: Path) -> Wait:
    """Serves and hosts a project: `async with wait({"a.step.py": "…"}) as project`."""
    address = ServerAddress(address=temporal_server.address, namespace=temporal_server.namespace)
    return partial(waiting, address, tmp_path)


@asynccontextmanager
async def waiting(
    address: ServerAddress, root: Path, files: Mapping[str, str], *, remote: bool = False
) -> AsyncGenerator[Waiting]:
    """Serves and hosts the project of these files; `remote`: its runs reach waits over HTTP."""
    project = write_project(root, files)
    compiled = project.compile()
    assert compiled.ok, (compiled.errors, compiled.findings)
    runtime = Runtime.open(project, compiled.lock, address)
    engine = await runtime.engine()
    state, journal = MemoryState(), MemoryJournal()
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    async with AsyncExitStack() as stack:
        store = await runtime.open_waits()
        stack.push_async_callback(store.close)
        app = create_app(
            engine, runtime, state=state, streams=MemoryStreams(), journal=journal, waits=store
        )
        serving = asyncio.create_task(
            serve(app, port=0, stop=stop, on_ready=ready.set_result, grace=2)
        )
        url = await asyncio.wait_for(ready, 10)
        http = httpx.AsyncClient(
            base_url=url, timeout=60, headers={"authorization": f"Bearer {runtime.token}"}
        )
        await stack.enter_async_context(http)
        local = Waits(engine, store, runtime.keys)

        def mint(flow: str, run_id: str) -> str:
            return mint_run_token(runtime.keys, flow=flow, run_id=run_id, expires_at=2**32)

        keeper = RemoteWaits(url, mint, http) if remote else local
        worker = await stack.enter_async_context(
            python_worker(
                project.root,
                compiled.lock,
                Backends(state=lambda _: state, journal=journal),
            )
        )
        await stack.enter_async_context(
            host_runs(
                engine.client,
                engine,
                worker.activity,
                services=OutsideServices(waits=keeper),
                queues=worker.queues,
                drain=timedelta(seconds=1),
            )
        )
        try:
            yield Waiting(
                root=project.root,
                runtime=runtime,
                engine=engine,
                state=state,
                journal=journal,
                http=http,
                store=store,
                waits=local,
            )
        finally:
            stop.set()
            await asyncio.wait_for(serving, 10)
