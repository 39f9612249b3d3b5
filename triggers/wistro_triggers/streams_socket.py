"""A client that follows streams: one WebSocket, its subscriptions, and what is sent to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from wistro.errors import StoreError
from wistro.stores.encoding import MAX_PAGE
from wistro.stores.stream import Place, StreamChange, StreamItem
from wistro.values import json_size
from wistro_triggers.streams_access import Refused, StreamAccess
from wistro_triggers.streams_feed import StreamFeed
from wistro_triggers.streams_outbox import Outbox
from wistro_triggers.streams_protocol import (
    ACCESS_DENIED,
    Clock,
    NotUnderstood,
    Subscription,
    change_text,
    error_text,
    read_request,
    resumed_text,
    sync_text,
)

MAX_SUBSCRIPTIONS = 256
"""The most that one connection may follow at the same time."""
MAX_GROUP = 8 * 1024**2
"""The bound on a group that is followed as a whole, as JSON text, about."""
COME_BACK, TOO_SLOW = 1012, 1013
"""Close codes: https://www.iana.org/assignments/websocket, "service restart" and "try again later"."""

_CLOSING = 1.0
_MOST_WAITING = 1000


@dataclass(kw_only=True)
class _Followed:
    """A subscription that was granted."""

    place: Place
    expires_at: float | None
    seq: int = 0
    """The last change that was sent for it."""
    joining: list[StreamChange] | None = field(default_factory=list[StreamChange])
    """The changes that came while it was being read; `None` once that is done."""


