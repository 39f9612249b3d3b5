"""State over HTTP when the API, or the store behind it, is slow, away, or dies with the answer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sqlite3
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.stores.serving import application, client, mint, serving
from wistro.errors import StoreError
from wistro.stores import StateStore, open_journal, open_state, sqlite_file
from wistro.stores.memory import MemoryState
from wistro.stores.remote import RemoteState

SOON = timedelta(milliseconds=300)
PATIENT = timedelta(seconds=20)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with client() as http:
        yield http


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


async def memory_app(state: StateStore | None = None) -> ASGIApp:
    return application(state or MemoryState(), await open_journal("memory"))


async def refused(attempt: Awaitable[object]) -> StoreError:
    with pytest.raises(StoreError) as caught:
        await attempt
    return caught.value


async def test_waits_for_an_api_that_comes_up(port: int, http: httpx.AsyncClient) -> None:
    store = RemoteState(f"http://127.0.0.1:{port}", mint(), http, patience=PATIENT)
    early = asyncio.gather(store.set("group", "key", 1), store.increment("group", "count"))
    await asyncio.sleep(0.2)
    async with serving(await memory_app(), port):
        entry, count = await early
        assert (entry.value, count) == (1, 1)


async def test_an_api_that_stays_away_is_named(port: int, http: httpx.AsyncClient) -> None:
    store = RemoteState(f"http://127.0.0.1:{port}", mint(), http, patience=SOON)
    for attempt in (store.get("group", "key"), store.increment("group", "key")):
        error = await refused(attempt)
        assert (error.code, error.retryable) == ("store_unavailable", True)
        assert f"`http://127.0.0.1:{port}`" in error.message
        assert "wistro start" in str(error.hint)


async def test_waits_for_a_store_that_is_locked(
    tmp_path: Path, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0.05)
    state = await open_state("sqlite", tmp_path / "state.db")
    async with serving(await memory_app(state)) as address:
        impatient = RemoteState(address, mint(), http, patience=timedelta(0))
        patient = RemoteState(address, mint(), http, patience=PATIENT)
        other = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        error = await refused(impatient.set("group", "key", 1))
        assert (error.code, error.retryable) == ("store_unavailable", True)
        assert "locked by another process" in error.message
        assert error.hint
        assert await impatient.get("group", "key") is None
        # Also what must not be done twice is tried again: the API says that it did nothing.
        counting = asyncio.gather(*(patient.increment("group", "key") for _ in range(5)))
        await asyncio.sleep(0.3)
        other.execute("ROLLBACK")
        other.close()
        assert sorted(await counting) == [1, 2, 3, 4, 5]
    await state.close()


class Mishap:
    """Lets requests through to the application, but not the first answers back."""

    def __init__(self, app: ASGIApp, mishap: Callable[[Send], Awaitable[None]], times: int) -> None:
        self.app = app
        self.mishap = mishap
        self.times = times
        self.requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests += 1
        if self.requests > self.times:
            await self.app(scope, receive, send)
            return

        async def lost(message: Message) -> None:
            pass

        await self.app(scope, receive, lost)
        await self.mishap(send)


async def hang(send: Send) -> None:
    await asyncio.sleep(60)


async def bad_gateway(send: Send) -> None:
    await send({"type": "http.response.start", "status": 502, "headers": []})
    await send({"type": "http.response.body", "body": b"<html>Bad Gateway</html>"})


async def garbage(send: Send) -> None:
    headers = [(b"content-length", b"100")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    with contextlib.suppress(RuntimeError):  # uvicorn closes the connection in the middle of it
        await send({"type": "http.response.body", "body": b"{"})


@pytest.mark.parametrize("mishap", [hang, bad_gateway, garbage])
async def test_an_answer_that_is_lost(
    mishap: Callable[[Send], Awaitable[None]], http: httpx.AsyncClient
) -> None:
    state = MemoryState()
    app = Mishap(await memory_app(state), mishap, times=2)
    async with serving(app) as address:
        store = RemoteState(address, mint(), http, timeout=SOON, patience=PATIENT)
        assert (await store.set("group", "key", "value")).value == "value"
        assert app.requests == 3

        for attempt in (
            store.increment("group", "count"),
            store.set("group", "key", "new", if_absent=True),
            store.set("group", "key", "new", if_version=7),
            store.compare_and_set("group", "key", "value", "new"),
        ):
            app.requests = 1
            error = await refused(attempt)
            assert (error.code, error.retryable) == ("store_outcome_unknown", True)
            assert app.requests == 2
        count = await state.get("group", "count")
        assert count
        assert count.value == 1


async def test_a_token_that_expired(http: httpx.AsyncClient) -> None:
    async with serving(await memory_app()) as address:
        error = await refused(RemoteState(address, mint(seconds=-5), http).get("group", "key"))
        assert (error.code, error.retryable) == ("token_expired", True)
        assert error.hint
        error = await refused(RemoteState(address, "nonsense", http).get("group", "key"))
        assert (error.code, error.retryable) == ("token_malformed", False)
        # A step that outlives a token mints one for each request.
        assert await RemoteState(address, mint, http).get("group", "key") is None


async def test_a_value_that_is_too_large_to_send(http: httpx.AsyncClient) -> None:
    async with serving(await memory_app()) as address:
        store = RemoteState(address, mint(), http)
        error = await refused(store.set("group", "key", "x" * 5_000_000))
        assert (error.code, error.retryable) == ("value_too_large", False)
        for found in ("`key`", "5,000,0", "4,194,304"):
            assert found in error.message


async def test_something_else_at_the_address(http: httpx.AsyncClient) -> None:
    async def not_found(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b"no such page"})

    async with serving(not_found) as address:
        error = await refused(RemoteState(address, mint(), http).get("group", "key"))
        assert (error.code, error.retryable) == ("store_error", False)
        assert "HTTP 404" in error.message


SERVER = """
import asyncio, sys
from tests.stores.serving import application, serving
from wistro.stores import open_journal, open_state
async def main():
    state = await open_state("sqlite", sys.argv[1])
    async with serving(application(state, await open_journal("memory"), lambda token: Run()), int(sys.argv[2])):
        print("up", flush=True)
        await asyncio.sleep(600)
