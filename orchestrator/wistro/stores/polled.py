"""Tails of a journal: woken by appends of this process, and looking now and then for those of others."""

from __future__ import annotations

import abc
import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence

from wistro.errors import StoreError
from wistro.stores import encoding
from wistro.stores.journal import EVERYTHING, MAX_READ, JournalEntry, JournalFilter, JournalPage

POLL_SECONDS = 0.1
"""How often a tail looks for what other processes appended."""
_CHUNK = 500


class PolledJournal(abc.ABC):
    """Appending, reading and tailing; a provider writes how entries are stored and found."""

    def __init__(self) -> None:
        self._tails: set[asyncio.Event] = set()
        self._ended = False

    @abc.abstractmethod
    async def _store(self, entries: Sequence[JournalEntry]) -> None:
        """Append entries, whose messages and fields are bounded."""

    @abc.abstractmethod
    async def _scan(
        self, wanted: JournalFilter, after_seq: int, limit: int
    ) -> tuple[list[JournalEntry], int]:
        """The next entries, and up to where the journal has been looked through for them."""

    @abc.abstractmethod
    async def _newest(
        self, wanted: JournalFilter, after_seq: int, limit: int
    ) -> list[JournalEntry]: ...

    @abc.abstractmethod
    async def _back(self, wanted: JournalFilter, before_seq: int, limit: int) -> JournalPage: ...

    @abc.abstractmethod
    async def last_seq(self) -> int:
        """See `Journal.last_seq`."""

    async def append(self, entries: Sequence[JournalEntry], /) -> None:
        """See `JournalSink.append`."""
        if not entries:
            return
        await self._store([entry.bounded() for entry in entries])
        self._wake()

    async def read(
        self,
        wanted: JournalFilter = EVERYTHING,
        *,
        after_seq: int = 0,
        limit: int = 1000,
        newest: bool = False,
    ) -> list[JournalEntry]:
        """See `Journal.read`."""
        encoding.check_limit(limit, MAX_READ)
        if newest:
            return await self._newest(wanted, after_seq, limit)
        found, _ = await self._scan(wanted, after_seq, limit)
        return found

    async def back(
        self, wanted: JournalFilter = EVERYTHING, *, before_seq: int | None = None, limit: int = 100
    ) -> JournalPage:
        """See `Journal.back`."""
        encoding.check_limit(limit, MAX_READ)
        before = await self.last_seq() + 1 if before_seq is None else before_seq
        return await self._back(wanted, before, limit)

    async def tail(
        self, wanted: JournalFilter = EVERYTHING, *, after_seq: int | None = None
    ) -> AsyncGenerator[JournalEntry, None]:
        """See `Journal.tail`."""
        appended = asyncio.Event()
        self._tails.add(appended)
        try:
            position = await self.last_seq() if after_seq is None else after_seq
            while not self._ended:
                appended.clear()
                found, position = await self._scan(wanted, position, _CHUNK)
                for entry in found:
                    yield entry
                if not found:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(appended.wait(), POLL_SECONDS)
        except StoreError as error:
            if error.code != "store_closed":
                raise
        finally:
            self._tails.discard(appended)

    def _end_tails(self) -> None:
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        for appended in self._tails:
            appended.set()
