"""What response targets may use, whichever process they run in."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from wistro.contract import RunRef


class Publish(Protocol):
    """Starts a run in every flow that subscribes to a topic, and reaches the runs that wait for it."""

    async def __call__(
        self,
        topic: str,
        data: object,
        *,
        sender: RunRef,
        idempotency_key: str,
        client_context: object = None,
        traceparent: str | None = None,
    ) -> object:
        """Publish `data` for the run `sender`; a second time with the same key does nothing."""
        ...


class ChannelItems(Protocol):
    """The channels of users, as a target writes to them."""

    async def put(self, user: str, id: str, message: Mapping[str, object]) -> None:
        """Send `message` to the tabs of `user`, and keep it for those that come back."""
        ...


class InboxAnswers(Protocol):
    """The inbox of people, as far as answers are shown there."""

    async def put_answer(
        self, id: str, message: Mapping[str, object], *, users: Sequence[str], roles: Sequence[str]
    ) -> None:
        """Show an answer to these people; the same `id` replaces what it showed before."""
        ...


@dataclass(frozen=True, kw_only=True)
class TargetServices:
    """The means of a process that delivers answers."""

    publish: Publish
    channels: ChannelItems | None = None
    inbox: InboxAnswers | None = None
    secret: Callable[[str], str | None] = os.environ.get
    """Finds secrets by the names of their variables."""
    development: bool = False
    """Whether it is under `wistro dev`."""
