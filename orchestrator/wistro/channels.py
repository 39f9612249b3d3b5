"""The channels of users: what is sent to one user, kept for tabs that are briefly away.

A channel is a group of a stream that no project can have, so it has the log, the order and the tails of
streams, in every process of the project.
"""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import timedelta

import httpx

from wistro.stores.atomic_stream import item_text
from wistro.stores.encoding import MAX_PAGE
from wistro.stores.stream import Place, StreamItem, StreamItems, StreamStore
from wistro.stores.worker_client import WorkerApiClient, encode_body
from wistro_codec import Keys, mint_stream_token

CHANNELS = "wistro.channels"
"""The stream: names of streams have no dots."""
PUT_CHANNEL = "/channels/put"
"""Where the worker API takes what processes without a store send."""


class Channels:
    """The channels in a store of streams."""

    def __init__(self, store: StreamItems) -> None:
        self._store = store

    async def put(self, user: str, id: str, message: Mapping[str, object]) -> None:
        """Send `message` to the tabs of `user`, and keep it; sent again, it has the same id.

        Raises:
            StoreError: the store is away, or refuses.
        """
        await self._store.set(CHANNELS, user, id, message)


class RemoteChannels:
    """The channels behind the worker API, for processes that have no store."""

    def __init__(
        self, api: str, mint: Callable[[str, str], str], client: httpx.AsyncClient
    ) -> None:
        """Take where the triggers are, what mints run tokens, and a client that stays the caller's."""
        self._api = WorkerApiClient(api, client, timeout=timedelta(seconds=10))
        self._mint = mint

    async def put(self, user: str, id: str, message: Mapping[str, object]) -> None:
        """See `Channels.put`."""
        token = self._mint(str(message["flow"]), str(message["call_id"]))
        text = item_text(Place(CHANNELS, user, id), message, sys.maxsize)
        await self._api.call(
            PUT_CHANNEL, encode_body({"user": user, "id": id}, message=text), token=token
        )


async def kept_after(store: StreamStore, user: str, seq: int) -> Sequence[StreamItem]:
    """What a channel has kept beyond `seq`, in the order in which it was sent.

    Raises:
        StoreError: the store is away.
    """
    found = [item async for item in _items(store, user) if item.version > seq]
    return sorted(found, key=lambda item: item.version)


async def prune_channels(
    store: StreamStore, keep: timedelta, clock: Callable[[], float] = time.time
) -> int:
    """Remove what was sent longer than `keep` ago; says how much.

    Raises:
        StoreError: the store is away.
    """
    oldest = clock() - keep.total_seconds()
    removed, after = 0, None
    while True:
        page = await store.groups(CHANNELS, after=after, limit=MAX_PAGE)
        for user in page.items:
            for item in [item async for item in _items(store, user) if item.updated_at < oldest]:
                await store.delete(CHANNELS, user, item.id)
                removed += 1
        after = page.next
        if after is None:
            return removed


def mint_channel_token(keys: Keys, user: str, expires_at: float) -> str:
    """Make the token with which the tabs of `user` follow their channel, and no other.

    Args:
        keys: Those of the project.
        user: Whose channel.
        expires_at: Seconds since the epoch.
    """
    return mint_stream_token(keys, stream=CHANNELS, group=user, expires_at=expires_at)


async def _items(store: StreamStore, user: str) -> AsyncGenerator[StreamItem]:
    after: str | None = None
    while True:
        page = await store.list(CHANNELS, user, after=after, limit=MAX_PAGE)
        for item in page.items:
            yield item
        after = page.next
        if after is None:
            return
