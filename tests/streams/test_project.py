"""A project with streams on a real Temporal server: from a request to those who follow."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed

from tests.conftest import TemporalServer
from tests.streams.serving import client_of, content, refusal
from tests.worker.steps import write_steps
from wistro.project import Project
from wistro.stores.memory import MemoryJournal, MemoryState
from wistro.stores.stream import StreamStore
from wistro.temporal.host.hosting import host_runs
from wistro.temporal.host.runtime import Runtime
from wistro.temporal.host.serverbinary import ServerAddress
from wistro_triggers.app import create_app
from wistro_triggers.serve import serve
from wistro_worker.modules import unload
from wistro_worker.serve import python_worker, remote_backends

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="module")]

FILES = {
    "chat.stream.py": """
        config = {
            "name": "chat",
            "schema": {"type": "object", "properties": {"text": {"type": "string"}},
                       "required": ["text"]},
            "baseConfig": {"storageType": "default"},
            "access": "public",
        }
        """,
    "orders.stream.py": """
        from wistro import StreamConfig

        config = StreamConfig(name="orders", access="token")
        """,
    "vip.stream.py": """
        async def can_access(subscription, context):
            if subscription["groupId"] == "broken":
                raise RuntimeError("oops")
            return context is not None and subscription["groupId"] == context["group"]

        config = {"name": "vip", "canAccess": can_access}
        """,
    "blocking.stream.py": """
        config = {"name": "blocking", "canAccess": lambda subscription, context: "id" in subscription}
        """,
    "say": """
        config = {"type": "api", "name": "Say something", "path": "/say", "method": "POST",
                  "emits": [], "flows": ["talk"]}

        async def handler(req, ctx):
            said = await ctx.streams.chat.set(req.body["room"], req.body["id"], req.body["message"])
            channel = {"groupId": req.body["room"]}
            await ctx.streams.chat.send(channel, {"type": "said", "data": ctx.run_id})
            return {"status": 200, "body": said}
        """,
    "hush": """
        config = {"type": "api", "name": "Take it back", "path": "/hush", "method": "POST",
                  "emits": [], "flows": ["talk"]}

        def handler(req, ctx):
            return {"status": 200, "body": ctx.streams.chat.delete(req.body["room"], req.body["id"])}
        """,
    "invite": """
        config = {"type": "api", "name": "Invite", "path": "/invite/{stream}", "method": "POST",
                  "emits": [], "flows": ["talk"]}

        async def handler(req, ctx):
            stream = ctx.streams[req.path_params["stream"]]
            return {"status": 200, "body": await stream.token("a", context={"group": "a"})}
        """,
}


class Site:
    """The served project."""

    def __init__(self, runtime: Runtime, url: str, http: httpx.AsyncClient) -> None:
        self.runtime = runtime
        self.http = http
        self.url = url
        self.streams = f"{url.replace('http', 'ws', 1)}/_wistro/streams"

    async def invite(self, stream: str) -> str:
        answer = await self.http.post(f"/invite/{stream}")
        assert answer.status_code == 200, answer.text
        return answer.json()


@asynccontextmanager
async def served(root: Path, server: TemporalServer) -> AsyncIterator[Site]:
    (root / "wistro.yml").write_text(f"project: talk-{secrets.token_hex(4)}\n")
    write_steps(root, FILES)
    project = Project.open(root)
    compiled = project.compile()
    assert compiled.ok, (compiled.errors, compiled.findings)
    address = ServerAddress(address=server.address, namespace=server.namespace)
    runtime = Runtime.open(project, compiled.lock, address)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        streams: StreamStore = await runtime.open_streams()
        stack.push_async_callback(streams.close)
        engine = await runtime.engine()
        app = create_app(
            engine, runtime, state=MemoryState(), streams=streams, journal=MemoryJournal()
        )
        stop, ready = asyncio.Event(), asyncio.Event()
        urls: list[str] = []

        def on_ready(url: str) -> None:
            urls.append(url)
            ready.set()

        serving = asyncio.create_task(serve(app, port=0, stop=stop, on_ready=on_ready, grace=2))
        await asyncio.wait_for(ready.wait(), 10)
        http = await enter(httpx.AsyncClient(base_url=urls[0], timeout=30))
        backends = await enter(remote_backends(urls[0], runtime.keys))
        worker = await enter(python_worker(root, compiled.lock, backends))
        await enter(
            host_runs(
                engine.client,
                engine,
                worker.activity,
                stream_access=worker.stream_access,
                queues=worker.queues,
                drain=timedelta(seconds=1),
            )
        )
        yield Site(runtime, urls[0], http)
        stop.set()
        await asyncio.wait_for(serving, 10)
    unload(root)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(
    temporal_server: TemporalServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    async with served(tmp_path_factory.mktemp("talk"), temporal_server) as site:
        yield site


@pytest.mark.parametrize("path", ["/_wistro/streams", "/", "", "/streams/any"])
async def test_what_steps_do_reaches_clients(site: Site, path: str) -> None:
    room = f"room {path}"
    url = site.url.replace("http", "ws", 1) + path
    async with client_of(url) as client:
        assert content(await client.join("chat", room)) == ("sync", [])
        body = {"room": room, "id": "7", "message": {"text": "hi"}}
        answer = await site.http.post("/say", json=body)
        assert answer.json() == {"text": "hi", "id": "7"}
        run = answer.headers["wistro-run-id"]
        assert await client.events(2) == [
            ("create", {"text": "hi", "id": "7"}),
            ("event", {"type": "said", "data": run}),
        ]
        assert (await site.http.post("/hush", json=body)).json() == {"text": "hi", "id": "7"}
        assert content(await client.next()) == ("delete", {"text": "hi", "id": "7"})


async def test_a_wrong_item_fails_the_step_by_name(site: Site) -> None:
    body = {"room": "wrong", "id": "7", "message": {"text": 7}}
    answer = await site.http.post("/say", json=body)
    assert answer.status_code == 500
    headers = {"authorization": f"Bearer {site.runtime.token}"}
    run = await site.http.get(
        f"/_wistro/api/runs/talk/{answer.headers['wistro-run-id']}", headers=headers
    )
    assert "`text`" in run.text
    assert "validation_failed" in run.text


async def test_a_step_lets_clients_in(site: Site) -> None:
    token = await site.invite("orders")
    async with client_of(site.streams, subprotocols=["Authorization", token]) as client:
        assert content(await client.join("orders", "a"))[0] == "sync"
        assert refusal(await client.join("orders", "b"))["reason"] == "token_elsewhere"


async def test_the_streams_own_function(site: Site) -> None:
    token = await site.invite("vip")
    async with client_of(site.streams) as client:
        assert refusal(await client.join("vip", "a"))["reason"] == "refused"
        assert content(await client.join("vip", "a", token=token))[0] == "sync"
        assert refusal(await client.join("vip", "broken"))["reason"] == "refused"
        assert refusal(await client.join("blocking", "g"))["reason"] == "refused"
        assert content(await client.join("blocking", "g", "7"))[0] == "sync"
    headers = {"authorization": f"Bearer {site.runtime.token}"}
    runs = (await site.http.get("/_wistro/api/runs", headers=headers)).json()
    assert {run["flow"] for run in runs["runs"]} == {"talk"}


async def test_nothing_of_it_is_in_the_logs(site: Site, capfd: pytest.CaptureFixture[str]) -> None:
    token = await site.invite("orders")
    async with client_of(f"{site.streams}?token={token}") as client:
        assert content(await client.join("orders", "a"))[0] == "sync"
    out, err = capfd.readouterr()
    assert token not in out + err


async def test_people_look_at_streams(site: Site) -> None:
    headers = {"authorization": f"Bearer {site.runtime.token}"}
    body = {"room": "looked at", "id": "7", "message": {"text": "hi"}}
    await site.http.post("/say", json=body)

    async def get(path: str, **query: str) -> httpx.Response:
        return await site.http.get(f"/_wistro/api/streams{path}", params=query, headers=headers)

    streams = {each["name"]: each for each in (await get("")).json()["items"]}
    assert set(streams) == {"chat", "orders", "vip", "blocking"}
    assert (streams["chat"]["access"], streams["vip"]["has_access"]) == ("public", True)
    assert "looked at" in (await get("/chat/groups")).json()["items"]
    (item,) = (await get("/chat/items", group="looked at")).json()["items"]
    assert item["data"] == {"text": "hi", "id": "7"}
    assert (await get("/chart/groups")).json()["error"]["code"] == "unknown_stream"
    assert (await site.http.get("/_wistro/api/streams")).status_code == 401
    made = await site.http.post(
        "/_wistro/api/streams/orders/tokens", json={"group": "a", "seconds": 60}, headers=headers
    )
    async with client_of(site.streams) as client:
        shown = made.json()["token"]
        assert content(await client.join("orders", "a", token=shown))[0] == "sync"


async def test_stopping_sends_clients_away(
    temporal_server: TemporalServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with AsyncExitStack() as stack:
        async with served(tmp_path_factory.mktemp("stopping"), temporal_server) as site:
            client = await stack.enter_async_context(client_of(site.streams))
            await client.join("chat", "room")
        with pytest.raises(ConnectionClosed) as closed:
            await client.next()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
