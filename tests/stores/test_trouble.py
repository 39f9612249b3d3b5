"""Stores in trouble: full disks, locked, damaged, deleted and newer files, and addresses that are wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from wistro.errors import SetupError, StoreError
from wistro.stores import JournalEntry, StateStore, open_journal, open_state, sqlite_file
from wistro.stores import file as file_store


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], capture_output=True, check=False
    )
    if mount.returncode:
        pytest.skip("only root may mount a small disk; the limit on file sizes is tested anyway")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


async def unavailable(attempt: object) -> StoreError:
    with pytest.raises(StoreError) as caught:
        await attempt  # pyright: ignore[reportGeneralTypeIssues]
    assert (caught.value.code, caught.value.retryable) == ("store_unavailable", True)
    assert caught.value.hint
    return caught.value


async def fill(store: StateStore) -> list[str]:
    """Write until the disk is full; returns the keys that were acknowledged."""
    for number in range(100):
        writing = store.set("group", f"{number:03}", "x" * 50_000)
        (result,) = await asyncio.gather(writing, return_exceptions=True)
        if isinstance(result, StoreError):
            assert (result.code, result.retryable) == ("store_unavailable", True)
            assert "nothing was changed" in result.message
            return [f"{written:03}" for written in range(number)]
        assert not isinstance(result, BaseException)
    raise AssertionError("the disk took five megabytes")


@pytest.mark.parametrize("adapter", ["sqlite", "file"])
async def test_a_full_disk_loses_nothing_and_mends(adapter: str, small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(b"0" * 300_000)
    store = await open_state(adapter, small_disk / "state")
    keys = await fill(store)
    assert keys
    assert [entry.key for entry in (await store.list("group")).items] == keys
    (small_disk / "ballast").unlink()
    await store.set("group", "after", 1)
    await store.close()
    again = await open_state(adapter, small_disk / "state")
    assert [entry.key for entry in (await again.list("group")).items] == [*keys, "after"]
    await again.close()


async def test_a_full_disk_does_not_fail_the_neighbours_for_ever(small_disk: Path) -> None:
    store = await open_state("sqlite", small_disk / "state")
    sizes = [20_000] * 10 + [900_000] + [20_000] * 10
    results = await asyncio.gather(
        *(store.set("group", f"{n}", "x" * size) for n, size in enumerate(sizes)),
        return_exceptions=True,
    )
    for number, result in enumerate(results):
        if isinstance(result, StoreError):
            assert result.code == "store_unavailable"
            assert await store.get("group", f"{number}") is None
            if sizes[number] < 900_000:
                await store.set("group", f"{number}", "again")
        else:
            assert not isinstance(result, BaseException)
            assert await store.get("group", f"{number}") == result
    assert isinstance(results[10], StoreError)
    await store.close()


async def test_a_journal_on_a_full_disk(small_disk: Path) -> None:
    journal = await open_journal("sqlite", small_disk / "journal")
    entry = JournalEntry(kind="log", project="shop", at=1.0, message="x" * 10_000)
    results = [
        await asyncio.gather(journal.append([entry] * 5), return_exceptions=True) for _ in range(40)
    ]
    appended = [result for result in results if result == [None]]
    assert len(await journal.read()) == 5 * len(appended) < 200
    with pytest.raises(StoreError, match="is full") as caught:
        await journal.append([entry] * 5)
    assert caught.value.retryable
    await journal.close()


@pytest.mark.parametrize("adapter", ["sqlite", "file"])
def test_a_limit_on_file_sizes(adapter: str, tmp_path: Path) -> None:
    """As a full disk, for machines where nobody may mount one; in a process of its own."""
    program = f"""
import asyncio, resource
from wistro.errors import StoreError
from wistro.stores import open_state
async def main():
    store = await open_state({adapter!r}, {str(tmp_path / "state")!r})
    await store.set("group", "small", 1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, -1))
    try:
        await store.set("group", "large", "x" * 500_000)
    except StoreError as error:
        print(error.code)
    print((await store.get("group", "small")).value, await store.get("group", "large"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, -1))
    await store.set("group", "large", "x" * 500_000)
    await store.close()
