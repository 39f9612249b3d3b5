"""A shop whose flows have rules, on a real Temporal server, with a real issuer of users."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from tests.access.issuer import AUDIENCE, CLIENT_SECRET, Issuer
from tests.conftest import TemporalServer
from tests.stores.serving import serving
from wistro.project import Project
from wistro.stores.api_keys import FILE, ApiKeyFile
from wistro.stores.audit import AuditEntry
from wistro.stores.memory import MemoryJournal, MemoryState
from wistro.stores.memory_stream import MemoryStreams
from wistro.stores.sqlite_audit import SqliteAudit
from wistro.temporal.host.devserver import free_port
from wistro.temporal.host.hosting import host_runs
from wistro.temporal.host.runtime import Runtime
from wistro.temporal.host.serverbinary import ServerAddress
from wistro_triggers.app import create_app
from wistro_triggers.serve import serve
from wistro_worker.serve import python_worker, remote_backends

SECRETS = {
    "FRONTEND_KEY": "frontend-key-of-the-shop-000000",
    "DASHBOARD_KEY": "dashboard-key-of-the-shop-00000",
    "READER_KEY": "reader-key-of-the-shop-00000000",
}
FRONTEND, DASHBOARD, READER = SECRETS.values()
SECRETS["WORKBENCH_SECRET"] = CLIENT_SECRET


@dataclass(kw_only=True)
class Desk:
    """The shop, served on a public and an internal listener."""

    runtime: Runtime
    issuer: Issuer
    audit: SqliteAudit
    keys: ApiKeyFile
    app: FastAPI = field(default_factory=FastAPI)
    public: str = ""
    internal: str = ""
    http: httpx.AsyncClient = field(default_factory=httpx.AsyncClient)

    @property
    def token(self) -> str:
        return self.runtime.token

    async def call(
        self, flow: str, shown: str | None = None, *, internal: bool = False, **headers: str
    ) -> httpx.Response:
        """Call a flow, showing a key or token."""
        place = self.internal if internal else self.public
        return await self.http.post(
            f"{place}/call/{flow}", json={"input": 1}, headers=_headers(shown, headers)
        )

    async def fetch(self, flow: str, call_id: str, shown: str | None = None) -> httpx.Response:
        """Ask for the answer of an earlier call."""
        return await self.http.get(
            f"{self.public}/call/{flow}/{call_id}", headers=_headers(shown, {})
        )

    async def refusals(self, **query: str | int) -> list[dict[str, str]]:
        """What the management API says about refusals, the newest first."""
        await asyncio.sleep(0.5)  # they are noted in the background
        answer = await self.http.get(
            f"{self.internal}/_wistro/api/audit", params=query, headers=_headers(self.token, {})
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]


def _headers(shown: str | None, more: dict[str, str]) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return named if shown is None else {"authorization": f"Bearer {shown}", **named}


@asynccontextmanager
async def open_desk(
    server: TemporalServer, folder: Path, *, two: bool = True, development: bool = False
) -> AsyncIterator[Desk]:
    """The shop, from `folder`; `two`: with an internal listener."""
    root = folder / "shop"
    shutil.copytree(Path(__file__).parent / "shop", root)
    issuer = Issuer()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        issuer.address = await enter(serving(issuer.app()))
        settings = (root / "wistro.yml").read_text() + (
            f"  oidc: {{ issuer: '{issuer.address}', audience: {AUDIENCE}, leeway: 2s,"
            " roles_claim: realm.roles }\n"
            f"project: shop-{secrets.token_hex(4)}\n"
        )
        (root / "wistro.yml").write_text(settings)
        project = Project.open(root)
        compiled = project.compile()
        assert compiled.ok, (compiled.errors, compiled.findings)
        address = ServerAddress(address=server.address, namespace=server.namespace)
        runtime = Runtime.open(project, compiled.lock, address)
        audit = await SqliteAudit.open(runtime.folder / "wistro.db")
        stack.push_async_callback(audit.close)
        engine = await runtime.engine(lazy=True)
        app = create_app(
            engine,
            runtime,
            state=MemoryState(),
            streams=MemoryStreams(),
            journal=MemoryJournal(),
            audit=audit,
            secret=SECRETS.get,
            development=development,
        )
        desk = Desk(
            runtime=runtime,
            issuer=issuer,
            audit=audit,
            keys=ApiKeyFile(runtime.folder / FILE),
            app=app,
        )
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        port, stop = free_port(), asyncio.Event()
        serve_it = serve(
            app,
            port=port,
            internal=("127.0.0.1", 0) if two else None,
            stop=stop,
            on_ready=ready.set_result,
            grace=2,
        )
        task = asyncio.create_task(serve_it)
        desk.public = f"http://127.0.0.1:{port}"
        desk.internal = await asyncio.wait_for(ready, 10)
        desk.http = await enter(httpx.AsyncClient(timeout=30, trust_env=False))
        try:
            yield desk
        finally:
            stop.set()
            await asyncio.wait_for(task, 10)


@asynccontextmanager
async def working(desk: Desk) -> AsyncIterator[None]:
    """Work on the runs of the shop; handlers reach the worker API on the internal listener."""
    engine = await desk.runtime.engine()
    async with (
        remote_backends(desk.internal, desk.runtime.keys) as backends,
        python_worker(desk.runtime.project.root, desk.runtime.lock, backends) as worker,
        host_runs(
            engine.client, engine, worker.activity, queues=worker.queues, drain=timedelta(seconds=1)
        ),
    ):
        yield


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def desk(
    temporal_server: TemporalServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Desk]:
    """The shop with two listeners and a worker."""
    folder = tmp_path_factory.mktemp("access")
    async with open_desk(temporal_server, folder) as desk, working(desk):
        yield desk


def entry(number: int = 0, **changes: object) -> AuditEntry:
    given = {"kind": "key", "id": "k", "action": "call", "flow": "f", "reason": "not_allowed"}
    return AuditEntry(at=1000.0 + number, **{**given, **changes})  # pyright: ignore[reportArgumentType]