class Run:
    flow = "orders"
    run_id = "1"
asyncio.run(main())
"""


async def serve_in_a_process(path: Path, port: int) -> asyncio.subprocess.Process:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVER, str(path), str(port)), stdout=PIPE, env=environment
    )
    assert process.stdout
    assert await process.stdout.readline() == b"up\n"
    return process


@pytest.mark.slow
async def test_kill_9_of_the_api_under_load(
    tmp_path: Path, port: int, http: httpx.AsyncClient
) -> None:
    path = tmp_path / "state.db"
    store = RemoteState(f"http://127.0.0.1:{port}", mint(), http, patience=PATIENT)
    counted = unknown = 0

    async def work(number: int) -> None:
        nonlocal counted, unknown
        for turn in range(25):
            await store.set("turns", f"{number}", turn)
            try:
                await store.increment("group", "count")
            except StoreError as error:
                unknown += error.code == "store_outcome_unknown"
            else:
                counted += 1

    server = await serve_in_a_process(path, port)
    working = [asyncio.create_task(work(number)) for number in range(8)]
    for _ in range(2):
        await asyncio.sleep(0.15)
        server.send_signal(signal.SIGKILL)
        await server.wait()
        server = await serve_in_a_process(path, port)
    await asyncio.gather(*working)
    assert counted + unknown == 200
    assert [entry.value for entry in (await store.list("turns")).items] == [24] * 8
    count = await store.get("group", "count")
    assert count
    assert isinstance(count.value, int)
    assert counted <= count.value <= counted + unknown
    server.send_signal(signal.SIGKILL)
    await server.wait()


async def test_a_stopped_api_does_not_stop_its_callers(
    tmp_path: Path, port: int, http: httpx.AsyncClient
) -> None:
    server = await serve_in_a_process(tmp_path / "state.db", port)
    store = RemoteState(f"http://127.0.0.1:{port}", mint(), http, timeout=SOON, patience=PATIENT)
    server.send_signal(signal.SIGSTOP)
    error = await refused(store.increment("group", "count"))
    assert error.code == "store_outcome_unknown"
    writing = asyncio.create_task(store.set("group", "key", 1))
    await asyncio.sleep(0.5)
    server.send_signal(signal.SIGCONT)
    assert (await writing).value == 1
    server.send_signal(signal.SIGKILL)
    await server.wait()
