"""State and journal in memory: for tests and trials, gone with the process."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice

from wistro.stores import encoding
from wistro.stores.atomic import AtomicState, Change, Stored, page
from wistro.stores.journal import LOOKED_THROUGH, JournalEntry, JournalFilter, JournalPage
from wistro.stores.polled import PolledJournal
from wistro.stores.state import Page, StateEntry


class MemoryState(AtomicState):
    """A `StateStore` for one event loop: nothing here awaits, so everything is atomic."""

    def __init__(self, *, max_value_bytes: int = encoding.MAX_VALUE_BYTES) -> None:
        super().__init__(max_value_bytes=max_value_bytes)
        self._groups: defaultdict[str, dict[str, Stored]] = defaultdict(dict)
        self._clock = 0

    async def _read(self, group: str, key: str) -> Stored | None:
        return self._groups.get(group, {}).get(key)

    async def _change(self, group: str, key: str, change: Change) -> Stored | None:
        text = change(await self._read(group, key))
        if text is None:
            return None
        self._clock += 1
        stored = Stored(text, self._clock, time.time())
        self._groups[group][key] = stored
        return stored

    async def _remove(self, group: str, key: str) -> bool:
        entries = self._groups.get(group, {})
        found = entries.pop(key, None)
        if not entries:
            self._groups.pop(group, None)
        return found is not None

    async def _remove_group(self, group: str) -> int:
        return len(self._groups.pop(group, {}))

    async def _page(self, group: str, after: str, limit: int) -> Page[StateEntry]:
        entries = self._groups.get(group, {})
        rows = ((key, entries[key]) for key in sorted(entries) if key > after)
        return page(group, rows, limit)

    async def _group_names(self, after: str, limit: int) -> list[str]:
        return sorted(name for name in self._groups if name > after)[:limit]

    async def close(self) -> None:
        """See `StateStore.close`."""


class MemoryJournal(PolledJournal):
    """A `Journal` for one event loop."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[JournalEntry] = []
        self._last_seq = 0

    async def _store(self, entries: Sequence[JournalEntry]) -> None:
        for entry in entries:
            self._last_seq += 1
            self._entries.append(replace(entry, seq=self._last_seq))

    async def _scan(
        self, wanted: JournalFilter, after_seq: int, limit: int
    ) -> tuple[list[JournalEntry], int]:
        found = list(islice(self._beyond(wanted, after_seq), limit))
        return found, found[-1].seq if len(found) == limit else max(after_seq, self._last_seq)

    async def _newest(
        self, wanted: JournalFilter, after_seq: int, limit: int
    ) -> list[JournalEntry]:
        return list(self._beyond(wanted, after_seq))[-limit:]

    async def _back(self, wanted: JournalFilter, before_seq: int, limit: int) -> JournalPage:
        end = bisect_left(self._entries, before_seq, key=lambda entry: entry.seq)
        start = max(0, end - LOOKED_THROUGH)
        older = islice(
            reversed(self._entries), len(self._entries) - end, len(self._entries) - start
        )
        found = list(islice(filter(wanted.accepts, older), limit))
        if len(found) == limit:
            return JournalPage(entries=found, next=found[-1].seq)
        return JournalPage(entries=found, next=self._entries[start].seq if start else None)

    async def last_seq(self) -> int:
        """See `Journal.last_seq`."""
        return self._last_seq

    async def prune(self, older_than: timedelta) -> int:
        """See `Journal.prune`."""
        oldest = time.time() - older_than.total_seconds()
        before = len(self._entries)
        self._entries = [entry for entry in self._entries if entry.at >= oldest]
        return before - len(self._entries)

    async def close(self) -> None:
        """See `Journal.close`."""
        self._end_tails()

    def _beyond(self, wanted: JournalFilter, after_seq: int) -> Iterator[JournalEntry]:
        first = bisect_right(self._entries, after_seq, key=lambda entry: entry.seq)
        return filter(wanted.accepts, islice(self._entries, first, None))
