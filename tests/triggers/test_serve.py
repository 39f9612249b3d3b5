"""Listening on an address."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from fastapi import FastAPI, Request

from wistro.errors import SetupError
from wistro_triggers.serve import base_url, bind, serve


def test_a_port_in_use_is_named() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            SetupError, match=f"The port `{port}` on `127.0.0.1` is in use"
        ) as refused:
            bind("127.0.0.1", port)
    assert refused.value.code == "port_in_use"
    assert refused.value.hint is not None
    assert f"--port {port + 1}" in refused.value.hint


def test_a_foreign_address_is_named() -> None:
    with pytest.raises(SetupError, match=r"192\.0\.2\.1:0` cannot be listened on") as refused:
        bind("192.0.2.1", 0)
    assert refused.value.code == "address_unusable"


def test_the_url_is_one_that_works_here() -> None:
    with bind("0.0.0.0", 0) as listener:
        assert base_url(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


async def test_a_port_in_use_ends_serving_at_once() -> None:
    with bind("127.0.0.1", 0) as taken, pytest.raises(SetupError, match="in use"):
        await serve(FastAPI(), port=taken.getsockname()[1], stop=asyncio.Event())


@pytest.mark.slow
async def test_it_is_not_the_server_that_ends_a_connection_between_two_requests() -> None:
    app, stop = FastAPI(), asyncio.Event()
    app.state.endless = []
    peers: list[object] = []

    @app.get("/")
    def hello(request: Request) -> None:
        peers.append(request.scope["client"])

    ready = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(app, port=0, stop=stop, on_ready=ready.set_result, grace=1))
    limits = httpx.Limits(keepalive_expiry=60)
    async with httpx.AsyncClient(base_url=await ready, limits=limits) as http:
        for pause in (6, 0):
            assert (await http.get("/")).status_code == 200
            await asyncio.sleep(pause)
    stop.set()
    await serving
    assert len(peers) == 2
    assert peers[0] == peers[1]
