"""A tab that does not read: what waits for it is bounded, whatever is sent."""

from __future__ import annotations

from typing import Any

import pytest

from wistro.stores.memory_stream import MemoryStreams
from wistro.stores.reserved import CHANNELS
from wistro.stores.stream import Place, StreamChange
from wistro_triggers.channels import ChannelServer
from wistro_triggers.streams_feed import Follower, StreamFeed


class Watched(StreamFeed):
    """A feed that shows who follows."""

    def __init__(self) -> None:
        super().__init__(MemoryStreams())
        self.tabs: list[Any] = []

    async def enter(self, place: Place, follower: Follower) -> None:
        await super().enter(place, follower)
        self.tabs.append(follower)


@pytest.mark.asyncio
async def test_it_is_cut_off_and_comes_back() -> None:
    feed = Watched()
    asks_nobody: Any = None
    server = ChannelServer(feed=feed, keys=asks_nobody, admission=asks_nobody)
    messages = server.follow("anna", None, None)
    await anext(messages)
    (tab,) = feed.tabs
    for seq in range(1, 5001):
        place = Place(CHANNELS, "anna", f"{seq}")
        tab.changed(StreamChange(seq=seq, at=0.0, place=place, kind="create", text="{}"))
    assert tab.waiting.qsize() <= 1001
    seen = [message.seq async for message in messages]
    assert seen == list(range(1, 1001))
    feed.close()
