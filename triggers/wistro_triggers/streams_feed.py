"""Brings changes of streams to those who follow them: one tail of the log for all of this process."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import aclosing
from typing import Protocol

import structlog

from wistro.errors import StoreError
from wistro.stores.stream import Place, StreamChange, StreamStore

log = structlog.stdlib.get_logger("wistro.streams")

_Room = tuple[str, str]


class Follower(Protocol):
    """A connection, as the feed sees it."""

    def changed(self, change: StreamChange) -> None:
        """Something has happened in a group that it follows. Must not wait, and must not raise."""
        ...

    def interrupted(self) -> None:
        """Changes may be missed from now on: the client must come back and read anew."""
        ...


class StreamFeed:
    """The followers of this process, by group.

    A follower that enters a group gets every change beyond the `last_seq` that it reads after that.
    """

    def __init__(self, store: StreamStore) -> None:
        """Bring the changes of `store`."""
        self.store = store
        self._rooms: defaultdict[_Room, set[Follower]] = defaultdict(set)
        self._following: asyncio.Task[None] | None = None

    async def enter(self, place: Place, follower: Follower) -> None:
        """Bring the changes in a place's group to `follower` from now on.

        Raises:
            StoreError: the store is away.
        """
        if self._following is None or self._following.done():
            seq = await self.store.last_seq()
            if self._following is None or self._following.done():
                self._following = asyncio.create_task(self._follow(seq))
        self._rooms[_room(place)].add(follower)

    def leave(self, place: Place, follower: Follower) -> None:
        """Bring it none of the changes in a place's group any more."""
        room = _room(place)
        self._rooms[room].discard(follower)
        if not self._rooms[room]:
            del self._rooms[room]

    def interrupt(self) -> None:
        """Have every follower read anew: what it may follow, or what there is, has changed."""
        for follower in {each for room in self._rooms.values() for each in room}:
            follower.interrupted()

    def close(self) -> None:
        """Stop."""
        if self._following is not None:
            self._following.cancel()
        self.interrupt()

    async def _follow(self, seq: int) -> None:
        try:
            async with aclosing(self.store.tail(seq)) as changes:
                async for change in changes:
                    for follower in tuple(self._rooms.get(_room(change.place), ())):
                        follower.changed(change)
        except StoreError as error:
            log.warning("streams are interrupted", error=error.message)
        except Exception:
            log.exception("streams are interrupted")
        # Whoever comes back has it begin anew.
        self.interrupt()


def _room(place: Place) -> _Room:
    return place.stream, place.group
