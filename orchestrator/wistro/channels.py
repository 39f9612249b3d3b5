"""The channels of users: what is sent to one user, kept for tabs that are briefly away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wistro.stores.reserved import CHANNELS, ItemWriter, items_of
from wistro.stores.stream import StreamItem, StreamStore
from wistro_codec import Keys, mint_stream_token


class Channels:
    """Sends to channels."""

    def __init__(self, items: ItemWriter) -> None:
        """Take where reserved streams are: a store, or what writes to one elsewhere."""
        self._items = items

    async def put(self, user: str, id: str, message: Mapping[str, object]) -> None:
        """Send `message` to the tabs of `user`, and keep it; sent again, it has the same id.

        Raises:
            StoreError: the store is away, or refuses.
        """
        await self._items.set(CHANNELS, user, id, message)


async def kept_after(store: StreamStore, user: str, seq: int) -> Sequence[StreamItem]:
    """What a channel has kept beyond `seq`, in the order in which it was sent.

    Raises:
        StoreError: the store is away.
    """
    found = [item async for item in items_of(store, CHANNELS, user) if item.version > seq]
    return sorted(found, key=lambda item: item.version)


def mint_channel_token(keys: Keys, user: str, expires_at: float) -> str:
    """Make the token with which the tabs of `user` follow their channel, and no other.

    Args:
        keys: Those of the project.
        user: Whose channel.
        expires_at: Seconds since the epoch.
    """
    return mint_stream_token(keys, stream=CHANNELS, group=user, expires_at=expires_at)
