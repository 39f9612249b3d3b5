"""Answers in the inbox: for people and roles, who look at them when they have the time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from wistro.stores.reserved import INBOX_ANSWERS, ItemWriter, items_of
from wistro.stores.stream import StreamItem, StreamStore


class AnswersInInbox:
    """Shows answers in the inbox."""

    def __init__(self, items: ItemWriter) -> None:
        """Take where reserved streams are: a store, or what writes to one elsewhere."""
        self._items = items

    async def put_answer(
        self, id: str, message: Mapping[str, object], *, users: Sequence[str], roles: Sequence[str]
    ) -> None:
        """Show an answer to these people; shown again, it has the same id.

        Raises:
            StoreError: the store is away, or refuses.
        """
        for group in groups_of(users, roles):
            await self._items.set(INBOX_ANSWERS, group, id, message)


def groups_of(users: Iterable[str], roles: Iterable[str]) -> list[str]:
    """Where the answers for these people are kept."""
    return [*(f"user:{user}" for user in users), *(f"role:{role}" for role in roles)]


async def inbox_answers(store: StreamStore, groups: Sequence[str]) -> Sequence[StreamItem]:
    """The answers in these groups, each once, the newest first.

    Raises:
        StoreError: the store is away.
    """
    found = {
        item.id: item for group in groups async for item in items_of(store, INBOX_ANSWERS, group)
    }
    return sorted(found.values(), key=lambda item: item.version, reverse=True)


async def put_away(store: StreamStore, groups: Sequence[str], id: str) -> bool:
    """Remove an answer from these groups; says whether it was there.

    Raises:
        StoreError: the store is away.
    """
    removed = [await store.delete(INBOX_ANSWERS, group, id) for group in groups]
    return any(item is not None for item in removed)
