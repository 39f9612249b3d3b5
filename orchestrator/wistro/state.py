"""`ctx.state` as a handler sees it: durable JSON values by group and key."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, Protocol

from wistro.errors import Terminal
from wistro.values import NotJson, jsonable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from wistro.stores.state import StateEntry, StateStore

_PAGE = 1000


class State:
    """Durable JSON values by group and key, shared by the flows of the project.

    Every operation is atomic for every worker. A value may be anything that JSON can carry, Pydantic
    models and dataclasses included; reading gives plain JSON values back.

    Raises (any operation): `StoreError` when the store is away (retryable) or refuses a value or name.
    """

    def __init__(self, store: StateStore) -> None:
        self._store = store

    async def get(self, group: str, key: str) -> Any:
        """The value, or `None` when there is none."""
        entry = await self._store.get(group, key)
        return None if entry is None else entry.value

    async def entry(self, group: str, key: str) -> StateEntry | None:
        """The value with its version and the time of its last change."""
        return await self._store.get(group, key)

    async def set(
        self, group: str, key: str, value: object, *, if_version: int | None = None
    ) -> Any:
        """Write a value and return it; with `if_version`, only over the entry that has this version."""
        written = _json(group, key, value)
        await self._store.set(group, key, written, if_version=if_version)
        return written

    async def delete(self, group: str, key: str) -> bool:
        """Remove a value; says whether there was one."""
        return await self._store.delete(group, key)

    async def list(self, group: str) -> dict[str, Any]:
        """The values of a group by their keys, in the order of the keys."""
        return {entry.key: entry.value async for entry in self._entries(group)}

    async def get_group(self, group: str) -> builtins.list[Any]:
        """The values of a group, in the order of their keys."""
        return [entry.value async for entry in self._entries(group)]

    async def clear(self, group: str) -> int:
        """Remove a group; says how many values it had."""
        return await self._store.clear(group)

    async def increment(self, group: str, key: str, by: float = 1) -> float:
        """Add to a number and return the sum; a value that is not there counts as 0."""
        return await self._store.increment(group, key, by)

    async def compare_and_set(self, group: str, key: str, expected: object, value: object) -> bool:
        """Write `value` if the entry holds `expected`; says whether it did.

        Expecting `None` accepts an entry that is not there.
        """
        given, wanted = _json(group, key, value), _json(group, key, expected)
        return await self._store.compare_and_set(group, key, wanted, given)

    async def _entries(self, group: str) -> AsyncIterator[StateEntry]:
        after: str | None = None
        while True:
            page = await self._store.list(group, after=after, limit=_PAGE)
            for entry in page.items:
                yield entry
            after = page.next
            if after is None:
                return


class SyncState(Protocol):
    """`ctx.state` in a `def` handler: each method of `State`, returning its value."""

    def get(self, group: str, key: str) -> Any:
        """See `State.get`."""
        ...

    def entry(self, group: str, key: str) -> StateEntry | None:
        """See `State.entry`."""
        ...

    def set(self, group: str, key: str, value: object, *, if_version: int | None = None) -> Any:
        """See `State.set`."""
        ...

    def delete(self, group: str, key: str) -> bool:
        """See `State.delete`."""
        ...

    def list(self, group: str) -> dict[str, Any]:
        """See `State.list`."""
        ...

    def get_group(self, group: str) -> builtins.list[Any]:
        """See `State.get_group`."""
        ...

    def clear(self, group: str) -> int:
        """See `State.clear`."""
        ...

    def increment(self, group: str, key: str, by: float = 1) -> float:
        """See `State.increment`."""
        ...

    def compare_and_set(self, group: str, key: str, expected: object, value: object) -> bool:
        """See `State.compare_and_set`."""
        ...


def _json(group: str, key: str, value: object) -> object:
    try:
        return jsonable(value)
    except NotJson as error:
        raise Terminal(
            f"The value of `{key}` in the state group `{group}`: {error}",
            code="value_not_json",
            hint="store objects, lists, strings, numbers, booleans, null, or Pydantic models of those",
        ) from None
