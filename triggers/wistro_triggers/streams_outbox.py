"""What waits to be sent to one client: bounded, so that a slow one costs no more than that."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import timedelta

MAX_WAITING = 16 * 1024**2
"""Characters that may wait, beside one message of any size."""
SEND_TIMEOUT = timedelta(seconds=30)
"""How long the network may take to make room for one message."""


class Outbox:
    """Messages in order, for one sender."""

    def __init__(self, *, limit: int = MAX_WAITING, timeout: timedelta = SEND_TIMEOUT) -> None:
        """Take how much may wait, and for how long."""
        self._limit = limit
        self._timeout = timeout.total_seconds()
        self._texts: deque[str] = deque()
        self._size = 0
        self._some = asyncio.Event()
        self._less = asyncio.Event()
        self._overflown = False

    def put(self, text: str) -> bool:
        """Have a message sent; says whether there was room. Once there was none, there is none again."""
        self._overflown = self._overflown or not self._has_room(text)
        if self._overflown:
            return False
        self._texts.append(text)
        self._size += len(text)
        self._some.set()
        return True

    async def put_patiently(self, text: str) -> bool:
        """Wait for room, and have a message sent."""
        while not self._has_room(text):
            self._less.clear()
            await self._less.wait()
        return self.put(text)

    async def drain(self, send: Callable[[str], Awaitable[None]]) -> None:
        """Send messages as they come, for ever.

        Raises:
            TimeoutError: the client takes nothing.
        """
        while True:
            await self._some.wait()
            while self._texts:
                async with asyncio.timeout(self._timeout):
                    await send(self._texts[0])
                # Only now: what the network has not taken counts as waiting.
                self._size -= len(self._texts.popleft())
                self._less.set()
            self._some.clear()

    def _has_room(self, text: str) -> bool:
        return not self._texts or self._size + len(text) <= self._limit
