"""What every store of rollups must do, as tests: subclass and give a fixture `rollups`.

Rollups that processes share are `SharedRollupsConformance` and also give `other`: the same ones, opened a
second time.
"""

# ruff: noqa: D102 the names of tests say what they test

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from wistro.stores.counting import RollupCounter, count
from wistro.stores.histogram import Histogram
from wistro.stores.journal import JournalEntry
from wistro.stores.memory import MemoryJournal
from wistro.stores.rollups import KEEP, Build, Rollups, SeenRun, Slot, Tally

DAY = 20_000 * 86400
"""Midnight of some day, in seconds since the epoch."""


def noted(
    kind: str, at: float, *, flow: str = "orders", step: str | None = None, seconds: float = 1.0
) -> JournalEntry:
    """What a worker or a host of runs notes; the number of its place is to be given."""
    return JournalEntry(
        kind=kind,
        project="shop",
        at=at,
        flow=flow,
        run_id="run 1",
        step=step,
        attempt=None if step is None else 1,
        fields={"version": "b1"} if kind == "run.started" else {"seconds": seconds},
    )


def numbered(*entries: JournalEntry, after: int = 0) -> list[JournalEntry]:
    """The entries, as a journal would give them."""
    return [replace(entry, seq=after + place) for place, entry in enumerate(entries, 1)]


