"""A shop on a real Temporal server: endpoints, worker and stores, as a project has them."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from tests.conftest import TemporalServer
from wistro.project import Project
from wistro.stores.journal import Journal
from wistro.stores.memory import MemoryJournal, MemoryState
from wistro.stores.memory_spans import MemorySpans
from wistro.stores.memory_stream import MemoryStreams
from wistro.stores.spans import SpanStore
from wistro.stores.state import StateStore
from wistro.stores.stream import StreamStore
from wistro.temporal.host.engine import Engine
from wistro.temporal.host.hosting import host_runs
from wistro.temporal.host.runtime import Runtime
from wistro.temporal.host.serverbinary import ServerAddress
from wistro_triggers.app import create_app
from wistro_triggers.serve import serve
from wistro_worker.serve import python_worker, remote_backends

SECRETS = {
    "GITHUB_WEBHOOK_SECRET": "It's a Secret to Everybody",
    "BANK_SECRET": "money",
}


@dataclass(kw_only=True)
class Shop:
    """The project `shop`, served over HTTP."""

    runtime: Runtime
    engine: Engine
    state: StateStore = field(default_factory=MemoryState)
    streams: StreamStore = field(default_factory=MemoryStreams)
    journal: Journal = field(default_factory=MemoryJournal)
    spans: SpanStore = field(default_factory=MemorySpans)
    app: FastAPI = field(default_factory=FastAPI)
    url: str = ""
    http: httpx.AsyncClient = field(default_factory=httpx.AsyncClient)
    """What anybody has."""
    admin: httpx.AsyncClient = field(default_factory=httpx.AsyncClient)
    """What a holder of the management token has."""

    async def ended(self, flow: str, run_id: str) -> dict[str, object]:
        """The run once it has ended, as the management API shows it."""
        return await self.shown(
            flow, run_id, lambda run: run["status"] not in {"running", "scheduled"}
        )

    async def shown(
        self, flow: str, run_id: str, reached: Callable[[dict[str, object]], object]
    ) -> dict[str, object]:
        """The run once `reached` says so."""
        async with asyncio.timeout(30):
            while True:
                answer = await self.admin.get(f"/_wistro/api/runs/{flow}/{run_id}")
                if answer.status_code == 200 and reached(answer.json()):
                    return answer.json()
                await asyncio.sleep(0.05)

    async def kept(self, group: str, key: str) -> object:
        """A value of the state, once it is there."""
        async with asyncio.timeout(30):
            while (entry := await self.state.get(group, key)) is None:
                await asyncio.sleep(0.05)
            return entry.value


@asynccontextmanager
async def open_shop(address: ServerAddress, folder: Path) -> AsyncIterator[Shop]:
    """Serve the shop from `folder`, with a Temporal server at `address`."""
    root = folder / "shop"
    shutil.copytree(Path(__file__).parent / "shop", root)
    with (root / "wistro.yml").open("a") as settings:
        settings.write(f"project: shop-{secrets.token_hex(4)}\n")
    project = Project.open(root)
    compiled = project.compile()
    assert compiled.ok, (compiled.errors, compiled.findings)
    runtime = Runtime.open(project, compiled.lock, address)
    engine = await runtime.engine(lazy=True)
    shop = Shop(runtime=runtime, engine=engine)
    shop.app = create_app(
        engine,
        runtime,
        state=shop.state,
        streams=shop.streams,
        journal=shop.journal,
        spans=shop.spans,
        secret=SECRETS.get,
    )
    stop, ready = asyncio.Event(), asyncio.Event()

    def on_ready(url: str) -> None:
        shop.url = url
        ready.set()

    serving = asyncio.create_task(serve(shop.app, port=0, stop=stop, on_ready=on_ready, grace=2))
    await asyncio.wait_for(ready.wait(), 10)
    bearer = {"authorization": f"Bearer {runtime.token}"}
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        shop.http = await enter(httpx.AsyncClient(base_url=shop.url, timeout=30))
        shop.admin = await enter(httpx.AsyncClient(base_url=shop.url, timeout=30, headers=bearer))
        try:
            yield shop
        finally:
            stop.set()
            await asyncio.wait_for(serving, 10)


@asynccontextmanager
async def working(shop: Shop) -> AsyncIterator[None]:
    """Work on the shop's runs."""
    engine = await shop.runtime.engine()
    async with (
        remote_backends(shop.url, shop.runtime.keys) as backends,
        python_worker(shop.runtime.project.root, shop.runtime.lock, backends) as worker,
        host_runs(
            engine.client,
            engine,
            worker.activity,
            queues=worker.queues,
            drain=timedelta(seconds=1),
        ),
    ):
        yield


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shop(
    temporal_server: TemporalServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shop]:
    """The shop, with a worker; one for all tests that do not break anything."""
    address = ServerAddress(address=temporal_server.address, namespace=temporal_server.namespace)
    async with open_shop(address, tmp_path_factory.mktemp("triggers")) as shop, working(shop):
        await shop.engine.sync_schedules()
        yield shop
