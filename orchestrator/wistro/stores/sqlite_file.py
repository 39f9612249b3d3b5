"""An SQLite file shared by processes: connections, transactions, migrations and errors in plain words."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, Literal, Self, TypeAlias, TypeVar

from wistro.errors import StoreError
from wistro.stores.thread import StoreThread

T = TypeVar("T")

Synchronous = Literal["FULL", "NORMAL"]
Migration: TypeAlias = Sequence[str]
"""The statements that lead from one schema version to the next."""

BUSY_SECONDS = 5.0
"""How long a write waits for those of other processes."""

_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_AWAY = {
    sqlite3.SQLITE_FULL: ("is full", "free space on its disk"),
    sqlite3.SQLITE_BUSY: (
        "is locked by another process",
        "wait, or stop the process that holds it (`fuser` names it)",
    ),
    sqlite3.SQLITE_LOCKED: ("is locked", "wait for the other operation to end"),
    sqlite3.SQLITE_IOERR: (
        "cannot be read or written",
        "check the free space and the health of its disk",
    ),
    sqlite3.SQLITE_READONLY: ("cannot be written", "let this user write the file and its folder"),
    sqlite3.SQLITE_PERM: ("may not be opened", "let this user read and write the file"),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "check that its folder exists and is writable"),
    sqlite3.SQLITE_CORRUPT: ("is damaged", "restore it from a backup, or move it away"),
    sqlite3.SQLITE_NOTADB: ("is not an SQLite file", "name another file, or move it away"),
}


class SqliteFile:
    """Reads and writes one file, on a thread and a connection for each.

    In WAL mode readers never wait for writers. Writers of all processes take turns: a write begins
    with `BEGIN IMMEDIATE`, so that what it reads cannot change before it commits. Writes that many
    tasks ask for at once share a transaction, and so the wait for the disk.
    """

    def __init__(self, path: Path, synchronous: Synchronous) -> None:
        self.path = path
        self._synchronous = synchronous
        self._identity: tuple[int, int] | None = None
        self._asked: deque[_Write[Any]] = deque()
        what = f"the store `{path}`"
        self._writes = _Connection(path, what)
        self._reads = _Connection(path, what)

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        component: str,
        migrations: Sequence[Migration],
        synchronous: Synchronous,
    ) -> Self:
        """Open or make the file and bring the component's tables up to date.

        Raises:
            StoreError: `store_unavailable`; `store_too_new` when a later Wistro wrote it.
        """
        file = cls(path, synchronous)
        try:
            await file._writes.run(lambda: file._prepare(component, migrations))
            await file._reads.run(lambda: file._reads.connect("PRAGMA query_only = ON"))
        except BaseException:
            await file.close()
            raise
        return file

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` on one snapshot of the file."""
        return await self._reads.run(lambda: _transaction(self._reads.db, "BEGIN", work))

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction; what it raises undoes it, and it alone."""
        asked = _Write(work)
        self._asked.append(asked)
        try:
            await self._writes.run(self._commit)
        except asyncio.CancelledError:
            asked.wanted = False
            raise
        if asked.error is not None:
            raise asked.error
        return asked.result

    def _commit(self) -> None:
        """Do all that was asked for until now. Called once for each write, it may find nothing left."""
        writes: list[_Write[Any]] = []
        while self._asked:
            writes.append(self._asked.popleft())
        if not any(write.wanted for write in writes):
            return
        try:
            self._check_identity()
            _transaction(
                self._writes.db, "BEGIN IMMEDIATE", lambda db: [write.run(db) for write in writes]
            )
        except (sqlite3.Error, StoreError) as error:
            for write in writes:
                write.error = _explain(self.path, error)

    async def close(self) -> None:
        """Close the connections; the last one to go folds the WAL into the file."""
        await self._reads.close()
        await self._writes.close()

    def _prepare(self, component: str, migrations: Sequence[Migration]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # State may hold what users sent: only the owner reads it. WAL and shm files follow suit.
            # A file that is there stays closed: to close it would give up the POSIX locks of all our
            # other connections to it, and the next process to leave would delete the WAL under them.
            with contextlib.suppress(FileExistsError):
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise _unavailable(self.path, f"cannot be made: {error}", "check its folder") from None
        db = self._writes.connect(f"PRAGMA synchronous = {self._synchronous}")
        _use_wal(db)
        _transaction(db, "BEGIN IMMEDIATE", lambda db: self._migrate(db, component, migrations))
        self._identity = _identity(self.path)

    def _migrate(
        self, db: sqlite3.Connection, component: str, migrations: Sequence[Migration]
    ) -> None:
        db.execute(
            "CREATE TABLE IF NOT EXISTS wistro_schema"
            " (component TEXT PRIMARY KEY, version INTEGER NOT NULL)"
        )
        row = db.execute(
            "SELECT version FROM wistro_schema WHERE component = ?", (component,)
        ).fetchone()
        version = row[0] if row else 0
        if version > len(migrations):
            raise StoreError(
                f"The {component} in `{self.path}` has version {version}; this program knows up to"
                f" {len(migrations)}",
                code="store_too_new",
                retryable=False,
                hint="a later Wistro wrote it: upgrade this one, or use another file",
            )
        for migration in migrations[version:]:
            for statement in migration:
                db.execute(statement)
        db.execute(
            "INSERT INTO wistro_schema VALUES (?, ?)"
            " ON CONFLICT (component) DO UPDATE SET version = excluded.version",
            (component, len(migrations)),
        )

    def _check_identity(self) -> None:
        # SQLite would go on writing to a file that nobody can open again.
        if _identity(self.path) != self._identity:
            raise _unavailable(
                self.path,
                "was deleted or replaced while it was in use",
                "put it back, or restart this process to begin with a new one",
            )


class _Write(Generic[T]):
    """One of the writes of a transaction."""

    def __init__(self, work: Callable[[sqlite3.Connection], T]) -> None:
        self.result: T
        self.error: Exception | None = None
        self.wanted = True
        self._work = work

    def run(self, db: sqlite3.Connection) -> None:
        """Do it, or leave no trace of it. An error of SQLite ends the whole transaction."""
        if not self.wanted:
            return
        db.execute("SAVEPOINT one")
        try:
            self.result = self._work(db)
        except sqlite3.Error:
            raise
        except Exception as error:  # noqa: BLE001 it is the caller's, and raised there
            self.error = error
            db.execute("ROLLBACK TO one")
        db.execute("RELEASE one")


class _Connection:
    """A connection and the thread that alone uses it."""

    def __init__(self, path: Path, what: str) -> None:
        self.db: sqlite3.Connection
        self._path = path
        self._thread = StoreThread("wistro-sqlite", what)

    def connect(self, pragma: str) -> sqlite3.Connection:
        self.db = sqlite3.connect(
            self._path, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False
        )
        self.db.execute(pragma)
        return self.db

    async def run(self, work: Callable[[], T]) -> T:
        try:
            return await self._thread.run(work)
        except sqlite3.Error as error:
            raise _explain(self._path, error) from None

    async def close(self) -> None:
        await self._thread.close(self._disconnect)

    def _disconnect(self) -> None:
        if hasattr(self, "db"):
            self.db.close()


def _transaction(db: sqlite3.Connection, begin: str, work: Callable[[sqlite3.Connection], T]) -> T:
    db.execute(begin)
    try:
        result = work(db)
        db.execute("COMMIT")
    except BaseException:
        # SQLite may have rolled back by itself, for example when the disk is full.
        with contextlib.suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise
    return result


def _use_wal(db: sqlite3.Connection) -> None:
    """Switch to WAL, which SQLite refuses at once, without waiting, while another process does so."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if _primary(error) not in _LOCKED or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _primary(error: sqlite3.Error) -> int:
    """The primary result code, which is the lower byte of an extended one; 0 for mistakes of ours."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _explain(path: Path, error: sqlite3.Error | StoreError) -> Exception:
    if isinstance(error, StoreError):
        return error
    found = _AWAY.get(_primary(error))
    if found is None:
        return error
    problem, hint = found
    explained = _unavailable(path, f"{problem} ({error})", hint)
    explained.__cause__ = error
    return explained


def _unavailable(path: Path, problem: str, hint: str) -> StoreError:
    return StoreError(
        f"The store `{path}` {problem}; nothing was changed",
        code="store_unavailable",
        hint=f"{hint}; the operation can be repeated",
    )
