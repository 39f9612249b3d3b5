"""What stream stores share: every write is one atomic read and change of one item, and an entry of the log."""

from __future__ import annotations

import abc
import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple, TypeAlias

from wistro.errors import StoreError
from wistro.stores import encoding
from wistro.stores.polled import POLL_SECONDS
from wistro.stores.state import DEFAULT_PAGE, Page
from wistro.stores.stream import (
    MAX_EVENT_BYTES,
    ChangeKind,
    Place,
    StreamChange,
    StreamItem,
)

_TRIM_EVERY = 250
"""Writes between two looks at how long the log has become."""
_CHUNK = 500


@dataclass(frozen=True, kw_only=True)
class Keep:
    """How much of the log is kept: whatever is over any of these bounds goes, the oldest first."""

    changes: int = 10_000
    size: int = 64 * 1024**2
    """Bytes of the texts, about."""
    age: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item as a store keeps it."""

    text: str
    version: int
    created: int
    """The `seq` that made it: the place in its group."""
    updated_at: float

    def item(self, place: Place) -> StreamItem:
        """The item as callers see it."""
        change = StreamChange(
            seq=self.version, at=self.updated_at, place=place, kind="update", text=self.text
        )
        return change.item()


class Scan(NamedTuple):
    """Some of the log."""

    changes: list[StreamChange]
    floor: int
    """Changes up to this one may be gone."""
    last: int
    """The newest change ever."""


Change: TypeAlias = Callable[[StoredItem | None], tuple[ChangeKind, str] | None]
"""From what there is to the change that is to be made and its text; `None` leaves everything."""


class AtomicStreams(abc.ABC):
    """A `StreamStore` for which a provider writes how to read, to change one item, and to scan the log.

    Names and limits have been checked when the abstract methods are called.
    """

    def __init__(
        self, *, max_item_bytes: int = encoding.MAX_VALUE_BYTES, keep: Keep | None = None
    ) -> None:
        self.max_item_bytes = max_item_bytes
        self.keep = keep or Keep()
        self._writes = 0
        self._tails: set[asyncio.Event] = set()
        self._ended = False

    @abc.abstractmethod
    async def _read(self, place: Place) -> StoredItem | None: ...

    @abc.abstractmethod
    async def _change(self, place: Place, change: Change) -> StreamChange | None:
        """Apply `change` and note it in the log, with nobody else writing meanwhile.

        A `create` or `update` writes its text as the item, a `delete` removes the item; an `event`, which
        may have no id, touches none. Returns what was noted.
        """

    @abc.abstractmethod
    async def _page(self, stream: str, group: str, after: int, limit: int) -> Page[StreamItem]:
        """The items that were created after this one, as `page` makes a page of them."""

    @abc.abstractmethod
    async def _group_names(self, stream: str, after: str, limit: int) -> list[str]: ...

    @abc.abstractmethod
    async def _scan(self, place: Place | None, seq: int, limit: int) -> Scan:
        """The changes beyond `seq`, at one place or anywhere, and the bounds of the log with them."""

    @abc.abstractmethod
    async def _trim(self) -> None:
        """Forget the changes that `keep` does not keep."""

    @abc.abstractmethod
    async def last_seq(self) -> int:
        """See `StreamStore.last_seq`."""

    async def get(self, stream: str, group: str, id: str) -> StreamItem | None:
        """See `StreamItems.get`."""
        place = _item_place(stream, group, id)
        stored = await self._read(place)
        return stored and stored.item(place)

    async def set(
        self,
        stream: str,
        group: str,
        id: str,
        data: Mapping[str, object],
        *,
        if_version: int | None = None,
        if_absent: bool = False,
    ) -> StreamItem:
        """See `StreamItems.set`."""
        place = _item_place(stream, group, id)
        text = item_text(place, data, self.max_item_bytes)

        def change(old: StoredItem | None) -> tuple[ChangeKind, str]:
            if if_absent and old:
                raise _conflict(place, "no item", old)
            if if_version is not None and (old is None or old.version != if_version):
                raise _conflict(place, f"version {if_version}", old)
            return ("update" if old else "create"), text

        made = await self._write(place, change)
        assert made, "a change that is given is made"
        return made.item()

    async def delete(self, stream: str, group: str, id: str) -> StreamItem | None:
        """See `StreamItems.delete`."""
        removed: StreamItem | None = None
        place = _item_place(stream, group, id)

        def change(old: StoredItem | None) -> tuple[ChangeKind, str] | None:
            nonlocal removed
            removed = old and old.item(place)
            return ("delete", old.text) if old else None

        await self._write(place, change)
        return removed

    async def list(
        self, stream: str, group: str, *, after: str | None = None, limit: int = DEFAULT_PAGE
    ) -> Page[StreamItem]:
        """See `StreamItems.list`."""
        encoding.check_names(stream=stream, group=group)
        encoding.check_limit(limit)
        return await self._page(stream, group, _position(after), limit)

    async def groups(
        self, stream: str, *, after: str | None = None, limit: int = DEFAULT_PAGE
    ) -> Page[str]:
        """See `StreamStore.groups`."""
        encoding.check_names(stream=stream)
        encoding.check_page(after, limit)
        found = await self._group_names(stream, after or "", limit + 1)
        items = tuple(found[:limit])
        return Page(items=items, next=items[-1] if len(found) > limit else None)

    async def send(self, place: Place, type: str, data: object) -> int:
        """See `StreamItems.send`."""
        check_place(place)
        text = event_text(place, type, data)
        made = await self._write(place, lambda _: ("event", text))
        assert made, "an event is always noted"
        return made.seq

    async def since(
        self, place: Place, seq: int, *, limit: int = 1000
    ) -> Sequence[StreamChange] | None:
        """See `StreamStore.since`."""
        scan = await self._scan(place, seq, limit + 1)
        lost = seq < scan.floor or seq > scan.last or len(scan.changes) > limit
        return None if lost else scan.changes

    async def tail(self, seq: int) -> AsyncGenerator[StreamChange, None]:
        """See `StreamStore.tail`."""
        written = asyncio.Event()
        self._tails.add(written)
        try:
            while not self._ended:
                written.clear()
                scan = await self._scan(None, seq, _CHUNK)
                if seq < scan.floor:
                    raise _gone(seq, scan.floor)
                for change in scan.changes:
                    yield change
                    seq = change.seq
                if not scan.changes:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(written.wait(), POLL_SECONDS)
        except StoreError as error:
            if error.code != "store_closed":
                raise
        finally:
            self._tails.discard(written)

    async def close(self) -> None:
        """See `StreamItems.close`."""
        self._ended = True
        self._wake()

    async def _write(self, place: Place, change: Change) -> StreamChange | None:
        made = await self._change(place, change)
        if made is not None:
            self._wake()
            self._writes += 1
            if self._writes % _TRIM_EVERY == 0:
                await self._trim()
        return made

    def _wake(self) -> None:
        for written in self._tails:
            written.set()


def page(
    stream: str, group: str, rows: Iterable[tuple[str, StoredItem]], limit: int
) -> Page[StreamItem]:
    """The first rows as a page, which ends at `limit` items or when it has grown large."""
    items: list[StreamItem] = []
    size, last = 0, 0
    for id, stored in rows:
        if len(items) == limit or size > encoding.MAX_PAGE_BYTES:
            return Page(items=tuple(items), next=str(last))
        items.append(stored.item(Place(stream, group, id)))
        size, last = size + len(stored.text), stored.created
    return Page(items=tuple(items))


def item_text(place: Place, data: Mapping[str, object], limit: int) -> str:
    """The JSON text of an item, with its id.

    Raises:
        StoreError: `value_not_json` or `value_too_large`, naming the item.
    """
    what = f"The item `{place.id}` in the group `{place.group}` of the stream `{place.stream}`"
    if not isinstance(data, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] users give anything
        raise StoreError(
            f"{what} was expected to be an object; found a `{type(data).__name__}`",
            code="value_not_json",
            retryable=False,
            hint="set an object, such as `{'text': …}`",
        )
    return encoding.json_text(what, {**data, "id": place.id}, limit)


def event_text(place: Place, type: str, data: object) -> str:
    """The JSON text of an event.

    Raises:
        StoreError: `value_not_json`, `value_too_large` or `name_invalid`.
    """
    encoding.check_names(type=type)
    what = f"The event `{type}` in the group `{place.group}` of the stream `{place.stream}`"
    return encoding.json_text(what, {"type": type, "data": data}, MAX_EVENT_BYTES)


def check_place(place: Place) -> None:
    """Refuse an item or group that some store could not keep.

    Raises:
        StoreError: `name_invalid`.
    """
    encoding.check_names(stream=place.stream, group=place.group)
    if place.id is not None:
        encoding.check_names(id=place.id)


def _item_place(stream: str, group: str, id: str) -> Place:
    encoding.check_names(stream=stream, group=group, id=id)
    return Place(stream, group, id)


def _position(after: str | None) -> int:
    if after is None:
        return 0
    if after.isdecimal() and len(after) < 19:
        return int(after)
    raise StoreError(
        f"A page of items begins after the `next` of another page; found `{after[:40]}`",
        code="page_invalid",
        retryable=False,
        hint="give `after` as a page gave it in `next`",
    )


def _gone(seq: int, floor: int) -> StoreError:
    return StoreError(
        f"The changes of streams beyond {seq:,} were expected; found those beyond {floor:,} only",
        code="changes_gone",
        hint="read the items anew",
    )


def _conflict(place: Place, expected: str, found: StoredItem | None) -> StoreError:
    version = found.version if found else None
    return StoreError(
        f"`{place.id}` in the group `{place.group}` of the stream `{place.stream}` was expected to have"
        f" {expected}; found {f'version {version}' if version else 'no item'}",
        code="stream_conflict",
        hint="somebody else wrote it: read it again and decide anew",
        details={**place._asdict(), "version": version},
    )
