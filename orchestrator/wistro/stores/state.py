"""State: durable JSON values by group and key, and what every place that keeps them must promise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

ItemT_co = TypeVar("ItemT_co", covariant=True)

DEFAULT_PAGE = 100
"""How many items a page holds when the caller does not say."""


@dataclass(frozen=True, kw_only=True)
class StateEntry:
    """One value as it was at one moment; changing `value` does not change the store."""

    group: str
    key: str
    value: object
    version: int
    """Grows with every write of the store and is never used again, not even after a delete: an entry
    with the version that you read is the entry that you read."""
    updated_at: float
    """Seconds since the epoch."""


@dataclass(frozen=True, kw_only=True)
class Page(Generic[ItemT_co]):
    """Some of a list, in order."""

    items: tuple[ItemT_co, ...]
    next: str | None = None
    """What to give as `after` for the items that follow; `None` on the last page."""


class StateStore(Protocol):
    """Durable JSON values by group and key, shared by the flows of one project.

    Every operation is atomic for every process that shares the store, and a write that returned
    survives the death of the process. Keys are ordered by their Unicode code points.

    Raises (any operation): `StoreError` with one of these codes.
        store_unavailable: the store is away, locked or full; nothing was changed. Retryable.
        store_outcome_unknown: the store went away during a write that is not safe to repeat.
        state_conflict: the entry is not what the caller expected. Retryable, after reading it again.
        value_too_large, value_not_json, value_not_a_number, name_invalid, page_invalid: the caller
            must change what it gives.
    """

    async def get(self, group: str, key: str) -> StateEntry | None:
        """The entry, or `None` when there is none."""
        ...

    async def set(
        self,
        group: str,
        key: str,
        value: object,
        *,
        if_version: int | None = None,
        if_absent: bool = False,
    ) -> StateEntry:
        """Write an entry.

        Args:
            group: The group, made by its first entry.
            key: The key within the group.
            value: Any JSON value, `None` included.
            if_version: Write only over the entry with this version.
            if_absent: Write only when there is no entry.

        Raises:
            StoreError: `state_conflict` when a condition does not hold.
        """
        ...

    async def delete(self, group: str, key: str) -> bool:
        """Remove an entry; says whether there was one."""
        ...

    async def list(
        self, group: str, *, after: str | None = None, limit: int = DEFAULT_PAGE
    ) -> Page[StateEntry]:
        """The entries of a group in the order of their keys, those beyond the key `after`.

        A page ends early, with `next` given, when its values grow large.
        """
        ...

    async def clear(self, group: str) -> int:
        """Remove a group; says how many entries it had."""
        ...

    async def groups(self, *, after: str | None = None, limit: int = DEFAULT_PAGE) -> Page[str]:
        """The names of the groups, in order, those beyond `after`."""
        ...

    async def increment(self, group: str, key: str, by: float = 1) -> float:
        """Add to a number and return the sum; an entry that is not there counts as 0.

        Integers stay integers, of any size.
        """
        ...

    async def compare_and_set(self, group: str, key: str, expected: object, value: object) -> bool:
        """Write `value` if the entry holds `expected`, and say whether it did.

        Values are compared as JSON: `1` equals `1.0`, `true` does not equal `1`, the order of an
        object's names is no part of it. Expecting `None` accepts an entry that is not there.
        """
        ...

    async def close(self) -> None:
        """Let go of files and connections; the store is not used again."""
        ...
