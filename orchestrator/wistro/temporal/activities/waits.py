"""Makes known that a run waits for a message from outside, or does so no more."""

from __future__ import annotations

from typing import Protocol

from temporalio import activity

from wistro.temporal import wire


class WaitKeeper(Protocol):
    """Knows which runs wait for messages: this process, or the triggers' that it asks."""

    async def show(self, shown: wire.WaitShown) -> None:
        """Takes note of a wait that is open, with the messages kept for it, or of one that is closed."""
        ...

    async def share(self, message: wire.SharedMessage) -> wire.Reached:
        """Brings a message that a run sends to the runs that wait for it."""
        ...


class WaitActivities:
    """The built-in activity behind steps with `await`."""

    def __init__(self, keeper: WaitKeeper | None) -> None:
        self._keeper = keeper

    @activity.defn(name=wire.SHOW_WAIT_ACTIVITY)
    async def show_wait(self, shown: wire.WaitShown) -> None:
        """Shows the wait. Without a keeper, only messages within the run and signals reach it."""
        if self._keeper is not None:
            await self._keeper.show(shown)
