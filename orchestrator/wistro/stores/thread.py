"""One thread that does a store's blocking work, one piece after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from wistro.errors import StoreError

T = TypeVar("T")


class StoreThread:
    """Runs functions in order, away from the event loop.

    A function that has started runs to its end even when the task that waits for it is cancelled, so
    a transaction is never left half done.
    """

    def __init__(self, name: str, what: str) -> None:
        """Name the thread, and for errors the store it serves."""
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._what = what
        self._closed = False

    async def run(self, work: Callable[[], T]) -> T:
        """Run `work` and return what it returns.

        Raises:
            StoreError: `store_closed` after `close`.
        """
        if self._closed:
            raise StoreError(
                f"{self._what} has been closed",
                code="store_closed",
                retryable=False,
                hint="this is a mistake in the program: close stores last",
            )
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    async def close(self, last: Callable[[], None] | None = None) -> None:
        """Let what was queued finish, run `last`, and end the thread. May be called twice."""
        if self._closed:
            return
        self._closed = True
        if last:
            await asyncio.get_running_loop().run_in_executor(self._executor, last)
        self._executor.shutdown(wait=False)
