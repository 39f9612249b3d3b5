"""A journal that never makes its writer wait: entries are kept in memory and appended in batches."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import threading
import time
from collections import OrderedDict, deque
from datetime import timedelta
from itertools import islice
from types import TracebackType
from typing import Self

from wistro.errors import StoreError
from wistro.stores.journal import JournalEntry, JournalSink

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0
_COMPLAINT_SECONDS = 10.0

_log = logging.getLogger(__name__)


class JournalBuffer:
    """Appends to a sink in the background.

    While the sink is away, entries wait in memory, up to `capacity`. Beyond that the oldest *log*
    lines are dropped first, and what is lost is counted and complained about: what a run did matters
    longer than what it said.

    Use it as an asynchronous context manager, or `start` and `close` it.
    """

    def __init__(
        self,
        sink: JournalSink,
        *,
        capacity: int = 10_000,
        batch: int = 500,
        every: timedelta = timedelta(milliseconds=50),
    ) -> None:
        """Buffer for `sink`.

        Args:
            sink: Where entries go.
            capacity: How many entries may wait.
            batch: How many entries are appended at once; that many are not kept waiting.
            every: How long an entry waits for others to travel with; three times as long while they
                keep coming.
        """
        self._sink = sink
        self._capacity = capacity
        self._batch = batch
        self._every = every.total_seconds()
        self._waiting: OrderedDict[int, JournalEntry] = OrderedDict()
        self._logs: deque[int] = deque()
        self._count = 0
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._some = asyncio.Event()
        self._enough = asyncio.Event()
        self._closing = False
        self._away_since: float | None = None
        self._complained = -_COMPLAINT_SECONDS
        self.dropped = 0
        """Counts the entries that were lost."""

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        stack: TracebackType | None,
    ) -> None:
        await self.close()

    def __len__(self) -> int:
        """How many entries wait."""
        return len(self._waiting)

    def start(self) -> None:
        """Begin to append, on the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run(), name="wistro-journal")
        self._signal()

    def append(self, entry: JournalEntry) -> None:
        """Take an entry. Returns at once; may be called from any thread."""
        with self._lock:
            if self._closing:
                self.dropped += 1
                return
            if len(self._waiting) >= self._capacity:
                self._drop_one()
            self._count += 1
            self._waiting[self._count] = entry
            if entry.kind == "log":
                self._logs.append(self._count)
            wake = len(self._waiting) in {1, self._batch}
        if wake and self._loop:
            self._loop.call_soon_threadsafe(self._signal)

    async def close(self, deadline: timedelta = timedelta(seconds=5)) -> None:
        """Append what waits, for at most `deadline`; the rest is lost, and that is logged."""
        with self._lock:
            self._closing = True
        self._signal()
        if self._task:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._task, deadline.total_seconds())
        lost = len(self._waiting)
        self._waiting.clear()
        self.dropped += lost
        if lost:
            _log.error("%d journal entries were lost: the journal was away while closing", lost)

    async def _run(self) -> None:
        appended = -math.inf
        while not (self._closing and not self._waiting):
            await self._some.wait()
            busy = time.monotonic() - appended < 3 * self._every
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(
                    self._enough.wait(), 3 * self._every if busy else self._every
                )
            await self._append()
            appended = time.monotonic()
            self._signal()

    async def _append(self) -> None:
        """Append one batch, trying until the sink takes or refuses it."""
        pause = _FIRST_PAUSE
        while True:
            with self._lock:
                batch = dict(islice(self._waiting.items(), self._batch))
            if not batch:
                return
            try:
                await self._sink.append(list(batch.values()))
            except StoreError as error:
                if error.retryable:
                    self._complain(error)
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)
                    continue
                self._refused(len(batch), error)
            except Exception as error:  # noqa: BLE001 a mistake in a sink must not end the journal
                self._refused(len(batch), error)
            else:
                self._back()
            self._forget(batch)
            return

    def _forget(self, batch: dict[int, JournalEntry]) -> None:
        with self._lock:
            for number in batch:
                self._waiting.pop(number, None)
            while self._logs and self._logs[0] not in self._waiting:
                self._logs.popleft()

    def _drop_one(self) -> None:
        """Drop the oldest log line, or the oldest entry when there is no log line."""
        self.dropped += 1
        if self._logs:
            del self._waiting[self._logs.popleft()]
        else:
            self._waiting.popitem(last=False)

    def _signal(self) -> None:
        waiting = len(self._waiting)
        _set(self._some, waiting > 0 or self._closing)
        _set(self._enough, waiting >= self._batch or self._closing)

    def _complain(self, error: StoreError) -> None:
        now = time.monotonic()
        self._away_since = self._away_since or now
        if now - self._complained >= _COMPLAINT_SECONDS:
            self._complained = now
            _log.error(
                "the journal is away: %s (%d entries wait, %d were lost)",
                error.message,
                len(self._waiting),
                self.dropped,
            )

    def _back(self) -> None:
        if self._away_since is not None:
            away = time.monotonic() - self._away_since
            _log.warning(
                "the journal is back after %.1f s; %d entries were lost", away, self.dropped
            )
            self._away_since = None
            self._complained = -_COMPLAINT_SECONDS

    def _refused(self, count: int, error: Exception) -> None:
        self.dropped += count
        _log.error("the journal refused %d entries: %s", count, error, exc_info=error)


def _set(event: asyncio.Event, value: bool) -> None:
    if value:
        event.set()
    else:
        event.clear()
