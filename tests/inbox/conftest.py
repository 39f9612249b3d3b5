"""A project with tasks for people, on a real Temporal server, with its HTTP side."""

from __future__ import annotations

import asyncio
import secrets
import textwrap
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import TemporalServer
from tests.reliability.conftest import cluster
from wistro.project import Project
from wistro.runs import RunDetail
from wistro.stores.inbox import InboxStore
from wistro.stores.memory import MemoryJournal, MemoryState
from wistro.stores.memory_stream import MemoryStreams
from wistro.temporal.host.engine import Engine, Started
from wistro.temporal.host.hosting import host_runs
from wistro.temporal.host.runtime import Runtime
from wistro.temporal.host.serverbinary import ServerAddress
from wistro.temporal.host.services import OutsideServices
from wistro.temporal.host.task_links import LinkMaker
from wistro_triggers.app import create_app
from wistro_triggers.serve import serve
from wistro_worker.serve import Backends, python_worker

__all__ = ["cluster"]  # a fixture, which is used by its name

SECRET = "Zanzibar-4711"
"""Stands in every request: it must be nowhere in clear."""

WANTED = """
    from wistro import NoopStep

    config = NoopStep(
        name="Approve the refund",
        description="A customer wants their money back.",
        flows=["refunds"],
        subscribes=["refund.wanted"],
        emits=[
            {"topic": "refund.approved", "where": "message.answer.approved"},
            {"topic": "refund.refused", "where": "!message.answer.approved"},
        ],
        input={
            "type": "object",
            "properties": {
                "approved": {"type": "boolean"},
                "amount": {"type": "number", "minimum": 0},
                "reason": {"type": "string", "maxLength": 300},
            },
            "required": ["approved"],
            "additionalProperties": False,
        },
        {more}
    )
    """
DONE = """
    from wistro import EventStep

    config = EventStep(
        name="Book the decision", flows=["refunds"], subscribes=["refund.approved", "refund.refused"],
        emits=[],
    )

    async def handler(message, ctx):
        await ctx.state.set("decided", ctx.run_id, message)
    """
LISTEN = """
    from wistro import EventStep

    config = EventStep(name="Tell people", flows=["refunds"], subscribes={topics})

    async def handler(message, ctx):
        said = await ctx.state.get("told", ctx.run_id) or []
        await ctx.state.set("told", ctx.run_id, [*said, message])
    """
SETTINGS = "topics: { refund.wanted: { external: true } }\n"


def refunds(*, more: str = "", topics: tuple[str, ...] = (), settings: str = "") -> dict[str, str]:
    """The files of a project whose one task may say `more`, and where somebody hears `topics`."""
    files = {
        "approve.step.py": WANTED.replace("{more}", more),
        "done.step.py": DONE,
        "wistro.yml": SETTINGS + settings,
    }
    if topics:
        files["listen.step.py"] = LISTEN.replace("{topics}", repr(list(topics)))
    return files


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The project, its inbox, and the ways to it."""

    runtime: Runtime
    engine: Engine
    state: MemoryState
    inbox: InboxStore
    admin: httpx.AsyncClient
    """What a holder of the management token has."""
    http: httpx.AsyncClient
    """What anybody has."""

    async def wanted(self, **data: object) -> tuple[Started, dict[str, Any]]:
        """A run that asks for a refund, and its task once it is listed."""
        message = {"order": "7", "note": SECRET, **data}
        (started,) = await self.engine.publish("refund.wanted", message)
        return started, await self.task_of(started)

    async def task_of(self, run: Started, status: str = "open") -> dict[str, Any]:
        """The task of a run, once it is listed."""
        async with asyncio.timeout(20):
            while True:
                query = {"text": run.run_id, "status": status}
                found = (await self.admin.get("/tasks", params=query)).json()["tasks"]
                if found:
                    return found[0]
                await asyncio.sleep(0.05)

    async def answer(self, task: dict[str, Any], data: object, by: str = "anna") -> httpx.Response:
        """Answers a task in somebody's name."""
        body = {"data": data, "by": by}
        return await self.admin.post(f"/tasks/{task['id']}/answer", json=body)

    async def act_as(self, name: str, path: str, body: object, roles: str = "") -> httpx.Response:
        """Posts what a user with these roles says."""
        headers = {"wistro-as": name, "wistro-as-roles": roles}
        return await self.admin.post(path, json=body, headers=headers)

    async def audited(self, identity: str, action: str, reason: str) -> None:
        """Waits until the audit has that: it is written in the background."""
        async with asyncio.timeout(20):
            while True:
                items = (await self.admin.get("/audit")).json()["items"]
                if (identity, action, reason) in [
                    (item["identity"], item["action"], item["reason"]) for item in items
                ]:
                    return
                await asyncio.sleep(0.05)

    async def noted(self, run: Started, last: str) -> list[dict[str, Any]]:
        """What the journal has of a run, the oldest first, once it has the `last` kind of entry."""
        async with asyncio.timeout(20):
            while True:
                found = (await self.admin.get("/logs", params={"run_id": run.run_id})).json()
                if any(entry["kind"] == last for entry in found["entries"]):
                    return found["entries"][::-1]
                await asyncio.sleep(0.05)

    async def passed(self, run: Started, topic: str) -> dict[str, Any]:
        """The only message of a run on a topic, as it is listed, and who got it."""
        found = (await self.admin.get(f"/topics/{topic}/messages")).json()["items"]
        (message,) = (item for item in found if item["run_id"] == run.run_id)
        names = ("flow", "run_id", "delivery_id", "number", "told")
        query = {name: message[name] for name in names}
        return (await self.admin.get(f"/topics/{topic}/message", params=query)).json()

    async def ended(self, run: Started) -> RunDetail:
        """The run once it has ended."""
        async with asyncio.timeout(30):
            while (found := await self.engine.show(run.run_id, run.flow)).closed_at is None:
                await asyncio.sleep(0.05)
            return found

    async def wait_until(self, moment: str) -> None:
        """Waits for a moment, and a little longer: links count whole seconds."""
        at = datetime.fromisoformat(moment).timestamp()
        await asyncio.sleep(max(0, at - time.time()) + 1.1)

    async def kept(self, group: str, run: Started, reached: Callable[[Any], object] = bool) -> Any:
        """A value of the state, once it is there and as wanted."""
        async with asyncio.timeout(20):
            while True:
                entry = await self.state.get(group, run.run_id)
                if entry is not None and reached(entry.value):
                    return entry.value
                await asyncio.sleep(0.05)


