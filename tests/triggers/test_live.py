"""Live updates: a stream that can be left and resumed, and that ends when the server stops."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest
from fastapi import Depends, FastAPI, Request
from httpx_sse import ServerSentEvent, aconnect_sse

from wistro.access import MANAGEMENT
from wistro.project.workbench_settings import Level
from wistro.stores.journal import JournalEntry, JournalFilter
from wistro.stores.memory import MemoryJournal
from wistro_triggers.live import LiveStreams, live_router
from wistro_triggers.serve import serve
from wistro_triggers.visitors import Visitor


class Server:
    """A journal, streamed by a server on a free port."""

    def __init__(self) -> None:
        self.journal = MemoryJournal()
        self.streams = LiveStreams(self.journal, keep_alive=timedelta(seconds=0.05))
        self.app = FastAPI()
        self.app.state.endless = (self.streams.close,)
        self.level: Level = "operate"
        self.app.include_router(live_router(self.streams), dependencies=[Depends(self.let_in)])
        self.stop = asyncio.Event()
        self.url = ""

    async def let_in(self, request: Request) -> None:
        request.state.visitor = Visitor(identity=MANAGEMENT, level=self.level)

    async def note(self, *messages: str, kind: str = "log", run_id: str = "r1") -> None:
        await self.journal.append(
            [
                JournalEntry(
                    kind=kind, project="shop", at=1.0, flow="f", run_id=run_id, message=text
                )
                for text in messages
            ]
        )

    @asynccontextmanager
    async def events(
        self, query: str = "", last: int | None = None
    ) -> AsyncIterator[AsyncIterator[ServerSentEvent]]:
        headers = {} if last is None else {"last-event-id": str(last)}
        async with (
            httpx.AsyncClient(timeout=5) as client,
            aconnect_sse(client, "GET", f"{self.url}/live?{query}", headers=headers) as source,
        ):
            assert source.response.status_code == 200, await source.response.aread()
            events = source.aiter_sse()
            assert (await anext(events)).event == "connected"
            yield events


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    ready = asyncio.Event()

    def on_ready(url: str) -> None:
        server.url = url
        ready.set()

    serving = asyncio.create_task(
        serve(server.app, port=0, stop=server.stop, on_ready=on_ready, grace=2)
    )
    await asyncio.wait_for(ready.wait(), 5)
    yield server
    server.stop.set()
    await asyncio.wait_for(serving, 5)
    await server.journal.close()


async def test_what_is_noted_arrives(server: Server) -> None:
    await server.note("before")
    async with server.events() as events:
        await server.note("hello", kind="run.started")
        event = await anext(events)
    assert event.event == "run.started"
    assert event.id == "2"
    entry = json.loads(event.data)
    assert (entry["message"], entry["run_id"], entry["seq"]) == ("hello", "r1", 2)


async def test_a_client_that_comes_back_misses_nothing(server: Server) -> None:
    async with server.events() as events:
        await server.note("one")
        last = int((await anext(events)).id)
    await server.note("two", "three")
    async with server.events(last=last) as events:
        messages = [json.loads((await anext(events)).data)["message"] for _ in range(2)]
    assert messages == ["two", "three"]


async def test_a_client_may_begin_anywhere(server: Server) -> None:
    await server.note("one", "two", "three")
    async with server.events("after=1") as events:
        assert (await anext(events)).id == "2"


async def test_filters(server: Server) -> None:
    await server.note("other run", run_id="r2")
    await server.note("log")
    await server.note("end", kind="run.completed")
    async with server.events("after=0&run_id=r1&kind=run.completed&kind=run.failed") as events:
        assert json.loads((await anext(events)).data)["message"] == "end"


async def test_a_quiet_stream_is_kept_alive(server: Server) -> None:
    async with (
        httpx.AsyncClient(timeout=5) as client,
        client.stream("GET", f"{server.url}/live") as answer,
    ):
        lines = answer.aiter_lines()
        first = [await anext(lines) for _ in range(5)]
        assert first == ["event: connected", 'data: {"seq":0}', "id: 0", "retry: 2000", ""]
        assert await anext(lines) == ": keep-alive"
    assert answer.headers["content-type"].startswith("text/event-stream")


async def test_stopping_ends_the_streams(server: Server) -> None:
    async with server.events() as events:
        server.stop.set()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(events), 2)


async def test_a_stream_ends_in_time_and_goes_on_where_it_was() -> None:
    """Somebody who may not look any more is not shown for ever what happens."""
    journal = MemoryJournal()
    streams = LiveStreams(journal, lifetime=timedelta(seconds=0.2))
    first = await streams.stream(JournalFilter(), 0)
    assert len([event async for event in first]) == 1
    await journal.append([JournalEntry(kind="log", project="shop", at=1.0, message="meanwhile")])
    second = await streams.stream(JournalFilter(), 0)
    assert b"meanwhile" in b"".join([event async for event in second])
    await journal.close()


async def test_a_wrong_position_is_refused(server: Server) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{server.url}/live", headers={"last-event-id": "-1"})
    assert answer.status_code == 422
