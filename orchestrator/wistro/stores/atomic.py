"""What stores share: every conditional write is one atomic read and change of one entry."""

from __future__ import annotations

import abc
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from wistro.errors import StoreError
from wistro.stores import encoding
from wistro.stores.state import DEFAULT_PAGE, Page, StateEntry


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as a store keeps it: the value is JSON text."""

    text: str
    version: int
    updated_at: float

    def entry(self, group: str, key: str) -> StateEntry:
        """The entry as callers see it."""
        return StateEntry(
            group=group,
            key=key,
            value=encoding.decode(self.text),
            version=self.version,
            updated_at=self.updated_at,
        )


Change: TypeAlias = Callable[[Stored | None], str | None]
"""From what an entry holds to the text it shall hold; `None` leaves it. What it raises undoes the rest."""


class AtomicState(abc.ABC):
    """A `StateStore` for which a provider writes only how to read, and how to change one entry.

    Names and limits have been checked when the abstract methods are called.
    """

    def __init__(self, *, max_value_bytes: int = encoding.MAX_VALUE_BYTES) -> None:
        self.max_value_bytes = max_value_bytes

    @abc.abstractmethod
    async def _read(self, group: str, key: str) -> Stored | None: ...

    @abc.abstractmethod
    async def _change(self, group: str, key: str, change: Change) -> Stored | None:
        """Apply `change` with nobody else writing the entry meanwhile; returns what was written."""

    @abc.abstractmethod
    async def _remove(self, group: str, key: str) -> bool: ...

    @abc.abstractmethod
    async def _remove_group(self, group: str) -> int: ...

    @abc.abstractmethod
    async def _page(self, group: str, after: str, limit: int) -> Page[StateEntry]: ...

    @abc.abstractmethod
    async def _group_names(self, after: str, limit: int) -> list[str]: ...

    @abc.abstractmethod
    async def close(self) -> None:
        """See `StateStore.close`."""

    async def get(self, group: str, key: str) -> StateEntry | None:
        """See `StateStore.get`."""
        encoding.check_names(group=group, key=key)
        stored = await self._read(group, key)
        return stored and stored.entry(group, key)

    async def set(
        self,
        group: str,
        key: str,
        value: object,
        *,
        if_version: int | None = None,
        if_absent: bool = False,
    ) -> StateEntry:
        """See `StateStore.set`."""
        text = self._encode(group, key, value)

        def change(old: Stored | None) -> str:
            if if_absent and old:
                raise _conflict(group, key, "no entry", old)
            if if_version is not None and (old is None or old.version != if_version):
                raise _conflict(group, key, f"version {if_version}", old)
            return text

        written = await self._change(group, key, change)
        assert written, "a change that returns a text writes it"
        return written.entry(group, key)

    async def delete(self, group: str, key: str) -> bool:
        """See `StateStore.delete`."""
        encoding.check_names(group=group, key=key)
        return await self._remove(group, key)

    async def list(
        self, group: str, *, after: str | None = None, limit: int = DEFAULT_PAGE
    ) -> Page[StateEntry]:
        """See `StateStore.list`."""
        encoding.check_names(group=group)
        encoding.check_page(after, limit)
        return await self._page(group, after or "", limit)

    async def clear(self, group: str) -> int:
        """See `StateStore.clear`."""
        encoding.check_names(group=group)
        return await self._remove_group(group)

    async def groups(self, *, after: str | None = None, limit: int = DEFAULT_PAGE) -> Page[str]:
        """See `StateStore.groups`."""
        encoding.check_page(after, limit)
        found = await self._group_names(after or "", limit + 1)
        items = tuple(found[:limit])
        return Page(items=items, next=items[-1] if len(found) > limit else None)

    async def increment(self, group: str, key: str, by: float = 1) -> float:
        """See `StateStore.increment`."""
        encoding.check_names(group=group, key=key)
        _check_number(group, key, by, "`by`")
        total: float = 0

        def change(old: Stored | None) -> str:
            nonlocal total
            held = encoding.decode(old.text) if old else 0
            try:
                total = _check_number(group, key, held, "the entry") + by
            except OverflowError:
                total = math.inf  # which is not JSON, and refused as such
            return encoding.encode(group, key, total, self.max_value_bytes)

        await self._change(group, key, change)
        return total

    async def compare_and_set(self, group: str, key: str, expected: object, value: object) -> bool:
        """See `StateStore.compare_and_set`."""
        text = self._encode(group, key, value)

        def change(old: Stored | None) -> str | None:
            held = encoding.decode(old.text) if old else None
            return text if encoding.same(held, expected) else None

        return await self._change(group, key, change) is not None

    def _encode(self, group: str, key: str, value: object) -> str:
        encoding.check_names(group=group, key=key)
        return encoding.encode(group, key, value, self.max_value_bytes)


def page(group: str, rows: Iterable[tuple[str, Stored]], limit: int) -> Page[StateEntry]:
    """The first rows as a page, which ends at `limit` entries or when it has grown large."""
    items: list[StateEntry] = []
    size = 0
    for key, stored in rows:
        if len(items) == limit or size > encoding.MAX_PAGE_BYTES:
            return Page(items=tuple(items), next=items[-1].key)
        items.append(stored.entry(group, key))
        size += len(stored.text)
    return Page(items=tuple(items))


def _check_number(group: str, key: str, value: object, what: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise StoreError(
        f"`increment` of `{key}` in the state group `{group}` expected a number as {what};"
        f" found a `{type(value).__name__}`",
        code="value_not_a_number",
        retryable=False,
        hint="count in a key of its own",
    )


def _conflict(group: str, key: str, expected: str, found: Stored | None) -> StoreError:
    return StoreError(
        f"`{key}` in the state group `{group}` was expected to have {expected};"
        f" found {f'version {found.version}' if found else 'no entry'}",
        code="state_conflict",
        hint="somebody else wrote it: read it again and decide anew",
        details={"group": group, "key": key, "version": found.version if found else None},
    )