OpenDesk = Callable[..., AbstractAsyncContextManager[Desk]]


@pytest.fixture
def open_desk(temporal_server: TemporalServer, tmp_path: Path) -> OpenDesk:
    """Opens a project: `async with open_desk(refunds()) as desk`."""
    address = ServerAddress(address=temporal_server.address, namespace=temporal_server.namespace)
    return partial(opened, address, tmp_path)


@asynccontextmanager
async def opened(
    address: ServerAddress, root: Path, files: Mapping[str, str], *, working: bool = True
) -> AsyncGenerator[Desk]:
    """Serve the project of these files, and work on its runs."""
    if not (root / "wistro.yml").exists():
        write(root, files)
    project = Project.open(root)
    compiled = project.compile()
    assert compiled.ok, (compiled.errors, compiled.findings)
    runtime = Runtime.open(project, compiled.lock, address)
    engine = await runtime.engine()
    state, inbox = MemoryState(), await runtime.open_inbox()
    journal = MemoryJournal()
    app = create_app(
        engine,
        runtime,
        state=state,
        streams=MemoryStreams(),
        journal=journal,
        inbox=inbox,
        secret={"DESK_KEY": "k" * 40, "OTHER_KEY": "o" * 40}.get,
    )
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(app, port=0, stop=stop, on_ready=ready.set_result))
    url = await asyncio.wait_for(ready, 10)
    bearer = {"authorization": f"Bearer {runtime.token}"}
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        api = f"{url}/_wistro/api"
        admin = await enter(httpx.AsyncClient(base_url=api, timeout=40, headers=bearer))
        http = await enter(httpx.AsyncClient(base_url=url, timeout=40))
        if working:
            backends = Backends(state=lambda _: state, journal=journal)
            worker = await enter(python_worker(root, compiled.lock, backends))
            await enter(
                host_runs(
                    engine.client,
                    engine,
                    worker.activity,
                    services=OutsideServices(
                        inbox=inbox, links=LinkMaker(runtime.keys, lambda: url)
                    ),
                    drain=timedelta(seconds=1),
                )
            )
        try:
            yield Desk(
                runtime=runtime, engine=engine, state=state, inbox=inbox, admin=admin, http=http
            )
        finally:
            stop.set()
            await asyncio.wait_for(serving, 10)
            await inbox.close()


def write(root: Path, files: Mapping[str, str]) -> None:
    """Write the files of a project under a name of its own."""
    for name, text in files.items():
        path = root / name if name == "wistro.yml" else root / "steps" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        start = f"project: t{secrets.token_hex(4)}\n" if name == "wistro.yml" else ""
        path.write_text(start + textwrap.dedent(text))
