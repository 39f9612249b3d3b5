"""Fixtures of streams: a store in a file, and a server of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.streams.serving import Client, client_of, make_server, streams_at
from wistro.stores import StreamStore, open_streams


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[StreamStore]:
    store = await open_streams("sqlite", tmp_path / "wistro.db")
    yield store
    await store.close()


@pytest.fixture
async def url(store: StreamStore) -> AsyncIterator[str]:
    async with streams_at(make_server(store)) as url:
        yield url


@pytest.fixture
async def client(url: str) -> AsyncIterator[Client]:
    async with client_of(url) as client:
        yield client
