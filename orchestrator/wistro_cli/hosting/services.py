"""What the runs of a process reach outside of themselves: opened here, or behind the triggers."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx

from wistro.channels import Channels
from wistro.inbox_answers import AnswersInInbox
from wistro.stores.remote_inbox import RemoteInbox
from wistro.stores.reserved import ItemWriter, RemoteReserved
from wistro.targets import Targets
from wistro.temporal.activities.answers import AnswerServices
from wistro.temporal.host.engine import Engine
from wistro.temporal.host.remote_waits import RemoteWaits
from wistro.temporal.host.runtime import Runtime
from wistro.temporal.host.services import OutsideServices
from wistro.temporal.host.task_links import LinkMaker
from wistro.temporal.host.waits import Waits
from wistro_cli.address import API_VARIABLE, read_address
from wistro_cli.hosting.stores import Stores
from wistro_codec import mint_run_token

_TOKEN_SECONDS = 60.0


@asynccontextmanager
async def outside_services(
    runtime: Runtime, engine: Engine, stores: Stores | None, *, development: bool = False
) -> AsyncGenerator[OutsideServices]:
    """The stores of this process when it has opened them, else those behind the triggers."""
    links = LinkMaker(runtime.keys, lambda: public_url(runtime))
    targets = Targets(lambda: engine.lock, root=runtime.project.root)

    def answers(items: ItemWriter) -> AnswerServices:
        return AnswerServices(
            targets=targets,
            channels=Channels(items),
            inbox=AnswersInInbox(items),
            development=development,
        )

    if stores is not None:
        waits = Waits(engine, stores.waits, runtime.keys)
        yield OutsideServices(
            inbox=stores.inbox, links=links, waits=waits, answers=answers(stores.streams)
        )
        return

    def mint(flow: str, run_id: str) -> str:
        expires_at = time.time() + _TOKEN_SECONDS
        return mint_run_token(runtime.keys, flow=flow, run_id=run_id, expires_at=expires_at)

    async with httpx.AsyncClient() as client:
        url = triggers_url(runtime)
        yield OutsideServices(
            inbox=RemoteInbox(url, mint, client),
            links=links,
            waits=RemoteWaits(url, mint, client),
            answers=answers(RemoteReserved(url, mint, client)),
        )


def triggers_url(runtime: Runtime) -> str:
    """Where the triggers are, for a process that has none."""
    if given := os.environ.get(API_VARIABLE):
        return given.rstrip("/")
    if found := read_address(runtime.project.root):
        return found.url
    settings = runtime.lock.runtime.endpoints
    if settings.internal is not None:
        return f"http://{settings.internal.host}:{settings.internal.port or 3001}"
    return f"http://{settings.host}:{settings.port or 3000}"


def public_url(runtime: Runtime) -> str:
    """Where people reach the project."""
    settings = runtime.lock.runtime.endpoints
    if settings.public_url is not None:
        return settings.public_url
    if settings.internal is not None:  # that is what `triggers_url` finds
        return f"http://{settings.host}:{settings.port or 3000}"
    return triggers_url(runtime)