class StreamConnection:
    """Serves one client from the moment that its WebSocket is accepted."""

    def __init__(
        self,
        socket: WebSocket,
        feed: StreamFeed,
        access: StreamAccess,
        *,
        shown: Sequence[str] = (),
        outbox: Outbox | None = None,
    ) -> None:
        """Take the socket, where changes come from, who decides, and the tokens that are shown."""
        self._socket = socket
        self._feed = feed
        self._access = access
        self._shown = tuple(shown)
        self._outbox = outbox or Outbox()
        self._clock = Clock()
        self._followed: dict[str, _Followed] = {}
        self._close_code = asyncio.get_running_loop().create_future()

    async def serve(self) -> None:
        """Serve the client until it goes, is too slow, or has to come back."""
        jobs = (
            asyncio.create_task(self._receive()),
            asyncio.create_task(self._outbox.drain(self._socket.send_text)),
        )
        try:
            await asyncio.wait({*jobs, self._close_code}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for job in jobs:
                job.cancel()
            found = await asyncio.gather(*jobs, return_exceptions=True)
            for subscription in tuple(self._followed):
                self._leave(subscription)
            await self._close(found)

    def changed(self, change: StreamChange) -> None:
        """See `Follower.changed`: send a change once, however many subscriptions it belongs to."""
        wanted = False
        for subscription, followed in tuple(self._followed.items()):
            if not _covers(followed.place, change.place):
                continue
            if followed.joining is not None:
                followed.joining.append(change)
                if len(followed.joining) > _MOST_WAITING:
                    self._end(COME_BACK)
            elif change.seq > followed.seq and not self._expired(subscription, followed):
                followed.seq = change.seq
                wanted = True
        if wanted:
            self._send(change_text(change, self._clock.tick()))

    def interrupted(self) -> None:
        """See `Follower.interrupted`."""
        self._end(COME_BACK)

    async def _receive(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            try:
                request = read_request(message.get("text"))
            except NotUnderstood as error:
                self._refuse(None, "bad_message", str(error))
                continue
            if request.type == "leave":
                self._leave(request.data.subscription_id)
            else:
                await self._join(request.data)

    async def _join(self, wanted: Subscription) -> None:
        id, place = wanted.subscription_id, wanted.place
        self._leave(id)
        if len(self._followed) >= MAX_SUBSCRIPTIONS:
            self._refuse(
                wanted,
                "too_many_subscriptions",
                f"A connection follows at most {MAX_SUBSCRIPTIONS} items and groups. hint: follow groups"
                " instead of their items, or open another connection.",
            )
            return
        try:
            shown = self._shown if wanted.token is None else (wanted.token, *self._shown)
            grant = await self._access.grant(place, shown)
            followed = _Followed(place=place, expires_at=grant.expires_at)
            self._followed[id] = followed
            # Before anything is read: what happens meanwhile waits in `joining`.
            await self._feed.enter(place, self)
            await self._catch_up(wanted, followed)
        except Refused as refused:
            self._refuse(wanted, ACCESS_DENIED, refused.message, reason=refused.code)
        except StoreError as error:
            self._leave(id)
            hint = f" hint: {error.hint}" if error.hint else ""
            self._refuse(wanted, error.code, f"{error.message}.{hint}")

    async def _catch_up(self, wanted: Subscription, followed: _Followed) -> None:
        """Send what the client has missed, or everything there is, and then what came meanwhile."""
        store, place, subscription = self._feed.store, wanted.place, wanted.subscription_id
        missed = None if wanted.seq is None else await store.since(place, wanted.seq)
        if missed is None:
            followed.seq = await store.last_seq()
            items = await self._items(place)
            tick = self._clock.tick()
            await self._send_patiently(sync_text(place, tick, items, subscription, followed.seq))
        else:
            followed.seq = missed[-1].seq if missed else wanted.seq or 0
            for change in missed:
                await self._send_patiently(change_text(change, self._clock.tick()))
            await self._send_patiently(
                resumed_text(place, self._clock.tick(), subscription, followed.seq)
            )
        for change in followed.joining or ():
            if change.seq > followed.seq:
                followed.seq = change.seq
                self._send(change_text(change, self._clock.tick()))
        followed.joining = None

    async def _items(self, place: Place) -> list[StreamItem]:
        store = self._feed.store
        if place.id is not None:
            item = await store.get(place.stream, place.group, place.id)
            return [] if item is None else [item]
        items: list[StreamItem] = []
        size, after = 0, None
        while True:
            page = await store.list(place.stream, place.group, after=after, limit=MAX_PAGE)
            items += page.items
            size += sum(json_size(item.data) for item in page.items)
            if size > MAX_GROUP:
                raise StoreError(
                    f"The group `{place.group}` of the stream `{place.stream}` has more than"
                    f" {MAX_GROUP:,} bytes, too many to be followed as a whole",
                    code="group_too_large",
                    retryable=False,
                    hint="make smaller groups, or follow single items",
                )
            after = page.next
            if after is None:
                return items

    def _leave(self, subscription: str) -> None:
        left = self._followed.pop(subscription, None)
        rooms = {followed.place[:2] for followed in self._followed.values()}
        if left is not None and left.place[:2] not in rooms:
            self._feed.leave(left.place, self)

    def _expired(self, subscription: str, followed: _Followed) -> bool:
        """Whether the token it was granted for is no longer good; the client is told once."""
        if followed.expires_at is None or time.time() < followed.expires_at:
            return False
        self._leave(subscription)
        self._send(
            error_text(
                followed.place,
                self._clock.tick(),
                code=ACCESS_DENIED,
                reason="token_expired",
                message="The token has expired. hint: join again with another one.",
                subscription=subscription,
            )
        )
        return True

    def _refuse(
        self, wanted: Subscription | None, code: str, message: str, reason: str = ""
    ) -> None:
        self._send(
            error_text(
                wanted and wanted.place,
                self._clock.tick(),
                code=code,
                reason=reason,
                message=message,
                subscription=wanted.subscription_id if wanted else "",
            )
        )

    def _send(self, text: str) -> None:
        if not self._outbox.put(text):
            self._end(TOO_SLOW)

    async def _send_patiently(self, text: str) -> None:
        """For what the client has asked for: much of it at once does not make the client slow."""
        if not await self._outbox.put_patiently(text):
            self._end(TOO_SLOW)

    def _end(self, code: int) -> None:
        if not self._close_code.done():
            self._close_code.set_result(code)

    async def _close(self, ended: Sequence[object]) -> None:
        if any(isinstance(error, TimeoutError) for error in ended):
            self._end(TOO_SLOW)
        for error in ended:
            if isinstance(error, Exception) and not isinstance(
                error, TimeoutError | WebSocketDisconnect
            ):
                raise error
        if self._socket.client_state is WebSocketState.CONNECTED and self._close_code.done():
            # A client that takes nothing does not take this either.
            with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
                async with asyncio.timeout(_CLOSING):
                    await self._socket.close(self._close_code.result())


def _covers(followed: Place, place: Place) -> bool:
    return followed[:2] == place[:2] and followed.id in (None, place.id)
