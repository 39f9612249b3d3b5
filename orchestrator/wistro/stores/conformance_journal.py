"""What every journal must do, as tests: subclass and give a fixture `journal`.

A journal that processes share is a `SharedJournalConformance` and also gives `other`: the same journal,
opened a second time.
"""

# ruff: noqa: D102 the names of tests say what they test

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

import pytest

from wistro.errors import StoreError
from wistro.stores.journal import (
    MAX_FIELDS_BYTES,
    MAX_MESSAGE,
    Journal,
    JournalEntry,
    JournalFilter,
    Level,
)


def line(message: str = "", *, run_id: str = "run 1", level: Level = "info") -> JournalEntry:
    """A line that a handler logged."""
    return JournalEntry(
        kind="log", project="shop", at=time.time(), run_id=run_id, message=message, level=level
    )


@pytest.mark.asyncio
class JournalConformance:
    """What a journal does for one process."""

    async def test_keeps_entries_as_they_are(self, journal: Journal) -> None:
        entry = JournalEntry(
            kind="delivery.failed",
            project="shop",
            at=1234.5,
            flow="orders",
            run_id="run 1",
            delivery_id="d7",
            step="charge",
            attempt=2,
            level="error",
            message="Declinéd 🚀",
            fields={"code": "x", "nested": [1, None, {"a": True}]},
        )
        await journal.append([entry, JournalEntry(kind="log", project="shop", at=1.0)])
        first, second = await journal.read()
        assert first == replace(entry, seq=first.seq)
        assert second.seq > first.seq > 0
        assert (second.flow, second.run_id, second.attempt, second.fields) == (None, None, None, {})
        assert await journal.last_seq() == second.seq

    async def test_an_empty_journal(self, journal: Journal) -> None:
        await journal.append([])
        assert await journal.read() == []
        assert await journal.read(newest=True) == []
        assert await journal.last_seq() == 0
        assert await journal.prune(timedelta(0)) == 0

    async def test_reads_on_and_reads_the_newest(self, journal: Journal) -> None:
        await journal.append([line(f"{number}") for number in range(10)])
        first = await journal.read(limit=4)
        rest = await journal.read(after_seq=first[-1].seq, limit=100)
        assert [entry.message for entry in (*first, *rest)] == [f"{n}" for n in range(10)]
        newest = await journal.read(newest=True, limit=3)
        assert [entry.message for entry in newest] == ["7", "8", "9"]
        assert await journal.read(newest=True, limit=3, after_seq=newest[-1].seq) == []

    async def test_filters(self, journal: Journal) -> None:
        def noted(
            kind: str, flow: str, run_id: str, step: str | None, level: Level
        ) -> JournalEntry:
            return JournalEntry(
                kind=kind, project="shop", at=1.0, flow=flow, run_id=run_id, step=step, level=level
            )

        entries = [
            noted("run.started", "orders", "1", None, "info"),
            noted("log", "orders", "1", "charge", "debug"),
            noted("log", "orders", "1", "ship", "warn"),
            noted("log", "returns", "2", "charge", "error"),
            noted("run.failed", "returns", "2", None, "error"),
        ]
        await journal.append(entries)
        for wanted, places in (
            (JournalFilter(run_id="1"), [0, 1, 2]),
            (JournalFilter(flow="returns"), [3, 4]),
            (JournalFilter(step="charge"), [1, 3]),
            (JournalFilter(step="charge", run_id="2"), [3]),
            (JournalFilter(kinds=["run.started", "run.failed"]), [0, 4]),
            (JournalFilter(level="warn"), [2, 3, 4]),
            (JournalFilter(level="debug"), [0, 1, 2, 3, 4]),
            (JournalFilter(delivery_id="none has it"), []),
        ):
            found = await journal.read(wanted)
            assert [replace(entry, seq=0) for entry in found] == [entries[n] for n in places]
            assert await journal.read(wanted, newest=True) == found

    async def test_reads_back_page_by_page(self, journal: Journal) -> None:
        await journal.append([line(f"{number}", run_id=f"{number % 2}") for number in range(10)])
        first = await journal.back(limit=4)
        assert [entry.message for entry in first.entries] == ["9", "8", "7", "6"]
        assert first.next == first.entries[-1].seq
        rest = await journal.back(before_seq=first.next)
        assert [entry.message for entry in rest.entries] == [f"{n}" for n in range(5, -1, -1)]
        assert rest.next is None
        odd = await journal.back(JournalFilter(run_id="1"), limit=2)
        assert [entry.message for entry in odd.entries] == ["9", "7"]
        later = await journal.back(JournalFilter(run_id="1"), before_seq=odd.next)
        assert [entry.message for entry in later.entries] == ["5", "3", "1"]

    async def test_finds_text(self, journal: Journal) -> None:
        entries = [
            replace(line("The Card was declined"), fields={"customer": "Zoë", "share": "50%"}),
            replace(line("nothing"), fields={"under_score": True}),
        ]
        await journal.append(entries)
        for text, places in (
            ("card WAS", [0]),
            ("zoë", [0]),
            ("0%", [0]),
            ("50_", []),
            ("under_s", [1]),
            ('"customer"', [0]),
            ("\\", []),
            ("none of them", []),
        ):
            wanted = JournalFilter(text=text)
            assert [e.message for e in await journal.read(wanted)] == [
                entries[place].message for place in places
            ]
            assert all(wanted.accepts(entries[place]) for place in places)

    @pytest.mark.parametrize("limit", [0, 10_001])
    async def test_refuses_a_read_without_bound(self, journal: Journal, limit: int) -> None:
        with pytest.raises(StoreError, match="`limit`"):
            await journal.read(limit=limit)

    async def test_what_is_too_large_is_cut_and_says_so(self, journal: Journal) -> None:
        entry = JournalEntry(
            kind="log",
            project="shop",
            at=1.0,
            message="x" * (MAX_MESSAGE + 1),
            fields={"much": "y" * MAX_FIELDS_BYTES},
        )
        await journal.append([entry])
        (kept,) = await journal.read()
        assert kept.message.startswith("xxx")
        assert kept.message.endswith(f"({MAX_MESSAGE + 1:,} characters)")
        assert "65,536" in str(kept.fields["omitted"])

    async def test_what_is_not_json_is_shown_somehow(self, journal: Journal) -> None:
        circle: dict[str, object] = {}
        circle["self"] = circle
        await journal.append(
            [
                JournalEntry(kind="log", project="shop", at=1.0, fields={"when": timedelta(1)}),
                JournalEntry(kind="log", project="shop", at=1.0, fields=circle),
                JournalEntry(kind="log", project="shop", at=1.0, message="\ud800"),
            ]
        )
        first, second, third = await journal.read()
        assert "timedelta" in str(first.fields["when"])
        assert "omitted" in second.fields
        assert third.message == "?"

    async def test_prunes_what_is_old_and_goes_on_counting(self, journal: Journal) -> None:
        old = JournalEntry(kind="log", project="shop", at=time.time() - 7200, message="old")
        await journal.append([old, line("new"), old])
        last = await journal.last_seq()
        assert await journal.prune(timedelta(hours=1)) == 2
        assert [entry.message for entry in await journal.read()] == ["new"]
        assert await journal.prune(timedelta(0)) == 1
        assert await journal.last_seq() == last
        await journal.append([line("later")])
        (later,) = await journal.read()
        assert later.seq > last

    async def test_tails_wake_on_an_append(self, journal: Journal) -> None:
        await journal.append([line("before")])
        async with aclosing(journal.tail()) as entries:
            upcoming = asyncio.ensure_future(anext(entries))
            await asyncio.sleep(0.02)
            await journal.append([line("first"), line("second")])
            assert (await asyncio.wait_for(upcoming, 5)).message == "first"
            assert (await asyncio.wait_for(anext(entries), 5)).message == "second"

    async def test_a_tail_from_a_place_misses_and_repeats_nothing(self, journal: Journal) -> None:
        wanted = JournalFilter(run_id="run 1")
        await journal.append([line("0"), line(run_id="another"), line("1")])
        first = (await journal.read(wanted, limit=1))[0]

        async def write() -> None:
            for number in range(2, 1200, 3):
                await journal.append([line(f"{number + offset}") for offset in range(3)])
                await journal.append([line(run_id="another")])

        seen: list[str] = []
        async with aclosing(journal.tail(wanted, after_seq=first.seq)) as entries:
            writer = asyncio.create_task(write())
            async for entry in entries:
                seen.append(entry.message)
                if entry.message == "1199":
                    break
            await writer
        assert seen == [f"{number}" for number in range(1, 1200)]

    async def test_tails_end_when_the_journal_closes(self, journal: Journal) -> None:
        async def follow() -> list[JournalEntry]:
            async with aclosing(journal.tail(after_seq=0)) as entries:
                return [entry async for entry in entries]

        tails = [asyncio.create_task(follow()) for _ in range(3)]
        await journal.append([line("only")])
        await asyncio.sleep(0.05)
        await journal.close()
        for found in await asyncio.wait_for(asyncio.gather(*tails), 5):
            assert [entry.message for entry in found] == ["only"]


@pytest.mark.asyncio
class SharedJournalConformance(JournalConformance):
    """What a journal also does for several processes."""

    async def test_a_tail_sees_what_others_append(self, journal: Journal, other: Journal) -> None:
        async with aclosing(journal.tail()) as entries:
            upcoming = asyncio.ensure_future(anext(entries))
            await asyncio.sleep(0.02)
            await other.append([line("from elsewhere")])
            started = time.monotonic()
            assert (await asyncio.wait_for(upcoming, 5)).message == "from elsewhere"
            assert time.monotonic() - started < 2

    async def test_writers_share_it(self, journal: Journal, other: Journal) -> None:
        await asyncio.gather(
            *(place.append([line("x")] * 3) for place in (journal, other) for _ in range(20))
        )
        found = await journal.read()
        assert len(found) == 120
        assert sorted({entry.seq for entry in found}) == [entry.seq for entry in found]
