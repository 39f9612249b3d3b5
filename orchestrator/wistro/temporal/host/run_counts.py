"""Counts runs by status, without asking Temporal again and again for the same."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from wistro.runs import RunCounts
from wistro.temporal.host.connect import engine_errors
from wistro.temporal.host.listing import RunFilter, count_runs

if TYPE_CHECKING:
    from wistro.temporal.host.engine import Engine

FRESH: Final = 3.0
"""For how many seconds a count is given again: every open page asks for the same ones."""
_KEPT: Final = 64
_STATUSES: Final = ("running", "completed", "failed", "cancelled", "timed_out", "held")


class Counting:
    """The numbers beside the filters of a list of runs."""

    def __init__(self, engine: Engine) -> None:
        """Count the runs of `engine`."""
        self._engine = engine
        self._counts: OrderedDict[RunFilter, tuple[float, asyncio.Task[RunCounts]]] = OrderedDict()

    async def counts(self, wanted: RunFilter) -> RunCounts:
        """How many runs a filter lets through, by status; its own statuses are passed over."""
        wanted = replace(wanted, statuses=())
        at, task = self._counts.get(wanted, (0.0, None))
        if task is None or time.monotonic() - at > FRESH:
            task = asyncio.create_task(self._count(wanted))
            self._counts[wanted] = (time.monotonic(), task)
            self._counts.move_to_end(wanted)
            while len(self._counts) > _KEPT:
                self._counts.popitem(last=False)
        try:
            return await asyncio.shield(task)
        except Exception:
            self._counts.pop(wanted, None)  # the next one asks again
            raise

    async def _count(self, wanted: RunFilter) -> RunCounts:
        client = self._engine.client
        with engine_errors():
            found = await asyncio.gather(
                *(count_runs(client, replace(wanted, statuses=(each,))) for each in _STATUSES)
            )
        return RunCounts(**dict(zip(_STATUSES, found, strict=True)))
