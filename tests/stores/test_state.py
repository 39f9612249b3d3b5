"""The providers of state, each against what every store must do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.stores.serving import application, client, mint, serving
from wistro.stores import StateStore, open_journal, open_state
from wistro.stores.conformance import SharedStateConformance, StateConformance
from wistro.stores.remote import RemoteState


class TestMemory(StateConformance):
    @pytest.fixture
    async def store(self) -> AsyncIterator[StateStore]:
        store = await open_state("memory")
        yield store
        await store.close()


class TestSqlite(SharedStateConformance):
    @pytest.fixture
    def address(self, tmp_path: Path) -> tuple[str, str]:
        return "sqlite", str(tmp_path / "new folder" / "state.db")

    @pytest.fixture
    async def store(self, address: tuple[str, str]) -> AsyncIterator[StateStore]:
        store = await open_state(*address)
        yield store
        await store.close()


class TestHttp(StateConformance):
    """A worker's view: HTTP to the worker API, and SQLite behind it."""

    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[StateStore]:
        state = await open_state("sqlite", tmp_path / "state.db")
        app = application(state, await open_journal("memory"))
        async with serving(app) as address, client() as http:
            yield RemoteState(address, mint(), http)
        await state.close()


class TestFile(SharedStateConformance):
    @pytest.fixture
    def address(self, tmp_path: Path) -> tuple[str, str]:
        return "file", str(tmp_path / "new folder" / "state")

    @pytest.fixture
    async def store(self, address: tuple[str, str]) -> AsyncIterator[StateStore]:
        store = await open_state(*address)
        yield store
        await store.close()
