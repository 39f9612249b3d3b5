"""A receiver of webhooks: a real HTTP server that a test can make fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


@dataclass(kw_only=True)
class Received:
    """A request as it came over the wire."""

    line: str
    headers: dict[str, str]
    body: bytes

    def verified(self, secret: str = SECRET) -> dict[str, Any]:
        """The body, if its signature is right, as somebody else's library sees it."""
        return Webhook(secret).verify(self.body, self.headers)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


Reply = Callable[[int], bytes | Awaitable[bytes | None] | None]


def status(code: int, *headers: str) -> bytes:
    """An answer with a body that nobody must read."""
    more = "".join(f"{header}\r\n" for header in headers)
    return f"HTTP/1.1 {code} Whatever\r\ncontent-length: 4\r\n{more}\r\nbody".encode()


@dataclass(kw_only=True)
class Receiver:
    """Answers the n-th request, counted from 1, as `reply` says; with `None` it hangs up."""

    reply: Reply = lambda _: status(204)
    received: list[Received] = field(default_factory=list[Received])
    port: int = 0
    server: asyncio.Server | None = None
    tls: Any = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def open(self) -> None:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self.server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self.server is not None:
            self.server.close()
            self.server = None

    async def got(self, count: int, seconds: float = 30) -> list[Received]:
        """The requests, once there are so many."""
        async with asyncio.timeout(seconds):
            while len(self.received) < count:
                await asyncio.sleep(0.02)
        return self.received

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            exact = {
                n: line.split(": ", 1)[1]
                for line in head[1:]
                if line
                for n in [line.split(": ")[0].lower()]
            }
            body = await reader.readexactly(int(headers["content-length"]))
            self.received.append(Received(line=head[0], headers=exact, body=body))
            answer = self.reply(len(self.received))
            if isinstance(answer, Awaitable):
                answer = await answer
            if answer is not None:
                writer.write(answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving(reply: Reply | None = None, tls: Any = None) -> AsyncGenerator[Receiver]:
    """An open receiver."""
    receiver = Receiver(tls=tls) if reply is None else Receiver(reply=reply, tls=tls)
    await receiver.open()
    try:
        yield receiver
    finally:
        await receiver.close()