@pytest.mark.asyncio
class RollupsConformance:
    """What rollups do for one process."""

    async def test_begin_with_nothing(self, rollups: Rollups) -> None:
        assert await rollups.place() == 0
        assert await rollups.read(60, since=0, until=2 * DAY) == {}
        assert await rollups.last_runs() == {}
        assert await rollups.builds() == []
        assert await rollups.find_runs("", limit=10) == []

    async def test_counts_runs_and_deliveries_at_every_width(self, rollups: Rollups) -> None:
        entries = numbered(
            noted("run.started", DAY + 61),
            noted("delivery.failed", DAY + 62, step="charge", seconds=0.5),
            noted("delivery.completed", DAY + 63, step="charge", seconds=0.25),
            replace(noted("delivery.held", DAY + 64, step="ship"), attempt=None, fields={}),
            noted("run.completed", DAY + 130, seconds=69.0),
        )
        assert await rollups.add(count(entries), after=0)
        assert await rollups.place() == 5

        minutes = await rollups.read(60, since=DAY, until=DAY + 86400, flow="orders")
        charge = Tally(completed=1, failed=1, last_at=DAY + 63, seconds=Histogram.of([0.5, 0.25]))
        assert minutes == {
            Slot(DAY + 60, "orders", None): Tally(started=1, held=1, last_at=DAY + 64),
            Slot(DAY + 60, "orders", "charge"): charge,
            Slot(DAY + 60, "orders", "ship"): Tally(held=1, last_at=DAY + 64),
            Slot(DAY + 120, "orders", None): Tally(
                completed=1, last_at=DAY + 130, seconds=Histogram.of([69.0])
            ),
        }
        for width in (900, 3600, 86400):
            assert await rollups.read(width, since=DAY, until=DAY + width) == {
                Slot(DAY, "orders", None): Tally(
                    started=1, completed=1, held=1, last_at=DAY + 130, seconds=Histogram.of([69.0])
                )
            }

    async def test_adds_to_what_was_counted_before(self, rollups: Rollups) -> None:
        for place in range(3):
            entries = numbered(noted("run.failed", DAY + place, seconds=place + 1.0), after=place)
            assert await rollups.add(count(entries), after=place)
        (tally,) = (await rollups.read(60, since=DAY, until=DAY + 60)).values()
        assert tally.failed == 3
        assert tally.seconds == Histogram.of([1.0, 2.0, 3.0])

    async def test_a_stretch_is_counted_once(self, rollups: Rollups) -> None:
        counted = count(numbered(noted("run.started", DAY)))
        assert await rollups.add(counted, after=0)
        assert not await rollups.add(counted, after=0)
        (tally,) = (await rollups.read(60, since=DAY, until=DAY + 60)).values()
        assert tally.started == 1
        assert await rollups.place() == 1

    async def test_reads_a_stretch_of_time(self, rollups: Rollups) -> None:
        entries = [
            noted("run.started", DAY + minute * 60, flow=flow)
            for minute in range(4)
            for flow in ("orders", "returns")
        ]
        await rollups.add(count(numbered(*entries)), after=0)
        found = await rollups.read(60, since=DAY + 60, until=DAY + 180)
        assert sorted(slot.start - DAY for slot in found) == [60, 60, 120, 120]
        found = await rollups.read(60, since=DAY + 60, until=DAY + 180, flow="returns")
        assert [slot.flow for slot in found] == ["returns", "returns"]

    async def test_knows_when_flows_last_ran(self, rollups: Rollups) -> None:
        entries = numbered(
            noted("run.started", DAY),
            noted("run.started", DAY + 5, flow="returns"),
            noted("run.completed", DAY + 90_000),
            noted("delivery.completed", DAY + 99_000, step="charge"),
        )
        await rollups.add(count(entries), after=0)
        assert await rollups.last_runs() == {"orders": DAY + 90_000, "returns": DAY + 5}

    async def test_knows_the_versions(self, rollups: Rollups) -> None:
        for place, (at, version) in enumerate([(5, "b1"), (7, "b2"), (3, "b1"), (9, "b1")]):
            entry = replace(noted("run.started", DAY + at), fields={"version": version})
            await rollups.add(count(numbered(entry, after=place)), after=place)
        assert await rollups.builds() == [
            Build(id="b1", first_at=DAY + 3, last_at=DAY + 9),
            Build(id="b2", first_at=DAY + 7, last_at=DAY + 7),
        ]

    async def test_finds_runs_by_text_within_their_ids(self, rollups: Rollups) -> None:
        begun = [
            ("orders", "1F0c_22"),
            ("orders", "ab1f0c9"),
            ("returns", "ffff1f0"),
            ("edge", "77"),
        ]
        entries = numbered(
            *(
                replace(noted("run.started", DAY + n, flow=flow), run_id=id)
                for n, (flow, id) in enumerate(begun)
            )
        )
        # An entry may be there twice.
        await rollups.add(count([*entries, replace(entries[0], seq=5)]), after=0)
        runs = [SeenRun(DAY + n, flow, id) for n, (flow, id) in enumerate(begun)]

        async def found(text: str, *flows: str, limit: int = 10) -> list[SeenRun]:
            return await rollups.find_runs(text, flows=flows, limit=limit)

        assert await found("1f0") == [runs[2], runs[1], runs[0]]
        assert await found("1f0", limit=2) == [runs[2], runs[1]]
        assert await found("1F0C", "orders", "edge") == [runs[1], runs[0]]
        assert await found("c_2") == [runs[0]]
        assert await found("c%2") == []
        assert await found("s/ff") == [runs[2]]
        assert await found("orders") == []
        assert await found("") == runs[::-1]

    async def test_forgets_fine_widths_first(self, rollups: Rollups) -> None:
        await rollups.add(count(numbered(noted("run.started", DAY))), after=0)
        for width, kept in KEEP.items():
            last = DAY + kept.total_seconds()
            assert await rollups.prune(last) == 0
            assert await rollups.read(width, since=DAY, until=DAY + 1) != {}
            assert await rollups.prune(last + 1) == 1
            assert await rollups.read(width, since=DAY, until=DAY + 1) == {}
        assert await rollups.builds() == []
        assert await rollups.find_runs("", limit=10) == []
        assert await rollups.place() == 1


@pytest.mark.asyncio
class SharedRollupsConformance(RollupsConformance):
    """What rollups also do for several processes."""

    async def test_several_may_count_one_journal(self, rollups: Rollups, other: Rollups) -> None:
        journal = MemoryJournal()
        counters = [RollupCounter(journal, place, batch=7) for place in (rollups, other, rollups)]

        async def advance(counter: RollupCounter) -> None:
            while await counter.advance():
                pass

        for start in range(0, 300, 100):
            entries = [noted("run.started", DAY + start + n) for n in range(100)]
            await journal.append(entries)
            await asyncio.gather(*(advance(counter) for counter in counters))
        (tally,) = (await other.read(86400, since=DAY, until=DAY + 1)).values()
        assert tally.started == 300
        assert await other.place() == await journal.last_seq()
