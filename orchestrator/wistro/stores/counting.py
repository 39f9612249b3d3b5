"""Counts the journal into the rollups, at the side of those who write it and without making them wait."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from wistro.errors import StoreError
from wistro.stores.journal import Journal, JournalEntry, JournalFilter
from wistro.stores.rollups import Build, Counted, Rollups, SeenRun, Slot, Tally

_RUNS: Mapping[str, str] = {
    "run.started": "started",
    "run.completed": "completed",
    "run.failed": "failed",
    "run.cancelled": "cancelled",
    "run.timed_out": "timed_out",
}
_ATTEMPTS: Mapping[str, str] = {
    "delivery.completed": "completed",
    "delivery.failed": "failed",
    "delivery.cancelled": "cancelled",
}
_HELD = "delivery.held"
_COUNTED = JournalFilter(kinds=(*_RUNS, *_ATTEMPTS, _HELD))
_BATCH = 2000
_COMPLAINT_SECONDS = 60.0

_log = logging.getLogger(__name__)


def count(entries: Sequence[JournalEntry]) -> Counted:
    """What a stretch of the journal comes to."""
    minutes: dict[Slot, Tally] = {}
    builds: dict[str, Build] = {}
    runs: list[SeenRun] = []
    for entry in entries:
        # Workers of any language wrote it: what makes no sense must not stop the counting for good.
        if entry.flow is None or not math.isfinite(entry.at):
            continue
        for step, name in _counted_as(entry):
            tally = minutes.setdefault(Slot(_minute(entry.at), entry.flow, step), Tally())
            setattr(tally, name, getattr(tally, name) + 1)
            tally.last_at = max(tally.last_at, entry.at)
            seconds = entry.fields.get("seconds")
            if isinstance(seconds, int | float) and math.isfinite(seconds):
                tally.seconds.add(seconds)
        if entry.kind != "run.started":
            continue
        if entry.run_id is not None:
            runs.append(SeenRun(entry.at, entry.flow, entry.run_id))
        version = entry.fields.get("version")
        if isinstance(version, str) and version:
            build = Build(id=version, first_at=entry.at, last_at=entry.at)
            builds[version] = build.merge(builds.get(version, build))
    return Counted(upto=entries[-1].seq, minutes=minutes, builds=builds, runs=runs)


def _counted_as(entry: JournalEntry) -> Iterable[tuple[str | None, str]]:
    """The steps, or `None` for the flow, whose tally an entry is counted in, and as what."""
    if entry.kind in _RUNS:
        yield None, _RUNS[entry.kind]
    elif entry.step is None:
        return
    elif entry.kind == _HELD:
        yield entry.step, "held"
        yield None, "held"
    # The machine notes that a delivery has failed for good, after the worker noted the attempt.
    elif entry.attempt is not None:
        yield entry.step, _ATTEMPTS[entry.kind]


def _minute(at: float) -> int:
    return int(at // 60) * 60


class RollupCounter:
    """Keeps the rollups of a project up to date with its journal."""

    def __init__(
        self,
        journal: Journal,
        rollups: Rollups,
        *,
        batch: int = _BATCH,
        every: timedelta = timedelta(seconds=1),
    ) -> None:
        """Count `journal` into `rollups`.

        Args:
            journal: What runs do.
            rollups: What it comes to.
            batch: How many entries are counted in one transaction.
            every: How long to wait for more once all has been counted.
        """
        self.rollups = rollups
        self._journal = journal
        self._batch = batch
        self._every = every.total_seconds()
        self._one_at_a_time = asyncio.Lock()
        self._complained = -math.inf

    async def advance(self) -> bool:
        """Count the next stretch of the journal; says whether there may be more.

        Raises:
            StoreError: one of the stores is away; nothing is lost.
        """
        async with self._one_at_a_time:
            place = await self.rollups.place()
            entries = await self._journal.read(_COUNTED, after_seq=place, limit=self._batch)
            if not entries:
                return False
            added = await self.rollups.add(count(entries), after=place)
            return not added or len(entries) == self._batch

    async def run(self) -> None:
        """Count until cancelled."""
        while True:
            try:
                while await self.advance():
                    pass
            except StoreError as error:
                if error.code == "store_closed":
                    return
                self._complain(error)
            await asyncio.sleep(self._every)

    def _complain(self, error: StoreError) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._complained >= _COMPLAINT_SECONDS:
            self._complained = now
            _log.warning("the journal is not counted for the overview: %s", error.message)
