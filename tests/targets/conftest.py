"""A small project whose answers go to response targets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import TemporalServer
from tests.engine.conftest import write_project
from tests.targets.receiver import SECRET
from wistro.channels import Channels
from wistro.inbox_answers import AnswersInInbox
from wistro.stores.memory import MemoryJournal, MemoryState
from wistro.stores.memory_stream import MemoryStreams
from wistro.targets import AnswerRecord, Targets
from wistro.temporal.activities.answers import AnswerServices
from wistro.temporal.host.answers import Answers
from wistro.temporal.host.engine import Engine
from wistro.temporal.host.hosting import host_runs
from wistro.temporal.host.runtime import Runtime
from wistro.temporal.host.serverbinary import ServerAddress
from wistro.temporal.host.services import OutsideServices
from wistro.temporal.host.waits import Waits
from wistro_triggers.app import create_app
from wistro_triggers.serve import serve
from wistro_worker.serve import Backends, python_worker

SETTINGS = """
    answers:
      retry: [0.1s, 0.1s, 0.1s]
      timeout: 2s
      webhooks: { secret: HOOK_SECRET, allow: ["http://127.0.0.1:*/*"] }
      targets: { filing: "filing:FilingCabinet" }
    flows:
      ask: { callable: { access: public } }
      many: { callable: { access: public, responses: many } }
      heard:
      waiter:
    topics:
      answer.heard: { external: true }
      answer.awaited: { external: true }
      go: { external: true }
    """

FILES = {
    "wistro.yml": SETTINGS,
    "ask.step.py": """
        from wistro import CallStep
        config = CallStep(name="Ask", flows=["ask"])
        async def handler(question, ctx):
            if question == "fail":
                raise ValueError("a secret of ours")
            if question != "nothing":
                await ctx.respond({"echo": question})
        """,
    "many.step.py": """
        from wistro import CallStep
        config = CallStep(name="Many", flows=["many"], emits=["part"])
        async def handler(count, ctx):
            for number in range(count):
                await ctx.emit("part", number)
        """,
    "part.step.py": """
        import asyncio
        from wistro import EventStep
        config = EventStep(name="Part", flows=["many"], subscribes=["part"])
        async def handler(number, ctx):
            await asyncio.sleep(0.3 * number)
            await ctx.respond({"part": number})
        """,
    "begin_to_wait.step.py": """
        from wistro import EventStep
        config = EventStep(name="Begin", flows=["waiter"], subscribes=["go"], emits=["waits"])
        async def handler(message, ctx):
            await ctx.emit("waits", message)
        """,
    "wait_for_answer.step.py": """
        from wistro import Await, NoopStep
        config = NoopStep(name="Wait for an answer", flows=["waiter"], subscribes=["waits"],
                          awaits=Await(topic="answer.awaited"), emits=["had"])
        """,
    "had.step.py": """
        from wistro import EventStep
        config = EventStep(name="Had", flows=["waiter"], subscribes=["had"])
        async def handler(message, ctx):
            return message
        """,
    "heard.step.py": """
        from wistro import EventStep
        config = EventStep(name="Heard", flows=["heard"], subscribes=["answer.heard"])
        async def handler(message, ctx):
            await ctx.state.increment("heard", message["call_id"])
        """,
}


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The project, hosted and served."""

    root: Path
    runtime: Runtime
    engine: Engine
    state: MemoryState
    streams: MemoryStreams
    url: str
    http: httpx.AsyncClient
    """What anybody has."""
    admin: httpx.AsyncClient
    """What a holder of the management token has."""

    async def call(
        self, flow: str, given: object, respond_to: dict[str, object], **headers: str
    ) -> str:
        """Calls a flow that answers elsewhere; the call's id."""
        answer = await self.admin.post(
            f"/call/{flow}", json={"input": given, "respond_to": respond_to}, headers=headers
        )
        assert answer.status_code == 202, answer.text
        return answer.json()["call_id"]

    async def record(
        self, flow: str, run_id: str, status: str = "delivered", seconds: float = 30
    ) -> AnswerRecord:
        """The record of the only delivery of a run, once it has the status."""
        async with asyncio.timeout(seconds):
            while True:
                for record in await self.records(flow, run_id):
                    if record.status == status:
                        return record
                await asyncio.sleep(0.05)

    async def records(self, flow: str, run_id: str) -> list[AnswerRecord]:
        """The records of a run so far."""
        from wistro.errors import RunNotFound

        try:
            return list(await Answers(self.engine).show(flow, run_id))
        except RunNotFound:
            return []

    async def shown(self, path: str, reached: Callable[[Any], object]) -> Any:
        """What the management API shows once `reached` says so."""
        async with asyncio.timeout(30):
            while True:
                found = await self.admin.get(f"/_wistro/api{path}")
                if found.status_code == 200 and reached(found.json()):
                    return found.json()
                await asyncio.sleep(0.1)


@asynccontextmanager
async def open_desk(
    address: ServerAddress, root: Path, files: dict[str, str], secrets: dict[str, str]
) -> AsyncGenerator[Desk]:
    """Hosts and serves a project in this process."""
    project = write_project(root, files)
    (root / "filing.py").write_text((Path(__file__).parent / "filing.py").read_text())
    compiled = project.compile()
    assert compiled.ok, (compiled.errors, compiled.findings)
    runtime = Runtime.open(project, compiled.lock, address)
    engine = await runtime.engine()
    state, streams, journal = MemoryState(), MemoryStreams(), MemoryJournal()
    backends = Backends(state=lambda _: state, journal=journal)
    waits = Waits(engine, await runtime.open_waits(), runtime.keys)
    app = create_app(
        engine, runtime, state=state, streams=streams, journal=journal, secret=secrets.get
    )
    answers = AnswerServices(
        targets=Targets(lambda: engine.lock, root=root),
        channels=Channels(streams),
        inbox=AnswersInInbox(streams),
        secret=secrets.get,
    )
    stop, ready = asyncio.Event(), asyncio.Event()
    url = ""

    def on_ready(found: str) -> None:
        nonlocal url
        url = found
        ready.set()

    serving = asyncio.create_task(serve(app, port=0, stop=stop, on_ready=on_ready, grace=2))
    await asyncio.wait_for(ready.wait(), 10)
    bearer = {"authorization": f"Bearer {runtime.token}"}
    async with (
        httpx.AsyncClient(base_url=url, timeout=30) as http,
        httpx.AsyncClient(base_url=url, timeout=30, headers=bearer) as admin,
        python_worker(root, compiled.lock, backends) as worker,
        host_runs(
            engine.client,
            engine,
            worker.activity,
            services=OutsideServices(answers=answers, waits=waits),
            drain=timedelta(seconds=1),
        ),
    ):
        yield Desk(
            root=root,
            runtime=runtime,
            engine=engine,
            state=state,
            streams=streams,
            url=url,
            http=http,
            admin=admin,
        )
        stop.set()
        await asyncio.wait_for(serving, 10)


@pytest.fixture
async def desk(temporal_server: TemporalServer, tmp_path: Path) -> AsyncGenerator[Desk]:
    """The project, on the tests' Temporal server."""
    address = ServerAddress(address=temporal_server.address, namespace=temporal_server.namespace)
    async with open_desk(address, tmp_path, FILES, {"HOOK_SECRET": SECRET}) as desk:
        yield desk
