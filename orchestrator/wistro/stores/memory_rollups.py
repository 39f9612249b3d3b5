"""The rollups in memory, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

from wistro.stores.looking import contains
from wistro.stores.rollups import KEEP, Build, Counted, SeenRun, Slot, Tally, at_width


class MemoryRollups:
    """`Rollups` for one event loop, gone with the process."""

    def __init__(self) -> None:
        self._place = 0
        self._tallies: dict[int, dict[Slot, Tally]] = {width: {} for width in KEEP}
        self._builds: dict[str, Build] = {}
        self._runs: set[SeenRun] = set()

    async def place(self) -> int:
        """See `Rollups.place`."""
        return self._place

    async def add(self, counted: Counted, /, *, after: int) -> bool:
        """See `Rollups.add`."""
        if after != self._place:
            return False
        self._place = counted.upto
        for width, tallies in self._tallies.items():
            for slot, tally in at_width(counted.minutes, width).items():
                tallies.setdefault(slot, Tally()).merge(tally)
        for id, build in counted.builds.items():
            self._builds[id] = build.merge(self._builds.get(id, build))
        self._runs.update(counted.runs)
        return True

    async def read(
        self, width: int, *, since: float, until: float, flow: str | None = None
    ) -> dict[Slot, Tally]:
        """See `Rollups.read`."""
        return {
            slot: deepcopy(tally)
            for slot, tally in self._tallies[width].items()
            if since <= slot.start < until
            and (slot.step is None if flow is None else slot.flow == flow)
        }

    async def last_runs(self) -> dict[str, float]:
        """See `Rollups.last_runs`."""
        found: dict[str, float] = {}
        for slot, tally in self._tallies[max(KEEP)].items():
            if slot.step is None:
                found[slot.flow] = max(found.get(slot.flow, 0.0), tally.last_at)
        return found

    async def builds(self) -> list[Build]:
        """See `Rollups.builds`."""
        return sorted(self._builds.values(), key=lambda build: -build.last_at)

    async def find_runs(self, text: str, *, flows: Sequence[str] = (), limit: int) -> list[SeenRun]:
        """See `Rollups.find_runs`."""

        def wanted(run: SeenRun) -> bool:
            id = f"{run.flow}/{run.run_id}" if "/" in text else run.run_id
            return contains(id, text) and (not flows or run.flow in flows)

        return sorted(filter(wanted, self._runs), reverse=True)[:limit]

    async def prune(self, now: float) -> int:
        """See `Rollups.prune`."""
        removed = 0
        for width, tallies in self._tallies.items():
            old = [slot for slot in tallies if slot.start < now - KEEP[width].total_seconds()]
            for slot in old:
                del tallies[slot]
            removed += len(old)
        oldest = now - max(KEEP.values()).total_seconds()
        self._builds = {id: build for id, build in self._builds.items() if build.last_at >= oldest}
        self._runs = {run for run in self._runs if run.at >= oldest}
        return removed

    async def close(self) -> None:
        """See `Rollups.close`."""
