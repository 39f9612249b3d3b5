"""Every inbox does what an inbox must, and a large one is quick."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from wistro.errors import StoreError
from wistro.stores.conformance_inbox import InboxConformance, a_task
from wistro.stores.inbox import InboxFilter, InboxStore, Person
from wistro.stores.memory_inbox import MemoryInbox
from wistro.stores.registry import open_inbox
from wistro.stores.remote_inbox import RemoteInbox
from wistro.stores.worker_client import WORKER_API
from wistro_codec import RunToken
from wistro_triggers.inbox_worker_api import inbox_worker_api


class TestMemoryInbox(InboxConformance):
    """In memory."""

    @pytest.fixture
    def inbox(self) -> InboxStore:
        """An empty one."""
        return MemoryInbox()


class TestSqliteInbox(InboxConformance):
    """In a file."""

    @pytest_asyncio.fixture
    async def inbox(self, tmp_path: Path) -> AsyncIterator[InboxStore]:
        """An empty one."""
        inbox = await open_inbox("sqlite", tmp_path / "wistro.db")
        yield inbox
        await inbox.close()


MANY = 100_000


@pytest_asyncio.fixture
async def crowded(tmp_path: Path) -> AsyncIterator[InboxStore]:
    """An inbox of very many tasks: a hundred are Anna's, a thousand are of finance."""
    path = tmp_path / "wistro.db"
    await (await open_inbox("sqlite", path)).close()
    with sqlite3.connect(path) as db:
        tasks = (
            (
                f"{n:016x}",
                "orders" if n % 10 else "refunds",
                f"run{n}",
                n,
                n + 50.0,
                None if n % 2 else 5.0,
            )
            for n in range(MANY)
        )
        db.executemany(
            "INSERT INTO inbox_tasks (id, flow, run_id, delivery_id, step, name, assignees, roles,"
            " opened_at, due_at, escalated, votes, revision, closed_at)"
            " VALUES (?, ?, ?, 'd', 's', 'Approve', '[]', '[]', ?, ?, 0, 0, 1, ?)",
            tasks,
        )
        for word, every in (("p:anna", 1000), ("r:finance", 100), ("p:others", 1)):
            db.execute(
                "INSERT INTO inbox_holders SELECT ?, open, opened_at, id FROM inbox_tasks"
                " WHERE CAST(opened_at AS INTEGER) % ? = 1 % ?",
                (word, every, every),
            )
    inbox = await open_inbox("sqlite", path)
    yield inbox
    await inbox.close()


@pytest.mark.asyncio
@pytest.mark.slow
async def test_a_large_inbox_is_quick(crowded: InboxStore) -> None:
    anna = Person(by="anna", roles=frozenset({"finance"}))
    wanted = [
        InboxFilter(),
        InboxFilter(person=anna),
        InboxFilter(person=Person(by="others")),
        InboxFilter(person=anna, flow="orders"),
        InboxFilter(assignee="anna", person=anna),
        InboxFilter(flow="refunds"),
        InboxFilter(status="closed", flow="refunds"),
        InboxFilter(status="all"),
        InboxFilter(due_before=500.0),
        InboxFilter(text="run99999"),
    ]
    for each in wanted:
        begun = time.perf_counter()
        await crowded.list(each, limit=50)
        taken = time.perf_counter() - begun
        assert taken < 0.5, (each, taken)


@pytest.mark.asyncio
async def test_over_the_worker_api_a_run_shows_its_own_tasks_only() -> None:
    inbox, app = MemoryInbox(), FastAPI()
    claims = RunToken(flow="orders", run_id="run1", tenant="default", expires_at=0)
    app.include_router(inbox_worker_api(inbox=inbox, verify=lambda _: claims), prefix=WORKER_API)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport) as client:
        remote = RemoteInbox("http://triggers", lambda _, __: "token", client)
        task = a_task(1, assignees=("anna",), due_at=7.5)
        await remote.show(task)
        assert await inbox.get(task.id) == task
        with pytest.raises(StoreError) as refused:
            await remote.show(a_task(2))
        assert refused.value.code == "other_run"
