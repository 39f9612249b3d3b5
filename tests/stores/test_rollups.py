"""The providers of the rollups, each against what all must do; and how the journal is counted."""

from __future__ import annotations

import asyncio
import math
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wistro.stores.conformance_rollups import (
    DAY,
    RollupsConformance,
    SharedRollupsConformance,
    noted,
    numbered,
)
from wistro.stores.counting import RollupCounter, count
from wistro.stores.histogram import (
    LEAST_SECONDS,
    MOST_SECONDS,
    RELATIVE_ERROR,
    Histogram,
)
from wistro.stores.registry import open_journal, open_rollups
from wistro.stores.rollups import Rollups

DURATIONS = st.lists(st.floats(min_value=LEAST_SECONDS, max_value=MOST_SECONDS), min_size=1)
SHARES = (0.0, 0.5, 0.9, 0.95, 0.99, 1.0)


class TestMemory(RollupsConformance):
    @pytest.fixture
    async def rollups(self) -> AsyncIterator[Rollups]:
        rollups = await open_rollups("memory")
        yield rollups
        await rollups.close()


class TestSqlite(SharedRollupsConformance):
    @pytest.fixture
    async def rollups(self, tmp_path: Path) -> AsyncIterator[Rollups]:
        rollups = await open_rollups("sqlite", tmp_path / "rollups.db")
        yield rollups
        await rollups.close()

    @pytest.fixture
    async def other(self, rollups: Rollups, tmp_path: Path) -> AsyncIterator[Rollups]:
        rollups = await open_rollups("sqlite", tmp_path / "rollups.db")
        yield rollups
        await rollups.close()


@given(parts=st.lists(DURATIONS, min_size=1, max_size=5))
def test_percentiles_of_merged_histograms_are_exact_enough(parts: list[list[float]]) -> None:
    merged = Histogram()
    for part in parts:
        merged.merge(Histogram.parse(Histogram.of(part).text))
    durations = sorted(seconds for part in parts for seconds in part)
    assert merged.count == len(durations)
    for share in SHARES:
        exact = durations[math.floor(share * (len(durations) - 1))]
        found = merged.quantile(share)
        assert found is not None
        assert abs(found - exact) <= exact * RELATIVE_ERROR * (1 + 1e-9)


@given(durations=DURATIONS, place=st.integers(min_value=0))
def test_merging_is_adding(durations: list[float], place: int) -> None:
    place %= len(durations)
    merged = Histogram.of(durations[place:])
    merged.merge(Histogram.of(durations[:place]))
    assert merged == Histogram.of(durations)


def test_a_histogram_is_bounded() -> None:
    assert Histogram().quantile(0.5) is None
    extreme = Histogram.of([0.0, -1.0, LEAST_SECONDS, MOST_SECONDS, 1e300])
    assert sorted(extreme.buckets.values()) == [2, 3]
    everything = Histogram.of(LEAST_SECONDS * 1.01**n for n in range(4000))
    assert len(everything.buckets) <= 780


def test_what_makes_no_sense_is_left_out() -> None:
    counted = count(
        numbered(
            replace(noted("run.started", DAY), flow=None),
            noted("run.started", math.inf),
            replace(noted("run.completed", DAY), fields={"seconds": "long"}),
            replace(noted("run.completed", DAY), fields={"seconds": math.nan}),
            replace(noted("delivery.completed", DAY), step=None, attempt=1),
            # The machine's word that a delivery failed for good, after that of the worker.
            replace(noted("delivery.failed", DAY, step="charge"), attempt=None),
        )
    )
    assert counted.upto == 6
    (tally,) = counted.minutes.values()
    assert (tally.completed, tally.seconds.count) == (2, 0)


async def test_counts_what_comes_until_it_is_stopped() -> None:
    journal, rollups = await open_journal("memory"), await open_rollups("memory")
    counting = asyncio.create_task(RollupCounter(journal, rollups).run())
    await journal.append([noted("run.started", DAY), replace(noted("log", DAY), fields={})])
    async with asyncio.timeout(10):
        while await rollups.place() != 1:
            await asyncio.sleep(0.01)
    await journal.close()
    counting.cancel()


COUNT_AND_DIE = """
import asyncio, os, signal, sys, threading
from pathlib import Path
from wistro.stores.counting import RollupCounter
from wistro.stores.registry import open_journal, open_rollups

async def main(path, seconds):
    journal, rollups = await open_journal("sqlite", path), await open_rollups("sqlite", path)
    counter = RollupCounter(journal, rollups, batch=13)
    threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()
    while await counter.advance():
        pass
    os._exit(0)

asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2])))
"""


async def test_a_killed_counter_has_counted_each_entry_once(tmp_path: Path) -> None:
    """Kills processes that count, in the middle of it and two at a time; nothing is off by one."""
    path = tmp_path / "wistro.db"
    journal, rollups = await open_journal("sqlite", path), await open_rollups("sqlite", path)
    chance = random.Random(6)
    kinds = ("run.started", "run.completed")
    total = killed = 0
    while killed < 6:  # there is more to count each time, so that those who are fast die too
        total += 2000
        await journal.append([noted(kinds[n % 2], DAY + n, seconds=n) for n in range(2000)])
        counters = [_counter(path, chance.uniform(0.02, 0.12)) for _ in range(2)]
        ended = [await asyncio.to_thread(counter.wait) for counter in counters]
        killed += ended.count(-signal.SIGKILL)
    counter = RollupCounter(journal, rollups)
    while await counter.advance():
        pass

    found = (await rollups.read(86400, since=DAY, until=DAY + 86400)).values()
    assert sum(tally.started for tally in found) == total / 2
    assert sum(tally.seconds.count for tally in found) == total / 2
    await journal.close()
    await rollups.close()


def _counter(path: Path, seconds: float) -> subprocess.Popen[bytes]:
    """A process that counts, and is killed after so many seconds of it."""
    return subprocess.Popen([sys.executable, "-c", COUNT_AND_DIE, str(path), str(seconds)])
