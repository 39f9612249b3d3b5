"""A real HTTP server around the worker API, and run tokens for it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial

import httpx
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from wistro.stores import Journal, StateStore
from wistro_codec.keys import KeyRing
from wistro_codec.tokens import RunToken, mint_run_token, verify_run_token
from wistro_triggers.worker_api import Verify, worker_api

KEYS = KeyRing.generate(datetime.now(UTC))
RUN = "0" * 31 + "1"


def mint(flow: str = "orders", run_id: str = RUN, *, seconds: float = 60) -> str:
    return mint_run_token(KEYS, flow=flow, run_id=run_id, expires_at=time.time() + seconds)


def verify(token: str) -> RunToken:
    return verify_run_token(KEYS, token, now=time.time())


def application(state: StateStore, journal: Journal, verify: Verify = verify) -> FastAPI:
    app = FastAPI()
    app.include_router(worker_api(project="shop", state=state, journal=journal, verify=verify))
    return app


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """Serve `app` on loopback while the block runs; gives its address."""
    # With the protocol named, or asyncio leaves Nagle's algorithm on and each answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
    )
    serve = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serve
        listener.close()


client = partial(httpx.AsyncClient, trust_env=False)
"""Clients that ignore the machine's proxies."""
