"""The providers of the journal, each against what every journal must do."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from wistro.stores import Journal, memory, open_journal, sqlite_journal
from wistro.stores.conformance_journal import JournalConformance, SharedJournalConformance
from wistro.stores.journal import JournalEntry, JournalFilter


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


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_a_page_looks_only_so_far_back(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (memory, sqlite_journal):
        monkeypatch.setattr(module, "LOOKED_THROUGH", 3)
    journal = await open_journal(kind, tmp_path / "journal.db")
    await journal.append(
        [
            JournalEntry(kind="log", project="shop", at=time.time(), run_id="7", message=f"no {n}")
            for n in range(8)
        ]
    )
    wanted = JournalFilter(text="no 0")
    pages = [page := await journal.back(wanted)]
    while page.next is not None:
        pages.append(page := await journal.back(wanted, before_seq=page.next))
    assert [len(page.entries) for page in pages] == [0, 0, 1]
    await journal.close()
