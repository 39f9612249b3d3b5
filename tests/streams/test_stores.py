"""The stores of streams, each against what every one must do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from wistro.errors import SetupError, StoreError
from wistro.stores import StreamStore, open_state, open_streams
from wistro.stores.atomic_stream import Keep
from wistro.stores.conformance_stream import (
    SharedStreamStoreConformance,
    StreamStoreConformance,
)
from wistro.stores.memory_stream import MemoryStreams
from wistro.stores.sqlite_stream import SqliteStreams

TEN = Keep(changes=10)


class TestMemory(StreamStoreConformance):
    @pytest.fixture
    async def streams(self) -> AsyncIterator[StreamStore]:
        streams = await open_streams("memory")
        yield streams
        await streams.close()

    @pytest.fixture
    async def few(self) -> StreamStore:
        return MemoryStreams(keep=TEN)


class TestSqlite(SharedStreamStoreConformance):
    @pytest.fixture
    async def streams(self, tmp_path: Path) -> AsyncIterator[StreamStore]:
        streams = await open_streams("sqlite", tmp_path / "streams.db")
        yield streams
        await streams.close()

    @pytest.fixture
    async def other(self, streams: StreamStore, tmp_path: Path) -> AsyncIterator[StreamStore]:
        streams = await open_streams("sqlite", tmp_path / "streams.db")
        yield streams
        await streams.close()

    @pytest.fixture
    async def few(self, tmp_path: Path) -> AsyncIterator[StreamStore]:
        streams = await SqliteStreams.open(tmp_path / "few.db", keep=TEN)
        yield streams
        await streams.close()


async def test_items_survive_and_the_count_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "wistro.db"
    first = await open_streams("sqlite", path)
    written = await first.set("chat", "room", "7", {"text": "hi"})
    await first.delete("chat", "room", "8")
    await first.close()
    again = await SqliteStreams.open(path, keep=Keep(changes=0))
    state = await open_state("sqlite", path)  # the same file
    await state.set("group", "key", 1)
    await state.close()
    assert await again.get("chat", "room", "7") == written
    assert await again.last_seq() == written.version
    assert (await again.set("chat", "room", "8", {})).version == written.version + 1
    await again.close()
    with pytest.raises(StoreError, match="closed"):
        await again.get("chat", "room", "7")


async def test_an_unknown_adapter() -> None:
    with pytest.raises(SetupError, match="`file`"):
        await open_streams("file", "x")
