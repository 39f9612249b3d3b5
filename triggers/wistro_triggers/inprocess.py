"""A request to the application from within it: the same layers and routes, and no network.

So it works whatever listeners there are. The answer is bounded in size and time, also one without end.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Scope

from wistro_triggers.listeners import audience_of

Ending = Literal["answered", "cut_off", "timed_out"]
"""How it ended: with all of the answer, with a part of it, or with none in time."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request."""

    method: str
    path: str
    """Encoded, as it stands in an address."""
    query: str = ""
    """Encoded, without the `?`."""
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""


@dataclass(kw_only=True)
class Answered:
    """What was answered, as far as it was waited for."""

    ended: Ending = "timed_out"
    status: int | None = None
    headers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    body: bytes = b""
    seconds: float = 0.0


async def ask(
    app: ASGIApp, asked: Asked, *, within: HTTPConnection, longest: float, most: int
) -> Answered:
    """Have the application answer a request.

    Args:
        app: The application, with all of its layers.
        asked: The request.
        within: The request that it is part of: it comes from the same listener and address.
        longest: The seconds that it may take.
        most: The bytes of the answer's body that are read.

    Raises:
        Exception: what the application raises before it answers.
    """
    answer = _Collected(most)
    started = time.perf_counter()

    async def serve() -> None:
        await app(_scope(asked, within.scope), _Sent(asked.body).receive, answer.take)

    serving = asyncio.create_task(serve())
    enough = asyncio.create_task(answer.is_enough())
    try:
        await asyncio.wait({serving, enough}, timeout=longest, return_when=asyncio.FIRST_COMPLETED)
        seconds = time.perf_counter() - started
        whole = serving.done() and not answer.enough.is_set()
    finally:
        for task in (serving, enough):
            task.cancel()
        failed, _ = await asyncio.gather(serving, enough, return_exceptions=True)
    if whole and answer.found.status is None and isinstance(failed, Exception):
        raise failed
    found = answer.found
    found.seconds = seconds
    if whole:
        found.ended = "answered"
    elif found.status is not None:
        found.ended = "cut_off"
    return found


class _Sent:
    """The request's body, all at once; afterwards the connection stays open."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body

    async def receive(self) -> Message:
        if self._body is None:
            await asyncio.Event().wait()  # until it is cancelled
        body, self._body = self._body, None
        return {"type": "http.request", "body": body or b"", "more_body": False}


class _Collected:
    """What the application sends, up to a bound."""

    def __init__(self, most: int) -> None:
        self.found = Answered()
        self.enough = asyncio.Event()
        self._most = most

    async def is_enough(self) -> None:
        """Wait until no more is wanted."""
        await self.enough.wait()

    async def take(self, message: Message) -> None:
        found = self.found
        if message["type"] == "http.response.start":
            found.status = message["status"]
            found.headers = [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message.get("headers", ())
            ]
        elif message["type"] == "http.response.body":
            found.body += message.get("body", b"")
            if len(found.body) > self._most:
                found.body = found.body[: self._most]
                self.enough.set()


def _scope(asked: Asked, within: Scope) -> Scope:
    headers = list(asked.headers)
    if asked.body:
        headers.append(("content-length", str(len(asked.body))))
    return {
        "type": "http",
        "asgi": within["asgi"],
        "http_version": "1.1",
        "method": asked.method,
        "scheme": within["scheme"],
        "path": unquote(asked.path),
        "raw_path": asked.path.encode("ascii"),
        "query_string": asked.query.encode("ascii"),
        "root_path": "",
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ],
        "client": within.get("client"),
        "server": within.get("server"),
        "state": within.get("state", {}),
        **audience_of(within),
    }
