"""Streams that Wistro keeps for itself, under names that no project's stream can have.

They have the order, the log and the tails of streams, in every process of a project. What is in them
are messages about calls, which say in `flow` and `call_id` which one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import timedelta
from typing import Protocol

import httpx

from wistro.stores.atomic_stream import item_text
from wistro.stores.encoding import MAX_PAGE
from wistro.stores.stream import Place, StreamItem, StreamStore
from wistro.stores.worker_client import WorkerApiClient, encode_body

CHANNELS = "wistro.channels"
"""The channels of users: names of streams have no dots."""
INBOX_ANSWERS = "wistro.inbox-answers"
"""Answers that people look at when they have the time."""
RESERVED = frozenset({CHANNELS, INBOX_ANSWERS})

PUT_RESERVED = "/reserved/put"
"""Where the worker API takes items of these streams."""


class ItemWriter(Protocol):
    """Writes items; every `StreamItems` does."""

    async def set(self, stream: str, group: str, id: str, data: Mapping[str, object], /) -> object:
        """Write an item, over the one that has the id."""
        ...


class RemoteReserved:
    """Writes to reserved streams over the worker API, for processes that have no store."""

    def __init__(
        self, api: str, mint: Callable[[str, str], str], client: httpx.AsyncClient
    ) -> None:
        """Take where the triggers are, what mints run tokens, and a client that stays the caller's."""
        self._api = WorkerApiClient(api, client, timeout=timedelta(seconds=10))
        self._mint = mint

    async def set(self, stream: str, group: str, id: str, data: Mapping[str, object], /) -> object:
        """See `ItemWriter.set`."""
        token = self._mint(str(data["flow"]), str(data["call_id"]))
        text = item_text(Place(stream, group, id), data, sys.maxsize)
        body = encode_body({"stream": stream, "group": group, "id": id}, data=text)
        return await self._api.call(PUT_RESERVED, body, token=token)


async def items_of(store: StreamStore, stream: str, group: str) -> AsyncGenerator[StreamItem]:
    """The items of a group, the oldest first."""
    after: str | None = None
    while True:
        page = await store.list(stream, group, after=after, limit=MAX_PAGE)
        for item in page.items:
            yield item
        after = page.next
        if after is None:
            return


async def prune_reserved(
    store: StreamStore, stream: str, keep: timedelta, clock: Callable[[], float] = time.time
) -> int:
    """Remove what was written longer than `keep` ago; says how much.

    Raises:
        StoreError: the store is away.
    """
    oldest = clock() - keep.total_seconds()
    removed, after = 0, None
    while True:
        page = await store.groups(stream, after=after, limit=MAX_PAGE)
        for group in page.items:
            items = [each async for each in items_of(store, stream, group)]
            for item in items:
                if item.updated_at < oldest:
                    await store.delete(stream, group, item.id)
                    removed += 1
        after = page.next
        if after is None:
            return removed
