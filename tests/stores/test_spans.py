"""The providers of spans, each against what every one must do; and a process that is killed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from wistro.stores.conformance_spans import SpansConformance, a_span, trace_id
from wistro.stores.memory_spans import MemorySpans
from wistro.stores.registry import open_spans
from wistro.stores.spans import SpanStore, of_run
from wistro.stores.sqlite_spans import SqliteSpans

WRITER = """
import asyncio, sys
from pathlib import Path
from typing import Any
from wistro.stores.conformance_spans import a_span
from wistro.stores.sqlite_spans import SqliteSpans

async def write():
    store = await SqliteSpans.open(Path(sys.argv[1]))
    for trace in range(1, 100_000):
        await store.append([a_span(trace, number) for number in range(1, 11)])
        print(trace, flush=True)

asyncio.run(write())
"""


class TestMemory(SpansConformance):
    @pytest.fixture
    async def spans(self) -> SpanStore:
        return await open_spans("memory")

    @pytest.fixture
    async def small(self) -> SpanStore:
        return MemorySpans(keep=50, trace_spans=20)


class TestSqlite(SpansConformance):
    @pytest.fixture
    async def spans(self, tmp_path: Path) -> AsyncIterator[SpanStore]:
        store = await open_spans("sqlite", tmp_path / "traces.db")
        yield store
        await store.close()

    @pytest.fixture
    async def small(self, tmp_path: Path) -> AsyncIterator[SpanStore]:
        store = await SqliteSpans.open(tmp_path / "small.db", keep=50, trace_spans=20)
        yield store
        await store.close()


async def test_a_writer_that_is_killed_leaves_whole_batches(tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    written = 0
    while written < 20:
        written = int(await process.stdout.readline())
    process.kill()
    await process.wait()
    store = await SqliteSpans.open(path)
    page = await store.traces(limit=500)
    assert {trace.spans for trace in page.items} == {10}
    assert len(await store.trace(trace_id(written))) == 10
    await store.close()


def test_what_belongs_to_a_run_is_all_below_its_spans() -> None:
    mine: dict[str, Any] = {"attributes": {"wistro.flow": "orders", "wistro.run_id": "r"}}
    request, run = a_span(number=1), a_span(number=2, **mine)
    query = a_span(number=3, parent_id=run.span_id)
    called = a_span(number=4, parent_id=query.span_id)
    beside = a_span(number=5, parent_id=request.span_id)
    orphan = a_span(number=6, parent_id="f" * 16, **mine)
    spans = [request, run, query, called, beside, orphan]
    assert of_run(spans, "orders", "r") == [run, query, called, orphan]
    assert of_run(spans, "returns", "r") == []
