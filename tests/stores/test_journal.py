"""The providers of the journal, each against what every journal must do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from wistro.stores import Journal, open_journal
from wistro.stores.conformance_journal import JournalConformance, SharedJournalConformance


class TestMemory(JournalConformance):
    @pytest.fixture
    async def journal(self) -> AsyncIterator[Journal]:
        journal = await open_journal("memory")
        yield journal
        await journal.close()


class TestSqlite(SharedJournalConformance):
    @pytest.fixture
    async def journal(self, tmp_path: Path) -> AsyncIterator[Journal]:
        journal = await open_journal("sqlite", tmp_path / "journal.db")
        yield journal
        await journal.close()

    @pytest.fixture
    async def other(self, journal: Journal, tmp_path: Path) -> AsyncIterator[Journal]:
        journal = await open_journal("sqlite", tmp_path / "journal.db")
        yield journal
        await journal.close()
