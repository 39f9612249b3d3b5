"""The timers of a run: `deadline`, `grace`, and one for each waiting delivery and each timed join."""

from __future__ import annotations

from wistro.machine.commands import ClearTimer, Command, SetTimer
from wistro.machine.state import RunState

GRACE = "grace"
"""Ends the patience with handlers that were asked to stop."""

_OF_THE_RUN = ("deadline", GRACE)


class Timers:
    """Keeps the timers in the run's state, and tells the driver of them."""

    def __init__(self, state: RunState, commands: list[Command]) -> None:
        self._state = state
        self._commands = commands

    def set(self, timer: str, at: float) -> None:
        """Has the driver fire `timer` at `at`, instead of when it was set to before."""
        self._state.timers[timer] = at
        self._commands.append(SetTimer(timer=timer, at=at))

    def clear(self, timer: str) -> None:
        """Stops the timer if it is set."""
        if self._state.timers.pop(timer, None) is not None:
            self._commands.append(ClearTimer(timer=timer))

    def rearm(self) -> None:
        """Sets all timers of the state again, in a driver that does not know them."""
        for timer, at in self._state.timers.items():
            self._commands.append(SetTimer(timer=timer, at=at))

    def stop(self) -> None:
        """Stops all timers; those of deliveries and joins stay in the state.

        A fork gives them the time that they had left.
        """
        for timer in list(self._state.timers):
            self._commands.append(ClearTimer(timer=timer))
            if timer in _OF_THE_RUN:
                del self._state.timers[timer]