asyncio.run(main())
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.split(), done.returncode) == (
        ["store_unavailable", "1", "None"],
        0,
    ), done.stderr


class TestSqliteFiles:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "state.db"

    async def test_only_the_owner_may_read(self, path: Path) -> None:
        store = await open_state("sqlite", path)
        await store.set("group", "key", 1)
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
        await store.close()

    async def test_locked_by_another(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0.1)
        store = await open_state("sqlite", path)
        await store.set("group", "key", 1)
        with sqlite3.connect(path, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            error = await unavailable(store.set("group", "key", 2))
            assert "locked by another process" in error.message
            assert str(path) in error.message
            entry = await store.get("group", "key")
            assert entry
            assert entry.value == 1
            other.execute("ROLLBACK")
        other.close()
        await store.set("group", "key", 2)
        await store.close()

    async def test_deleted_while_in_use(self, path: Path) -> None:
        store = await open_state("sqlite", path)
        path.unlink()
        error = await unavailable(store.set("group", "key", 1))
        assert "deleted or replaced" in error.message
        await store.close()

    @pytest.mark.parametrize("content", [b"this is no database" * 100])
    async def test_not_a_database(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        error = await unavailable(open_state("sqlite", path))
        assert "not an SQLite file" in error.message
        assert path.read_bytes() == content

    async def test_damaged(self, path: Path) -> None:
        store = await open_state("sqlite", path)
        for number in range(50):
            await store.set("group", f"{number}", "x" * 3000)
        await store.close()
        content = bytearray(path.read_bytes())
        content[4096:] = b"\xff" * (len(content) - 4096)
        path.write_bytes(content)
        error = await unavailable(open_state("sqlite", path))
        assert "damaged" in error.message

    @pytest.mark.parametrize("place", ["a file/state.db", "folder"])
    async def test_a_place_where_no_file_can_be(self, tmp_path: Path, place: str) -> None:
        (tmp_path / "a file").touch()
        (tmp_path / "folder").mkdir()
        await unavailable(open_state("sqlite", tmp_path / place))

    async def test_written_by_a_later_version(self, path: Path) -> None:
        await (await open_state("sqlite", path)).close()
        with sqlite3.connect(path) as db:
            db.execute("UPDATE wistro_schema SET version = 99")
        db.close()
        with pytest.raises(StoreError, match="version 99") as caught:
            await open_state("sqlite", path)
        assert (caught.value.code, caught.value.retryable) == ("store_too_new", False)

    async def test_state_and_journal_share_a_file(self, path: Path) -> None:
        journal, store = await asyncio.gather(
            open_journal("sqlite", path), open_state("sqlite", path)
        )
        entry = JournalEntry(kind="log", project="shop", at=1.0)
        await asyncio.gather(
            *(store.increment("group", "key") for _ in range(50)),
            *(journal.append([entry]) for _ in range(50)),
        )
        assert len(await journal.read()) == 50
        assert await store.increment("group", "key") == 51
        await store.close()
        await journal.close()

    async def test_a_process_that_leaves_takes_nothing_along(self, path: Path) -> None:
        state, journal = await open_state("sqlite", path), await open_journal("sqlite", path)
        look = (
            "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]);"
            "print(db.execute('SELECT count(*) FROM journal').fetchone()[0]); db.close()"
        )

        def count() -> str:
            return subprocess.check_output([sys.executable, "-c", look, path], text=True).strip()

        assert count() == "0"  # with the last lock on the file it would have deleted the WAL
        await journal.append([JournalEntry(at=0, project="p", kind="log")])
        assert count() == "1"
        await state.close()
        await journal.close()

    async def test_many_open_a_new_file_at_once(self, path: Path) -> None:
        stores = await asyncio.gather(*(open_state("sqlite", path) for _ in range(10)))
        totals = await asyncio.gather(*(store.increment("group", "key") for store in stores))
        assert sorted(totals) == list(range(1, 11))
        for store in stores:
            await store.close()

    async def test_one_failing_write_does_not_undo_its_neighbours(self, path: Path) -> None:
        store = await open_state("sqlite", path)
        await store.set("group", "text", "no number")
        results = await asyncio.gather(
            store.set("group", "before", 1),
            store.increment("group", "text"),
            store.set("group", "after", 1),
            return_exceptions=True,
        )
        assert [isinstance(result, StoreError) for result in results] == [False, True, False]
        assert [entry.key for entry in (await store.list("group")).items] == [
            "after",
            "before",
            "text",
        ]
        await store.close()

    async def test_closed(self, path: Path) -> None:
        store = await open_state("sqlite", path)
        await store.close()
        with pytest.raises(StoreError, match="closed") as caught:
            await store.get("group", "key")
        assert caught.value.code == "store_closed"


class TestFiles:
    async def test_are_for_people(self, tmp_path: Path) -> None:
        store = await open_state("file", tmp_path)
        await store.set("Café orders/1", "é", {"total": 7})
        (file,) = tmp_path.glob("*.json")
        assert file.name.startswith("caf-orders-1-")
        assert '"é"' in file.read_text(encoding="utf-8")
        # Edited by hand, the change is seen.
        file.write_text(file.read_text(encoding="utf-8").replace("7", "8"), encoding="utf-8")
        entry = await store.get("Café orders/1", "é")
        assert entry
        assert entry.value == {"total": 8}
        await store.close()

    async def test_a_damaged_one_is_named_and_left_alone(self, tmp_path: Path) -> None:
        store = await open_state("file", tmp_path)
        await store.set("group", "key", 1)
        await store.set("other", "key", 1)
        file = next(tmp_path.glob("group-*.json"))
        for content in ("{ half a", "[]", '{"format": 1}', "\x00"):
            file.write_text(content)
            error = await unavailable(store.set("group", "key", 2))
            assert file.name in error.message
            assert file.read_text() == content
        assert await store.get("other", "key")
        await store.close()

    async def test_a_later_format_is_refused(self, tmp_path: Path) -> None:
        store = await open_state("file", tmp_path)
        await store.set("group", "key", 1)
        file = next(tmp_path.glob("group-*.json"))
        file.write_text(file.read_text().replace('"format": 1', '"format": 2'))
        with pytest.raises(StoreError, match="format 2") as caught:
            await store.get("group", "key")
        assert caught.value.code == "store_too_new"
        await store.close()

    async def test_a_stopped_process_holds_the_lock_only_so_long(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(file_store, "_LOCK_SECONDS", 0.1)
        store = await open_state("file", tmp_path)
        await store.set("group", "key", 1)
        program = "import fcntl,sys,time; f=open(sys.argv[1]); fcntl.flock(f,2); print(1,flush=True); time.sleep(60)"
        with subprocess.Popen(
            [sys.executable, "-c", program, tmp_path / ".lock"], stdout=subprocess.PIPE
        ) as holder:
            assert holder.stdout
            holder.stdout.readline()
            error = await unavailable(store.set("group", "key", 2))
            assert "locked by another process" in error.message
            holder.send_signal(signal.SIGKILL)
        await store.set("group", "key", 2)
        await store.close()


class TestOpening:
    async def test_an_adapter_of_ones_own(self) -> None:
        store = await open_state(f"{__name__}:open_mine", "mine://place")
        assert await store.increment("group", "key") == 1

    @pytest.mark.parametrize("adapter", ["postgres", "no.such:module", "wistro.stores:nothing"])
    async def test_unknown(self, adapter: str) -> None:
        with pytest.raises(SetupError, match=f"`{adapter}`") as caught:
            await open_state(adapter)
        assert caught.value.code == "unknown_adapter"
        assert caught.value.hint

    async def test_unknown_for_the_journal(self) -> None:
        with pytest.raises(SetupError, match=r"`file`.*`memory`, `sqlite`"):
            await open_journal("file")

    async def test_the_bound_on_values_can_be_chosen(self, tmp_path: Path) -> None:
        for adapter in ("memory", "file", "sqlite"):
            store = await open_state(adapter, tmp_path / adapter, max_value_bytes=10)
            await store.set("group", "key", "12345678")
            with pytest.raises(StoreError, match="11 bytes of JSON; the limit is 10"):
                await store.set("group", "key", "123456789")
            await store.close()


async def open_mine(address: str, max_value_bytes: int) -> StateStore:
    assert address == "mine://place"
    return await open_state("memory", max_value_bytes=max_value_bytes)
