"""`/_wistro/streams`: where clients connect to follow streams, and from which pages they may."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, WebSocket
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from wistro_triggers.problems import Problem
from wistro_triggers.streams_access import Grant, StreamAccess
from wistro_triggers.streams_feed import StreamFeed
from wistro_triggers.streams_socket import StreamConnection

if TYPE_CHECKING:
    from wistro.project.lock import Lock

log = structlog.stdlib.get_logger("wistro.streams")

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SCHEME = "Authorization"
"""The subprotocol before a token: browsers can set no other header."""


@dataclass(frozen=True, kw_only=True)
class StreamServer:
    """What serves the clients of streams."""

    feed: StreamFeed
    access: StreamAccess
    lock: Callable[[], Lock]
    signed_in: Callable[[HTTPConnection], Grant | None] = lambda _: None
    """The right of those who are signed in to the workbench and may read."""
    development: bool = False
    """Let the pages of this machine in, whichever port they come from."""

    async def serve(self, socket: WebSocket) -> None:
        """Serve one client until it goes."""
        origin = socket.headers.get("origin")
        if origin and not self._welcomes(origin, socket.headers):
            problem = Problem(
                403,
                "origin_refused",
                f"Pages from `{origin}` may not follow streams here. hint: add it to"
                " `endpoints.cors_origins` in `wistro.yml`.",
            )
            await socket.send_denial_response(problem.response())
            return
        offered: Sequence[str] = socket.scope.get("subprotocols", ())
        await socket.accept(subprotocol=offered[0] if offered else None)
        access = self.access.holding(self.signed_in(socket))
        connection = StreamConnection(
            socket, self.feed, access, shown=shown_tokens(socket, offered)
        )
        try:
            await connection.serve()
        except Exception:
            log.exception("a client of streams was cut off")

    def _welcomes(self, origin: str, headers: Headers) -> bool:
        allowed = self.lock().runtime.endpoints.cors_origins
        if origin in allowed or "*" in allowed:
            return True
        found = urlsplit(origin)
        if found.netloc == headers.get("host"):
            return True
        return self.development and found.hostname in _LOOPBACK


def streams_router(server: StreamServer, path: str) -> APIRouter:
    """The WebSocket at `path`."""
    router = APIRouter()
    router.add_api_websocket_route(path, server.serve)
    return router


def shown_tokens(socket: HTTPConnection, offered: Sequence[str]) -> tuple[str, ...]:
    """The tokens that a client shows: in a header, among the subprotocols, or in the address."""
    scheme, _, bearer = socket.headers.get("authorization", "").partition(" ")
    tokens = [bearer.strip()] if scheme.lower() == "bearer" else []
    if _SCHEME in offered:
        tokens += [name for name in offered if name != _SCHEME]
    # Addresses are written to logs on their way: only a token that expires may stand in one.
    query = [socket.query_params.get(name, "") for name in ("token", "authToken")]
    tokens += [token for token in query if token.startswith("ws1.")]
    return tuple(token for token in tokens if token and token.isascii())
