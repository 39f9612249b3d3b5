"""The buffered journal: batches, outages, what is dropped and what is not, and the end."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

import pytest

from tests.stores.serving import application, client, mint, serving
from wistro.errors import StoreError
from wistro.stores import JournalEntry
from wistro.stores.buffer import JournalBuffer
from wistro.stores.memory import MemoryJournal, MemoryState
from wistro.stores.remote import RemoteJournal

RUN = "1" * 32


def noted(message: str, *, kind: str = "log", run_id: str = RUN) -> JournalEntry:
    return JournalEntry(
        kind=kind, project="shop", at=time.time(), flow="orders", run_id=run_id, message=message
    )


class Unsteady(MemoryJournal):
    """A journal that can be away."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.batches: list[int] = []

    async def append(self, entries: Sequence[JournalEntry], /) -> None:
        if self.away:
            raise StoreError("the journal is out", code="store_unavailable")
        self.batches.append(len(entries))
        await super().append(entries)

    async def messages(self) -> list[str]:
        return [entry.message for entry in await self.read(limit=10_000)]


async def emptied(buffer: JournalBuffer) -> None:
    async with asyncio.timeout(10):
        while len(buffer):
            await asyncio.sleep(0.01)


async def test_appends_in_batches_and_in_order() -> None:
    journal = Unsteady()
    async with JournalBuffer(journal, batch=100) as buffer:
        for number in range(250):
            buffer.append(noted(f"{number}"))
        await emptied(buffer)
    assert await journal.messages() == [f"{number}" for number in range(250)]
    assert journal.batches == [100, 100, 50]
    assert buffer.dropped == 0


async def test_a_few_entries_wait_only_a_moment() -> None:
    journal = Unsteady()
    async with JournalBuffer(journal) as buffer:
        buffer.append(noted("1"))
        await asyncio.sleep(0.01)
        buffer.append(noted("2"))
        await emptied(buffer)
    assert journal.batches == [2]


async def test_threads_may_append() -> None:
    journal = Unsteady()
    async with JournalBuffer(journal, batch=7) as buffer:
        threads = [
            threading.Thread(target=lambda: [buffer.append(noted(f"{n}")) for n in range(500)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            await asyncio.sleep(0.01)
    assert sorted(await journal.messages()) == sorted([f"{n}" for n in range(500)] * 4)


async def test_entries_before_the_start_are_kept() -> None:
    journal = Unsteady()
    buffer = JournalBuffer(journal)
    buffer.append(noted("early"))
    buffer.start()
    await buffer.close()
    assert await journal.messages() == ["early"]


async def test_an_outage_drops_the_oldest_lines_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    journal = Unsteady()
    journal.away = True
    async with JournalBuffer(journal, capacity=10) as buffer:
        for number in range(20):
            buffer.append(noted(f"{number}", kind="log" if number % 4 else "run.started"))
        assert len(buffer) == 10
        assert buffer.dropped == 10
        await asyncio.sleep(0.3)
        journal.away = False
        await emptied(buffer)
    kept = await journal.messages()
    assert kept == ["0", "4", "8", "12", "14", "15", "16", "17", "18", "19"]
    complaint, return_ = caplog.messages
    assert "the journal is out" in complaint
    assert "10 entries wait, 10 were lost" in complaint
    assert "is back" in return_
    assert "10 entries were lost" in return_


async def test_without_lines_the_oldest_entry_is_dropped() -> None:
    journal = Unsteady()
    journal.away = True
    buffer = JournalBuffer(journal, capacity=3)
    for number in range(5):
        buffer.append(noted(f"{number}", kind="run.started"))
    journal.away = False
    buffer.start()
    await buffer.close()
    assert await journal.messages() == ["2", "3", "4"]


async def test_what_is_refused_does_not_hold_up_the_rest(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Picky(Unsteady):
        async def append(self, entries: Sequence[JournalEntry], /) -> None:
            if entries[0].message == "bad":
                raise StoreError("bad entry", code="invalid", retryable=False)
            if entries[0].message == "worse":
                raise ZeroDivisionError("a mistake in the sink")
            await super().append(entries)

    journal = Picky()
    async with JournalBuffer(journal, batch=1) as buffer:
        for message in ("bad", "worse", "good"):
            buffer.append(noted(message))
    assert await journal.messages() == ["good"]
    assert buffer.dropped == 2
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert "bad entry" in caplog.messages[0]


async def test_closing_has_a_deadline_and_counts_what_is_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    journal = Unsteady()
    journal.away = True
    buffer = JournalBuffer(journal)
    buffer.start()
    for number in range(7):
        buffer.append(noted(f"{number}"))
    async with asyncio.timeout(30):
        await buffer.close(timedelta(milliseconds=200))
    assert buffer.dropped == 7
    assert "7 journal entries were lost" in caplog.messages[-1]
    buffer.append(noted("too late"))
    assert buffer.dropped == 8


async def test_many_runs_share_a_request_to_the_worker_api(
    caplog: pytest.LogCaptureFixture,
) -> None:
    journal = MemoryJournal()
    minted: list[str] = []

    def tokens(flow: str, run_id: str) -> str:
        minted.append(run_id)
        return "nonsense" if run_id == "bad" else mint(flow, run_id)

    async with serving(application(MemoryState(), journal)) as address, client() as http:
        sink = RemoteJournal(address, tokens, http)
        async with JournalBuffer(sink) as buffer:
            for number in range(100):
                buffer.append(noted(f"{number}", run_id=f"{number % 3}"))
            buffer.append(noted("never shown", run_id="bad"))
        entries = await journal.read()
        assert [(entry.run_id, entry.flow, entry.project) for entry in entries[:1]] == [
            ("0", "orders", "shop")
        ]
        for run in range(3):
            said = [entry.message for entry in entries if entry.run_id == f"{run}"]
            assert said == [f"{number}" for number in range(run, 100, 3)]
        assert len(entries) == 100
        assert sorted(minted) == ["0", "1", "2", "bad"]
        assert sink.refused == 1
        assert "1 journal entries were refused" in caplog.text


async def test_large_entries_take_several_requests() -> None:
    journal = MemoryJournal()
    async with serving(application(MemoryState(), journal)) as address, client() as http:
        sink = RemoteJournal(address, mint, http)
        large = JournalEntry(
            kind="log",
            project="shop",
            at=1.0,
            flow="orders",
            run_id=RUN,
            message="🚀" * 20_000,
            fields={"much": "é" * 30_000},
        )
        await sink.append([large] * 40)
        await sink.append([noted(f"{n}") for n in range(2500)])
        assert await journal.last_seq() == 2540
        with pytest.raises(StoreError, match="belongs to a run"):
            await sink.append([JournalEntry(kind="log", project="shop", at=1.0)])


async def test_an_outage_of_the_worker_api() -> None:
    journal = MemoryJournal()
    app = application(MemoryState(), journal)
    async with client() as http:
        async with serving(app) as address:
            buffer = JournalBuffer(RemoteJournal(address, mint, http))
            buffer.start()
            buffer.append(noted("before"))
            await emptied(buffer)
        buffer.append(noted("while it is away"))
        await asyncio.sleep(0.3)
        assert len(buffer) == 1
        async with serving(app, int(address.rpartition(":")[2])):
            await emptied(buffer)
            await buffer.close()
    assert [entry.message for entry in await journal.read()] == ["before", "while it is away"]
