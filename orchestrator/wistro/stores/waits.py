"""Runs that wait for messages from outside, and messages that came before anybody waited for them.

The truth about a wait is its run; this is where a message finds the run. What was sent is stored sealed,
what is looked up by as keyed digests, so a reader of the store learns which runs wait for which topics and
nothing of any message.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class WaitId(NamedTuple):
    """One wait of one delivery."""

    flow: str
    run_id: str
    delivery_id: str
    opening: int = 0
    """How often an operator had it made again: then it is another wait."""


class Path(NamedTuple):
    """A field of messages that waits of a flow are looked up by."""

    flow: str
    field: str


class Sealed(NamedTuple):
    """Something encrypted, and the id of the key that opens it."""

    key: str
    envelope: bytes


@dataclass(frozen=True, kw_only=True)
class OpenWait:
    """A run that waits for a message."""

    id: WaitId
    topic: str
    path: str | None = None
    """The field of messages that it is looked up by; without one it is asked about all of the topic."""
    digest: str | None = None
    """Of the value that a message must have there."""
    content: Sealed
    """What decides whether a message is the right one."""
    seq: int = 0
    """Its place among the waits, given when it is opened."""
    since: int = 0
    """The latest message when it was opened: what came later looks for the wait, not the wait for it."""


@dataclass(frozen=True, kw_only=True)
class KeptMessage:
    """A message that was published."""

    id: str
    """A message with the same id is the same message."""
    topic: str
    digests: tuple[str, ...] = ()
    """What waits look it up by."""
    content: Sealed | None
    """None when it is not kept, or no longer."""
    keep_until: float
    """Until when waits that are opened find it, in seconds since the epoch."""
    forget_at: float
    """From when on a message with its id is another one."""
    seq: int = 0
    """Its place among the messages, given when it is added."""
    until: int = 0
    """The latest wait when it was added: what is opened later looks for the message."""


class WaitStore(Protocol):
    """Waits and messages, shared by the processes of a project.

    Adding a message and opening a wait are transactions that see each other one way or the other: of a
    wait and a message, the later one knows of the earlier one, so neither both nor none look.

    Raises (any operation): `StoreError`: `store_unavailable`.
    """

    async def enter(self, wait: OpenWait, /) -> OpenWait:
        """Store a wait, unless it is there; returns it as it is stored."""
        ...

    async def leave(self, id: WaitId, /) -> None:
        """Forget a wait."""
        ...

    async def add(self, message: KeptMessage, paths: Collection[Path], /) -> KeptMessage | None:
        """Store a message, unless it is there; returns it as it is stored.

        Args:
            message: With a digest for each of `paths` that it has a value at.
            paths: What waits of its topic are looked up by, as far as the caller knows.

        Returns:
            None, and nothing is stored, when waits are looked up by other paths too: look again.
        """
        ...

    async def paths(self, topic: str, /) -> frozenset[Path]:
        """What waits of a topic have been looked up by."""
        ...

    async def waiting(
        self, message: KeptMessage, /, *, flow: str | None, after: int, limit: int
    ) -> list[OpenWait]:
        """Waits that the message may be for and that were opened before it came, by their places."""
        ...

    async def kept(
        self, wait: OpenWait, /, *, now: float, after: int, limit: int
    ) -> list[KeptMessage]:
        """Messages that may be for the wait, that came before it and that its flow has not had."""
        ...

    async def reach(self, message: int, id: WaitId, /, *, only_first: bool = False) -> bool:
        """Note that a wait gets a message; false with `only_first` when its flow has it already."""
        ...

    async def reached(self, message: int, /) -> list[WaitId]:
        """The waits that got a message, in order."""
        ...

    async def taken(self, id: WaitId, /) -> KeptMessage | None:
        """The message that a wait has got, if any."""
        ...

    async def prune(self, now: float, /) -> int:
        """Remove the content of messages that are kept no longer, and those past remembering.

        Returns:
            How many it changed.
        """
        ...

    async def close(self) -> None:
        """Let go of files; the store is not used again."""
        ...
