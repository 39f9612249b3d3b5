"""A small project whose handlers call flows: in the engine's process, or over the worker API."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.conftest import TemporalServer
from tests.engine.conftest import Hosted, hosting
from tests.stores.serving import client, serving
from wistro.calls import FlowCalls
from wistro.contract import Invocation
from wistro.stores.remote_calls import RemoteCalls
from wistro.stores.worker_client import WORKER_API
from wistro.temporal.host.handler_calls import HandlerCalls
from wistro.temporal.host.serverbinary import ServerAddress
from wistro_codec import Keys, mint_run_token, verify_run_token
from wistro_triggers.calls_worker_api import calls_worker_api

FILES = {
    "place.step.py": """
        import asyncio
        from datetime import timedelta
        from wistro import CallFailed, CallStep
        config = CallStep(name="Place an order", flows=["orders"], retry={"first_delay": 0.1})
        async def handler(order, ctx):
            seconds = order.get("patience")
            if order.get("fail_first") and ctx.attempt == 1:
                await ctx.call("risks", {"attempt": ctx.attempt})
                await ctx.call("risks", {"second": True}, key="second")
                raise RuntimeError("the first attempt breaks after its calls")
            try:
                first = await ctx.call(
                    order.get("flow", "risks"),
                    order.get("risk", {}),
                    timeout=None if seconds is None else timedelta(seconds=seconds),
                    detached=order.get("detached", False),
                    **order.get("options", {}),
                )
            except CallFailed as failed:
                if not order.get("catches"):
                    raise
                return {"caught": failed.code, "status": failed.status, **failed.details}
            if not order.get("fail_first"):
                return first
            return [first, await ctx.call("risks", {}, key="second")]
        """,
    "risk.step.py": """
        import asyncio
        from wistro import CallStep, Terminal
        config = CallStep(name="Judge a risk", flows=["risks"])
        async def handler(order, ctx):
            if order.get("odd"):
                raise Terminal("that order is odd", code="odd_order", details={"status": 422})
            await asyncio.sleep(order.get("seconds", 0))
            return {"got": order, "depth": ctx.trigger.depth, "for": ctx.client_context}
        """,
    "again.step.py": """
        from wistro import CallStep
        config = CallStep(name="Call oneself", flows=["circle"], retry={"attempts": 1})
        async def handler(number, ctx):
            return await ctx.call("circle", number + 1)
        """,
    "blocking.step.py": """
        from wistro import CallStep, SyncContext
        config = CallStep(name="Wait in a thread", flows=["threads"])
        def handler(order, ctx: SyncContext):
            return {"risk": ctx.call("risks", order)}
        """,
    "inline.step.py": """
        from wistro import CallStep
        config = CallStep(name="Wait inline", flows=["inline"], placement="inline")
        async def handler(order, ctx):
            return await ctx.call("risks", order)
        """,
    "vault.step.py": """
        from wistro import CallStep
        config = CallStep(name="Open the vault", flows=["vault"],
                          input={"type": "object", "required": ["code"]})
        async def handler(order, ctx):
            return "open"
        """,
    "thief.step.py": """
        from wistro import CallStep
        config = CallStep(name="Try the vault", flows=["thieves"])
        async def handler(order, ctx):
            return await ctx.call("vault", {"code": 1})
        """,
    "wistro.yml": """\
flows:
  orders: {}
  risks: {}
  circle: {}
  threads: {}
  inline: {}
  thieves: {}
  vault: { callable: { allow: [{ flow: orders }] } }
""",
}

Desk = Callable[..., AbstractAsyncContextManager[Hosted]]


@pytest.fixture(params=["direct", "http"])
def desk(request: pytest.FixtureRequest, temporal_server: TemporalServer, tmp_path: Path) -> Desk:
    """Hosts the project: `async with desk() as hosted`; its handlers call in both ways."""
    address = ServerAddress(address=temporal_server.address, namespace=temporal_server.namespace)
    way = over_http if request.param == "http" else hosting
    return partial(way, address, tmp_path, FILES)


@asynccontextmanager
async def over_http(
    address: ServerAddress, root: Path, files: dict[str, str]
) -> AsyncGenerator[Hosted]:
    """Hosts a project whose handlers call over the worker API."""
    hosted: Hosted | None = None

    def found() -> Hosted:
        assert hosted is not None
        return hosted

    app = FastAPI()
    router = calls_worker_api(
        calls=lambda run: HandlerCalls(found().engine, run.flow, run.run_id),
        verify=lambda token: verify_run_token(found().runtime.keys, token, now=time.time()),
    )
    app.include_router(router, prefix=WORKER_API)
    async with serving(app) as url, client() as http:

        def calls(run: Invocation) -> FlowCalls:
            keys = found().runtime.keys
            return RemoteCalls(url, partial(_mint, keys, run.flow, run.run_id), http)

        async with hosting(address, root, files, calls=calls) as hosted:
            yield hosted


def _mint(keys: Keys, flow: str, run_id: str) -> str:
    return mint_run_token(keys, flow=flow, run_id=run_id, expires_at=time.time() + 60)
