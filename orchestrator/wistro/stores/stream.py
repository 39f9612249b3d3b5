"""Streams: durable items by stream, group and id, and the log of their changes that clients follow."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, cast

from wistro.stores import encoding
from wistro.stores.state import DEFAULT_PAGE, Page

ChangeKind = Literal["create", "update", "delete", "event"]

MAX_EVENT_BYTES = 64 * 1024
"""The bound on what `send` sends, as JSON text: every client of the group gets it at once."""


class Place(NamedTuple):
    """An item, or with no `id` a whole group."""

    stream: str
    group: str
    id: str | None = None


@dataclass(frozen=True, kw_only=True)
class StreamItem:
    """One item as it was at one moment; changing `data` does not change the store."""

    stream: str
    group: str
    id: str
    data: Mapping[str, object]
    """A JSON object; it always has the `id`."""
    version: int
    """The `seq` of the change that wrote it: never used again, not even after a delete."""
    updated_at: float
    """Seconds since the epoch."""


@dataclass(frozen=True, kw_only=True)
class StreamChange:
    """Something that happened to an item or in a group."""

    seq: int
    """Its place in the log of all streams; changes appear in this order."""
    at: float
    """Seconds since the epoch."""
    place: Place
    kind: ChangeKind
    text: str
    """JSON: the item as it is now, as it was when it was deleted, or `{"type", "data"}` of an event."""

    def item(self) -> StreamItem:
        """The item that a `create` or `update` wrote, or a `delete` removed."""
        return StreamItem(
            stream=self.place.stream,
            group=self.place.group,
            id=cast("str", self.place.id),
            data=cast("Mapping[str, object]", encoding.decode(self.text)),
            version=self.seq,
            updated_at=self.at,
        )


class StreamItems(Protocol):
    """What handlers do with streams. Every operation is atomic, and durable once it has returned.

    Raises (any operation): `StoreError` with one of these codes.
        store_unavailable: the store is away, locked or full; nothing was changed. Retryable.
        stream_conflict: the item is not what the caller expected. Retryable, after reading it again.
        value_too_large, value_not_json, name_invalid, page_invalid: the caller must change what it gives.
    """

    async def get(self, stream: str, group: str, id: str) -> StreamItem | None:
        """The item, or `None` when there is none."""
        ...

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
        """Write an item and tell the clients that follow it.

        Args:
            stream: The stream.
            group: The group, made by its first item.
            id: The item; it becomes the `id` of the data.
            data: A JSON object.
            if_version: Write only over the item with this version.
            if_absent: Write only when there is no item.

        Raises:
            StoreError: `stream_conflict` when a condition does not hold.
        """
        ...

    async def delete(self, stream: str, group: str, id: str) -> StreamItem | None:
        """Remove an item and tell the clients that follow it; returns what was removed."""
        ...

    async def list(
        self, stream: str, group: str, *, after: str | None = None, limit: int = DEFAULT_PAGE
    ) -> Page[StreamItem]:
        """The items of a group, the oldest first; those beyond `after`, the `next` of a page.

        A page ends early, with `next` given, when its items grow large.
        """
        ...

    async def send(self, place: Place, type: str, data: object) -> int:
        """Send an event to the clients that follow an item or a group now; returns its `seq`.

        It is not part of any item. A client that comes back soon enough gets it too.
        """
        ...

    async def close(self) -> None:
        """Let go of files and connections; the store is not used again."""
        ...


class StreamStore(StreamItems, Protocol):
    """Items, and the bounded log of their changes, shared by the processes of a project.

    A reader that has seen a change has been able to see every change before it.
    """

    async def groups(
        self, stream: str, *, after: str | None = None, limit: int = DEFAULT_PAGE
    ) -> Page[str]:
        """The names of the groups of a stream, in order, those beyond `after`."""
        ...

    async def since(
        self, place: Place, seq: int, *, limit: int = 1000
    ) -> Sequence[StreamChange] | None:
        """What happened at a place beyond `seq`.

        Returns:
            The changes in order; `None` when they are more than `limit`, when the log does not reach
            back so far, or when `seq` is of another log. Read the items anew then.
        """
        ...

    def tail(self, seq: int) -> AsyncGenerator[StreamChange, None]:
        """All changes beyond `seq` as they come; ends on `close`.

        Those of this process come at once, those of others within about a tenth of a second.
        Iterate within `contextlib.aclosing`.

        Raises:
            StoreError: `changes_gone` when the log was trimmed beyond where the tail is.
        """
        ...

    async def last_seq(self) -> int:
        """The `seq` of the newest change ever; 0 when there was none."""
        ...
