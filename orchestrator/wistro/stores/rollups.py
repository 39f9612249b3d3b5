"""Rollups: what the journal comes to. Tallies of runs and deliveries over time, and the ids of runs.

They are as true as the journal is: good enough for charts and for finding things, no ledger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple, Protocol

from wistro.stores.histogram import Histogram

KEEP: Mapping[int, timedelta] = {
    60: timedelta(days=2),
    900: timedelta(days=10),
    3600: timedelta(days=40),
    86400: timedelta(days=400),
}
"""For each width of rollups, in seconds, how long they are kept.

A day begins on a quarter of an hour everywhere on earth, so those give anybody's today exactly.
"""
COUNTS = ("started", "completed", "failed", "cancelled", "timed_out", "held")
"""What is counted, by the names of `Tally`."""


@dataclass(kw_only=True)
class Tally:
    """What the runs of a flow, or the deliveries to a step, came to in a while."""

    started: int = 0
    """Runs that began; not counted of deliveries."""
    completed: int = 0
    failed: int = 0
    """Runs, or attempts of deliveries: one that succeeds at the third attempt has failed twice."""
    cancelled: int = 0
    timed_out: int = 0
    held: int = 0
    """Deliveries that began to wait for an operator; of a flow, those to all its steps."""
    last_at: float = 0.0
    """When the latest of it happened, in seconds since the epoch."""
    seconds: Histogram = field(default_factory=Histogram)
    """How long runs took from start to end, or attempts that ended."""

    def merge(self, other: Tally) -> None:
        """Add all that another one has."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.last_at = max(self.last_at, other.last_at)
        self.seconds.merge(other.seconds)


class Slot(NamedTuple):
    """What a tally is of."""

    start: int
    """Where its minute, or another width, begins, in seconds since the epoch."""
    flow: str
    step: str | None
    """`None` for the runs of the flow."""


@dataclass(frozen=True, kw_only=True)
class Build:
    """A version of the project whose runs were seen."""

    id: str
    first_at: float
    """When the first of its runs that is known began, in seconds since the epoch."""
    last_at: float
    """When the latest one did."""

    def merge(self, other: Build) -> Build:
        """What both say together."""
        return Build(
            id=self.id,
            first_at=min(self.first_at, other.first_at),
            last_at=max(self.last_at, other.last_at),
        )


class SeenRun(NamedTuple):
    """A run that was seen to begin."""

    at: float
    """When it did, in seconds since the epoch."""
    flow: str
    run_id: str


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What a stretch of the journal came to."""

    upto: int
    """The place of its last entry."""
    minutes: Mapping[Slot, Tally]
    """Tallies of minutes; a store adds them to every width."""
    builds: Mapping[str, Build]
    runs: Sequence[SeenRun] = ()
    """Those that began in it."""


class Rollups(Protocol):
    """What the journal comes to and up to where, shared by a project's processes.

    Raises (any operation): `StoreError` with the code `store_unavailable`.
    """

    async def place(self) -> int:
        """Up to which entry the journal has been counted; 0 in the beginning."""
        ...

    async def add(self, counted: Counted, /, *, after: int) -> bool:
        """Add what the journal holds beyond the place `after`, and move the place: both or neither.

        Changes nothing and gives `False` when the place is another one, because some other process
        has counted on. So several may count, any may die, and every entry is counted once.
        """
        ...

    async def read(
        self, width: int, *, since: float, until: float, flow: str | None = None
    ) -> dict[Slot, Tally]:
        """The tallies of a width that begin in this stretch of time: of all flows' runs, or of one.

        With a flow, those of its steps are there too.
        """
        ...

    async def last_runs(self) -> dict[str, float]:
        """For each flow, when a run of it last began or ended, in seconds since the epoch."""
        ...

    async def builds(self) -> list[Build]:
        """The versions whose runs were seen, the one that was used last first."""
        ...

    async def find_runs(self, text: str, *, flows: Sequence[str] = (), limit: int) -> list[SeenRun]:
        """The runs with a text in their id, or in `flow/id` when it has a `/`; the latest first.

        Of these flows, or of any when there are none; ASCII letters of either case.
        """
        ...

    async def prune(self, now: float) -> int:
        """Remove what is kept no longer at `now`; says how many tallies."""
        ...

    async def close(self) -> None:
        """Let go of files; the rollups are not used again."""
        ...


def at_width(minutes: Mapping[Slot, Tally], width: int) -> dict[Slot, Tally]:
    """The tallies of a larger width, from those of minutes."""
    found: dict[Slot, Tally] = {}
    for slot, tally in minutes.items():
        wide = slot._replace(start=slot.start - slot.start % width)
        found.setdefault(wide, Tally()).merge(tally)
    return found
