"""The audit and its buffer: bounded, in order, and never in anybody's way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.access.conftest import entry
from wistro.access import ANONYMOUS, Identity
from wistro.errors import StoreError
from wistro.stores.audit import Audit, AuditEntry, AuditFilter
from wistro.stores.audit_buffer import AuditBuffer
from wistro.stores.memory_audit import MemoryAudit
from wistro.stores.registry import open_audit
from wistro.stores.sqlite_audit import _MIGRATIONS, SqliteAudit  # pyright: ignore[reportPrivateUsage]
from wistro.stores.sqlite_file import SqliteFile

KEY = Identity(kind="key", id="frontend")


@pytest.fixture(params=["memory", "sqlite"])
async def audit(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Audit]:
    audit = (
        MemoryAudit(keep=10)
        if request.param == "memory"
        else await SqliteAudit.open(tmp_path / "wistro.db", keep=10)
    )
    yield audit
    await audit.close()


async def test_the_newest_first(audit: Audit) -> None:
    await audit.append([entry(n, flow="abc"[n % 3]) for n in range(6)])
    assert [found.at for found in await audit.read()] == [1005, 1004, 1003, 1002, 1001, 1000]
    assert [found.at for found in await audit.read(AuditFilter(flow="b"))] == [1004, 1001]
    assert [found.at for found in await audit.read(AuditFilter(since=1004))] == [1005, 1004]
    first = await audit.read(limit=4)
    rest = await audit.read(before=first[-1].seq, limit=4)
    assert [found.at for found in rest] == [1001, 1000]
    assert first[0] == entry(5, flow="c", seq=first[0].seq)


async def test_bounds(audit: Audit) -> None:
    for n in range(25):
        await audit.append([entry(n)])
    assert [found.at for found in await audit.read()] == [1024 - n for n in range(10)]
    await audit.append([replace(entry(), at=time.time())])
    assert await audit.prune(timedelta(days=1)) == 9
    assert len(await audit.read()) == 1


async def test_it_outlives_its_process(tmp_path: Path) -> None:
    first = await open_audit("sqlite", tmp_path / "wistro.db")
    await first.append([entry()])
    await first.close()
    second = await open_audit("sqlite", tmp_path / "wistro.db")
    assert len(await second.read()) == 1
    await second.close()


async def test_a_flood_is_bounded_and_its_gap_is_noted(audit: Audit) -> None:
    buffer = AuditBuffer(audit, capacity=5)
    for n in range(20_000):
        buffer.refused(KEY, "call", "not_allowed", flow=f"f{n}")
    assert buffer.dropped == 20_000 - 5
    await buffer.flush()
    gap, *kept = await audit.read()
    assert (gap.action, gap.reason[:14]) == ("audit", "19995 refusals")
    assert [found.flow for found in kept] == [f"f{n}" for n in (4, 3, 2, 1, 0)]
    buffer.refused(ANONYMOUS, "call", "unauthenticated", flow="x" * 1000)
    await buffer.close()
    newest = (await audit.read(limit=1))[0]
    assert (newest.kind, newest.flow) == ("anonymous", "x" * 500)


class Broken(MemoryAudit):
    """An audit that is away at first."""

    def __init__(self, errors: Sequence[StoreError]) -> None:
        super().__init__()
        self.errors = list(errors)

    async def append(self, entries: Sequence[AuditEntry], /) -> None:
        if self.errors:
            raise self.errors.pop(0)
        await super().append(entries)


async def test_an_audit_that_is_away_for_a_while() -> None:
    audit = Broken([StoreError("locked", code="store_unavailable")])
    buffer = AuditBuffer(audit)
    buffer.refused(KEY, "call", "not_allowed", flow="a")
    await asyncio.sleep(0.3)
    buffer.refused(KEY, "call", "not_allowed", flow="b")
    await buffer.flush()
    assert [found.flow for found in await audit.read()] == ["b", "a"]


async def test_an_audit_that_stays_away_does_not_hold_up_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    buffer = AuditBuffer(Broken([StoreError("locked")] * 100))
    buffer.refused(KEY, "call", "not_allowed")
    await buffer.close(deadline=0.5)
    assert "1 entries were not noted" in caplog.text


async def test_an_audit_that_refuses() -> None:
    audit = Broken([StoreError("no", retryable=False)])
    buffer = AuditBuffer(audit)
    buffer.refused(KEY, "call", "not_allowed", flow="a")
    await buffer.flush()
    buffer.refused(KEY, "call", "not_allowed", flow="b")
    await buffer.flush()
    assert [found.flow for found in await audit.read()] == ["b"]


async def test_what_was_done_is_not_pushed_out_by_refusals(audit: Audit) -> None:
    done = replace(entry(), action="run.cancel", outcome="done", reason="", run_id="r1")
    await audit.append([done, replace(done, action="delivery.retry", outcome="failed", at=1001)])
    await audit.append([entry(n) for n in range(100)])
    assert [found.action for found in await audit.read(AuditFilter(sort="done"))] == [
        "delivery.retry",
        "run.cancel",
    ]
    assert len(await audit.read(AuditFilter(sort="refused"))) == 10
    await audit.append([done] * 50)
    assert len(await audit.read()) == 20


async def test_entries_are_found_by_what_they_are_about(audit: Audit) -> None:
    first = AuditEntry(
        at=1.0,
        kind="user",
        id="anna",
        action="delivery.retry",
        outcome="done",
        flow="orders",
        run_id="r1",
        delivery_id="d1",
        subject="charge",
    )
    await audit.append([first, replace(first, id="ben", run_id="r2", action="delivery.skip")])
    await audit.append([replace(first, action="run.cancel", flow="refunds", outcome="failed")])

    async def found(**wanted: str) -> list[tuple[str, str | None, str]]:
        entries = await audit.read(AuditFilter(**wanted))  # pyright: ignore[reportArgumentType]
        return [(each.id, each.run_id, each.action) for each in entries]

    retried, skipped = ("anna", "r1", "delivery.retry"), ("ben", "r2", "delivery.skip")
    cancelled = ("anna", "r1", "run.cancel")
    assert await found() == [cancelled, skipped, retried]
    assert await found(run_id="r1") == [cancelled, retried]
    assert await found(id="ben") == [skipped]
    assert await found(action="delivery.") == [skipped, retried]
    assert await found(action="delivery") == []
    assert await found(flow="refunds", action="run.cancel") == [cancelled]
    assert (await audit.read())[-1] == replace(first, seq=1)


async def test_a_file_of_refusals_takes_what_was_done(tmp_path: Path) -> None:
    path = tmp_path / "wistro.db"
    old = await SqliteFile.open(
        path, component="audit", migrations=_MIGRATIONS[:1], synchronous="NORMAL"
    )
    await old.write(
        lambda db: db.execute(
            "INSERT INTO audit (at, kind, id, action, flow, reason, correlation_id)"
            " VALUES (1, 'key', 'k', 'call', 'f', 'not_allowed', '')"
        )
    )
    await old.close()
    audit = await SqliteAudit.open(path)
    await audit.append([replace(entry(), outcome="done", run_id="r1")])
    done, refused = await audit.read()
    assert (done.outcome, done.run_id) == ("done", "r1")
    assert (refused.outcome, refused.sort, refused.run_id) == ("refused", "refused", None)
    await audit.close()


async def test_what_was_done_is_there_at_once_and_survives_an_audit_that_is_away() -> None:
    done = replace(entry(), outcome="done", reason="", action="run.cancel")
    audit = Broken([StoreError("locked", code="store_unavailable")])
    buffer = AuditBuffer(audit, capacity=0)
    await buffer.did(done)
    await buffer.did(replace(done, action="run.start"))
    assert [found.action for found in await audit.read()] == ["run.start"]
    await buffer.flush()
    assert [found.action for found in await audit.read()] == ["run.cancel", "run.start"]
