"""`/_wistro/channels/{user}`: the channel of one user, as server-sent events or over a WebSocket.

Each message has its place in the log as its id. A tab that comes back with the last one it saw gets
everything beyond it that is still kept; one that comes without an id gets what is sent from now on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import structlog
from fastapi import APIRouter, Header, Path, Query, Request, WebSocket
from fastapi.sse import format_sse_event
from pydantic_core import to_json
from starlette.requests import HTTPConnection
from starlette.responses import StreamingResponse
from starlette.websockets import WebSocketDisconnect

from wistro.access import ANONYMOUS, Refusal
from wistro.channels import kept_after
from wistro.errors import StoreError
from wistro.stores.reserved import CHANNELS
from wistro.stores.stream import Place, StreamChange
from wistro_codec import CodecError, Keys, verify_stream_token
from wistro_triggers.problems import Problem
from wistro_triggers.streams import shown_tokens

if TYPE_CHECKING:
    from wistro_triggers.admission import Admission
    from wistro_triggers.streams_feed import StreamFeed

KEEP_ALIVE = timedelta(seconds=15)
"""How often a quiet channel says that it is there, so that proxies do not cut it."""
_RECONNECT_MS = 2000
_MOST_WAITING = 1000
"""Messages that may wait for one slow tab; it then comes back for them."""
_COME_BACK = 1012

log = structlog.stdlib.get_logger("wistro.channels")

User = Annotated[str, Path(description="Whose channel it is.")]
After = Annotated[
    int | None,
    Query(ge=0, description="Begin beyond this place; 0: with all that is kept."),
]


@dataclass(frozen=True, kw_only=True)
class ChannelMessage:
    """A message of a channel and its place, or with no text a sign of life."""

    seq: int
    text: str | None = None


class _Tab:
    """A tab, as the feed sees it."""

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[StreamChange | None] = asyncio.Queue()
        self._cut = False

    def changed(self, change: StreamChange) -> None:
        """See `Follower.changed`."""
        if self._cut or change.kind not in ("create", "update"):
            return
        if self.waiting.qsize() < _MOST_WAITING:
            self.waiting.put_nowait(change)
        else:
            self.interrupted()

    def interrupted(self) -> None:
        """See `Follower.interrupted`."""
        if not self._cut:
            self._cut = True
            self.waiting.put_nowait(None)


@dataclass(frozen=True, kw_only=True)
class ChannelServer:
    """Serves the tabs of users."""

    feed: StreamFeed
    keys: Keys
    admission: Admission
    keep_alive: timedelta = KEEP_ALIVE

    async def admit(self, user: str, connection: HTTPConnection) -> float | None:
        """Let whoever may follow a user's channel in: until when, in seconds since the epoch.

        Holders of the management token may, the user as the issuer of users knows it, and holders of
        a token that was made for this channel.

        Raises:
            Problem: nobody else.
        """
        for text in _channel_tokens(connection):
            try:
                token = verify_stream_token(self.keys, text, now=time.time())
            except CodecError as error:
                raise self._refused(connection, error.code, error.message) from None
            if not token.covers(CHANNELS, user, None):
                raise self._refused(connection, "token_elsewhere", "The token is for another place")
            return float(token.expires_at)
        identity = await self.admission.identify(connection, "channel")
        if identity.trusted or (identity.kind == "user" and identity.id == user):
            return identity.expires_at
        reason = "unauthenticated" if identity.kind == "anonymous" else "not_the_user"
        refused = Refusal(
            reason=reason,
            message=f"The channel of `{user}` is open to its user only.",
            hint="show a token of `POST /_wistro/api/channels/{user}/token`, or the user's own",
        )
        raise self.admission.refuse(connection, identity, "channel", refused)

    async def follow(
        self, user: str, after: int | None, until: float | None
    ) -> AsyncGenerator[ChannelMessage, None]:
        """What is sent to a user beyond `after`, for as long as the right to see it lasts.

        The first thing is a sign of life with the place at which it begins.

        Raises:
            StoreError: the store is away.
        """
        tab, place, store = _Tab(), Place(CHANNELS, user), self.feed.store
        # Before anything is read: what is sent meanwhile waits.
        await self.feed.enter(place, tab)
        try:
            last = await store.last_seq()
            # A place that the log has not reached is one of another log: everything is new then.
            seq = last if after is None else after if after <= last else 0
            yield ChannelMessage(seq=seq)
            for item in await kept_after(store, user, seq) if after is not None else ():
                seq = item.version
                yield ChannelMessage(seq=seq, text=to_json(item.data).decode())
            while until is None or time.time() < until:
                patience = self.keep_alive.total_seconds()
                if until is not None:
                    patience = min(patience, max(until - time.time(), 0.0))
                try:
                    change = await asyncio.wait_for(tab.waiting.get(), patience)
                except TimeoutError:
                    yield ChannelMessage(seq=seq)
                    continue
                if change is None:
                    return
                if change.seq > seq:
                    seq = change.seq
                    yield ChannelMessage(seq=seq, text=change.text)
        finally:
            self.feed.leave(place, tab)

    def _refused(self, connection: HTTPConnection, reason: str, message: str) -> Problem:
        self.admission.note(connection, ANONYMOUS, "channel", reason)
        return Problem(401, reason, f"{message}. hint: ask for another one where it came from.")


def channels_router(server: ChannelServer) -> APIRouter:
    """`/channels/{user}`."""
    router = APIRouter(tags=["channels"])

    @router.get("/channels/{user}", response_class=StreamingResponse)
    async def follow_channel(
        user: User,
        request: Request,
        after: After = None,
        last_event_id: Annotated[
            int | None, Header(ge=0, description="Sent by browsers that come back.")
        ] = None,
    ) -> StreamingResponse:
        """Follow what is sent to a user, as server-sent events."""
        until = await server.admit(user, request)
        position = after if last_event_id is None else last_event_id
        messages = server.follow(user, position, until)
        first = await anext(messages)  # an error here is still an answer of its own
        return StreamingResponse(
            _events(first, messages),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    @router.websocket("/channels/{user}")
    async def connect_channel(user: str, socket: WebSocket, after: After = None) -> None:
        """Follow what is sent to a user: texts `{"id": 17, "event": "answer", "data": …}`."""
        try:
            until = await server.admit(user, socket)
        except Problem as problem:
            await socket.send_denial_response(problem.response())
            return
        offered: Sequence[str] = socket.scope.get("subprotocols", ())
        await socket.accept(subprotocol=offered[0] if offered else None)
        await _serve_socket(socket, server.follow(user, after, until))

    return router


def _channel_tokens(connection: HTTPConnection) -> list[str]:
    offered: Sequence[str] = connection.scope.get("subprotocols", ())
    return [token for token in shown_tokens(connection, offered) if token.startswith("ws1.")]


async def _events(
    first: ChannelMessage, messages: AsyncGenerator[ChannelMessage, None]
) -> AsyncGenerator[bytes, None]:
    hello = to_json({"seq": first.seq}).decode()
    yield format_sse_event(
        event="connected", data_str=hello, id=str(first.seq), retry=_RECONNECT_MS
    )
    try:
        async with aclosing(messages):
            async for message in messages:
                if message.text is None:
                    yield format_sse_event(comment="keep-alive")
                else:
                    yield format_sse_event(
                        event="answer", data_str=message.text, id=str(message.seq)
                    )
    except StoreError as error:
        log.warning("a channel was cut", error=error.message)


async def _serve_socket(socket: WebSocket, messages: AsyncGenerator[ChannelMessage, None]) -> None:
    async def send() -> None:
        connected = False
        async with aclosing(messages):
            async for message in messages:
                if message.text is not None:
                    text = f'{{"id":{message.seq},"event":"answer","data":{message.text}}}'
                elif connected:
                    text = f'{{"id":{message.seq},"event":"alive"}}'
                else:
                    connected, text = True, f'{{"id":{message.seq},"event":"connected"}}'
                await socket.send_text(text)

    async def listen() -> None:
        # Nothing is expected of the tab but that it goes.
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass

    jobs = (asyncio.create_task(send()), asyncio.create_task(listen()))
    try:
        await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for job in jobs:
            job.cancel()
        found = await asyncio.gather(*jobs, return_exceptions=True)
        for trouble in found:
            if isinstance(trouble, StoreError):
                log.warning("a channel was cut", error=trouble.message)
        with suppress(RuntimeError, WebSocketDisconnect):
            await socket.close(_COME_BACK)
