"""Streams in memory: for tests and trials, gone with the process."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import defaultdict, deque
from itertools import islice

from wistro.stores.atomic_stream import AtomicStreams, Change, Keep, Scan, StoredItem, page
from wistro.stores.encoding import MAX_VALUE_BYTES
from wistro.stores.state import Page
from wistro.stores.stream import Place, StreamChange, StreamItem


class MemoryStreams(AtomicStreams):
    """A `StreamStore` for one event loop: nothing here awaits, so everything is atomic."""

    def __init__(self, *, max_item_bytes: int = MAX_VALUE_BYTES, keep: Keep | None = None) -> None:
        super().__init__(max_item_bytes=max_item_bytes, keep=keep)
        # An item that is written again keeps its place in the dict, which is the order of creation.
        self._groups: defaultdict[tuple[str, str], dict[str, StoredItem]] = defaultdict(dict)
        self._log: deque[StreamChange] = deque()
        self._last = 0

    async def _read(self, place: Place) -> StoredItem | None:
        return self._groups.get((place.stream, place.group), {}).get(place.id or "")

    async def _change(self, place: Place, change: Change) -> StreamChange | None:
        old = await self._read(place)
        wanted = change(old)
        if wanted is None:
            return None
        kind, text = wanted
        self._last += 1
        made = StreamChange(seq=self._last, at=time.time(), place=place, kind=kind, text=text)
        self._log.append(made)
        items = self._groups[(place.stream, place.group)]
        if kind in {"create", "update"} and place.id is not None:
            created = old.created if old else made.seq
            items[place.id] = StoredItem(text, made.seq, created, made.at)
        elif kind == "delete" and place.id is not None:
            del items[place.id]
        if not items:
            del self._groups[(place.stream, place.group)]
        return made

    async def _page(self, stream: str, group: str, after: int, limit: int) -> Page[StreamItem]:
        items = self._groups.get((stream, group), {})
        return page(stream, group, ((i, s) for i, s in items.items() if s.created > after), limit)

    async def _group_names(self, stream: str, after: str, limit: int) -> list[str]:
        return sorted(group for of, group in self._groups if of == stream and group > after)[:limit]

    async def _scan(self, place: Place | None, seq: int, limit: int) -> Scan:
        first = bisect_right(self._log, seq, key=lambda change: change.seq)
        beyond = (c for c in islice(self._log, first, None) if place is None or _at(place, c))
        floor = self._log[0].seq - 1 if self._log else self._last
        return Scan(list(islice(beyond, limit)), floor, self._last)

    async def _trim(self) -> None:
        size = sum(len(change.text) for change in self._log)
        oldest = time.time() - self.keep.age.total_seconds()
        while self._log and (
            len(self._log) > self.keep.changes or size > self.keep.size or self._log[0].at < oldest
        ):
            size -= len(self._log.popleft().text)

    async def last_seq(self) -> int:
        """See `StreamStore.last_seq`."""
        return self._last


def _at(place: Place, change: StreamChange) -> bool:
    return change.place[:2] == place[:2] and place.id in (None, change.place.id)
