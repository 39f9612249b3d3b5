"""A real server of streams on loopback, without a project behind it, and a client of it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect

from tests.stores.serving import serving
from wistro.project.descriptor import StreamDescriptor
from wistro.project.lock import Lock, Runtime
from wistro.project.settings import EndpointSettings
from wistro.stores.stream import StreamStore
from wistro_codec import mint_stream_token
from wistro_codec.keys import KeyRing
from wistro_triggers.streams import StreamServer, streams_router
from wistro_triggers.streams_access import Ask, StreamAccess
from wistro_triggers.streams_feed import StreamFeed

KEYS = KeyRing.generate(datetime.now(UTC))
MANAGEMENT = "management-token"
TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


def stream(name: str, **changes: Any) -> StreamDescriptor:
    return StreamDescriptor(
        **{"name": name, "path": f"steps/{name}.stream.py", "hash": "1", **changes}
    )


LOCK = Lock(
    project="shop",
    build="1",
    streams={
        "chat": stream("chat", item=TEXT, access="public"),
        "orders": stream("orders", access="token"),
        "unsaid": stream("unsaid"),
        "asked": stream("asked", has_access=True),
    },
    runtime=Runtime(endpoints=EndpointSettings(cors_origins=("https://shop.example",))),
)


def token(stream: str, group: str | None = None, id: str | None = None, **more: Any) -> str:
    # Made when tests are collected, it must outlive all that run before the one that needs it.
    expires_at = more.pop("expires_at", time.time() + 6 * 3600)
    return mint_stream_token(KEYS, stream=stream, group=group, id=id, expires_at=expires_at, **more)


def make_server(
    store: StreamStore, *, ask: Ask | None = None, development: bool = False
) -> StreamServer:
    access = StreamAccess(
        lambda: LOCK, keys=KEYS, token=MANAGEMENT, ask=ask, development=development
    )
    feed = StreamFeed(store)
    return StreamServer(feed=feed, access=access, lock=lambda: LOCK, development=development)


@asynccontextmanager
async def streams_at(server: StreamServer, port: int = 0) -> AsyncIterator[str]:
    """Serve; gives the address of the WebSocket."""
    app = FastAPI()
    app.include_router(streams_router(server, "/_wistro/streams"))
    try:
        async with serving(app, port) as url:
            yield f"{url.replace('http', 'ws', 1)}/_wistro/streams"
    finally:
        server.feed.close()


@dataclass
class Client:
    """A client that keeps what it gets."""

    socket: ClientConnection
    seen: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    async def send(self, type: str, **data: object) -> None:
        await self.socket.send(json.dumps({"type": type, "data": data}))

    async def join(
        self, stream: str, group: str, id: str | None = None, *, name: str = "s1", **more: object
    ) -> dict[str, Any]:
        """Join, and the first answer."""
        place = {"streamName": stream, "groupId": group} | ({"id": id} if id else {})
        await self.send("join", **place, subscriptionId=name, **more)
        return await self.next()

    async def next(self, seconds: float = 5) -> dict[str, Any]:
        async with asyncio.timeout(seconds):
            message = json.loads(await self.socket.recv())
        self.seen.append(message)
        return message

    async def events(self, count: int) -> list[tuple[str, Any]]:
        """The kinds and contents of the next messages."""
        return [content(await self.next()) for _ in range(count)]

    async def silent(self, seconds: float = 0.3) -> bool:
        try:
            await self.next(seconds)
        except TimeoutError:
            return True
        return False


def content(message: Mapping[str, Any]) -> tuple[str, Any]:
    event = message["event"]
    return event["type"], event.get("data", event.get("event"))


def refusal(message: Mapping[str, Any]) -> dict[str, str]:
    """What an error says."""
    kind, event = content(message)
    assert (kind, event["type"]) == ("event", "error"), message
    return event["data"]


@asynccontextmanager
async def client_of(url: str, **options: Any) -> AsyncIterator[Client]:
    # A proxy of the environment is not for loopback.
    async with connect(url, proxy=None, **options) as socket:
        yield Client(socket)
